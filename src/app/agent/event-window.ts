// What the agent remembers for those who ask later: a bounded ring of recent flows, and the latest word on each policy,
// finding and identity. Knows nothing of sockets; the feed replays it to new subscribers, verbs and previews read it.
import { createTimeReader } from '../../core/inspect/flow-event-time.ts';
import type { LightFlow } from '../../core/inspect/light-flow.ts';
import type {
  ApiEvent,
  FindingEvent,
  FlowEvent,
  IdentityEvent,
  LostEvent,
  PolicyEvent,
} from '../../core/model/event.ts';
import { eventBytes } from './event-bytes.ts';
import { createLightColumns } from './light-columns.ts';

/** Bounds of what is remembered. */
export interface WindowLimits {
  /** Flows kept; enough for ten minutes at 80 requests/s with headers and bodies. */
  readonly flows: number;
  /** Heap that the kept flows may hold at most, by an upper estimate (see event-bytes.ts and light-charge.ts). */
  readonly bytes: number;
  /** Findings kept; the ones not seen for longest go first. */
  readonly findings: number;
}

/** What the agent remembers. */
export const defaultWindowLimits: WindowLimits = {
  flows: 50_000,
  bytes: 96 * 1024 * 1024,
  findings: 2_000,
};

/** The agent's memory. */
export interface EventWindow {
  add(event: ApiEvent): void;
  /** Keeps a copy of a light flow. */
  addLight(flow: LightFlow): void;
  /**
   * State first (identities, policies, findings), then flows and losses in order.
   * @param fromMs epoch ms; what ended before is left out. @param last at most so many, the newest.
   */
  history(fromMs: number, last: number | undefined): readonly ApiEvent[];
  /** Flows held now. */
  size(): number;
  /** Bytes they are charged with. */
  bytes(): number;
}

/** A window with the given limits; adding is amortised constant time. */
export function createEventWindow(limits: WindowLimits = defaultWindowLimits): EventWindow {
  const identities = new Map<string, IdentityEvent>();
  const policies = new Map<string, PolicyEvent>();
  const findings = new Map<string, FindingEvent>();
  const epochOf = createTimeReader();
  // Ring of the newest events; their ends and sizes beside them, so that an event costs no object of its own.
  const events: (FlowEvent | LostEvent | undefined)[] = [];
  const light = createLightColumns(limits.flows);
  const endsMs = new Float64Array(limits.flows);
  const sizes = new Int32Array(limits.flows);
  let oldest = 0;
  let held = 0;
  let bytes = 0;

  /** Events arrive when their exchange ends, so the end is what keeps the ring in order. */
  function endOf(event: FlowEvent | LostEvent): number {
    return epochOf(event.time) + (event.type === 'flow' ? (event.latencyMs ?? 0) : 0);
  }

  function dropOldest(): void {
    events[oldest] = undefined;
    bytes -= (sizes[oldest] ?? 0) + light.drop(oldest);
    sizes[oldest] = 0;
    oldest = (oldest + 1) % limits.flows;
    held -= 1;
  }

  /** The next place of the ring, empty. */
  function freePlace(): number {
    if (held === limits.flows) dropOldest();
    return (oldest + held) % limits.flows;
  }

  function hold(place: number, endMs: number, size: number): void {
    endsMs[place] = endMs;
    held += 1;
    bytes += size;
    while (held > 0 && bytes > limits.bytes) dropOldest();
  }

  function addEntry(event: FlowEvent | LostEvent): void {
    const place = freePlace();
    const size = eventBytes(event);
    events[place] = event;
    sizes[place] = size;
    hold(place, endOf(event), size);
  }

  function addLight(flow: LightFlow): void {
    const place = freePlace();
    hold(place, flow.startedMs + flow.latencyMs, light.put(place, flow));
  }

  function addFinding(event: FindingEvent): void {
    findings.delete(event.id);
    findings.set(event.id, event);
    if (findings.size <= limits.findings) return;
    const oldest = findings.keys().next();
    if (!oldest.done) findings.delete(oldest.value);
  }

  function add(event: ApiEvent): void {
    switch (event.type) {
      case 'flow':
      case 'lost':
        addEntry(event);
        return;
      case 'finding':
        addFinding(event);
        return;
      case 'policy':
        if (event.state === 'removed') policies.delete(event.name);
        else policies.set(event.name, event);
        return;
      case 'identity': {
        const { namespace, kind, workload } = event.endpoint;
        identities.set(`${event.role} ${namespace}/${kind ?? ''}/${workload}`, event);
        return;
      }
    }
  }

  function flowsSince(fromMs: number, last: number | undefined): ApiEvent[] {
    let start = held;
    const floor = last === undefined ? 0 : Math.max(0, held - last);
    while (start > floor && (endsMs[(oldest + start - 1) % limits.flows] ?? 0) >= fromMs) start -= 1;
    const found: ApiEvent[] = [];
    for (let index = start; index < held; index += 1) {
      const place = (oldest + index) % limits.flows;
      const event = events[place] ?? light.get(place);
      if (event) found.push(event);
    }
    return found;
  }

  return {
    add,
    addLight,
    bytes: () => bytes,
    history: (fromMs, last) => [
      ...identities.values(),
      ...policies.values(),
      ...findings.values(),
      ...flowsSince(fromMs, last),
    ],
    size: () => held,
  };
}
