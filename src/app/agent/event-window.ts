// What the agent remembers for those who ask later: a bounded ring of recent flows, and the latest word on each policy,
// finding and identity. Knows nothing of sockets; the feed replays it to new subscribers, verbs and previews read it.
import { createTimeReader } from '../../core/inspect/flow-event-time.ts';
import type {
  ApiEvent,
  FindingEvent,
  FlowEvent,
  IdentityEvent,
  LostEvent,
  PolicyEvent,
} from '../../core/model/event.ts';
import { createLightColumns } from './light-columns.ts';

export interface WindowLimits {
  /** Flows kept; enough for ten minutes at 80 requests/s with headers and bodies. */
  readonly flows: number;
  /** Rough heap budget of the kept flows. */
  readonly bytes: number;
  /** Findings kept; the ones not seen for longest go first. */
  readonly findings: number;
}

export const defaultWindowLimits: WindowLimits = {
  flows: 50_000,
  bytes: 96 * 1024 * 1024,
  findings: 2_000,
};

export interface EventWindow {
  add(event: ApiEvent): void;
  /**
   * State first (identities, policies, findings), then flows and losses in order.
   * @param fromMs epoch ms; what ended before is left out. @param last at most so many, the newest.
   */
  history(fromMs: number, last: number | undefined): readonly ApiEvent[];
  /** Flows held now. */
  size(): number;
}

/** Heap of a light flow: its headers are mostly shared with others. */
const lightBytes = 900;

/** Heap a flow roughly holds: fixed fields measured at about 900 bytes, plus its captured texts. */
function roughBytes(event: FlowEvent | LostEvent): number {
  if (event.type === 'lost') return 100;
  if (event.light === true) return lightBytes + (event.request?.path.length ?? 0);
  let bytes = 900 + (event.request?.path.length ?? 0);
  for (const part of [event.request, event.response]) {
    if (part?.headers) for (const [name, value] of part.headers) bytes += name.length + value.length + 32;
    if (part?.body) bytes += part.body.text.length;
  }
  return bytes;
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
    bytes -= sizes[oldest] ?? 0;
    oldest = (oldest + 1) % limits.flows;
    held -= 1;
  }

  function addEntry(event: FlowEvent | LostEvent): void {
    if (held === limits.flows) dropOldest();
    const place = (oldest + held) % limits.flows;
    const size = roughBytes(event);
    events[place] = event.type === 'flow' && light.put(place, event) ? undefined : event;
    endsMs[place] = endOf(event);
    sizes[place] = size;
    held += 1;
    bytes += size;
    while (held > 0 && bytes > limits.bytes) dropOldest();
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
    history: (fromMs, last) => [
      ...identities.values(),
      ...policies.values(),
      ...findings.values(),
      ...flowsSince(fromMs, last),
    ],
    size: () => held,
  };
}
