// What the agent remembers for those who ask later: a bounded ring of recent flows, and the latest word on each policy,
// finding and identity. Knows nothing of sockets; the feed replays it to new subscribers, verbs and previews read it.
import type {
  ApiEvent,
  FindingEvent,
  FlowEvent,
  IdentityEvent,
  LostEvent,
  PolicyEvent,
} from '../../core/model/event.ts';

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

interface Entry {
  readonly event: FlowEvent | LostEvent;
  readonly atMs: number;
  readonly bytes: number;
}

/** Heap a flow roughly holds: fixed fields measured at about 900 bytes, plus its captured texts. */
function roughBytes(event: FlowEvent | LostEvent): number {
  if (event.type === 'lost') return 100;
  let bytes = 900 + (event.request?.path.length ?? 0);
  for (const part of [event.request, event.response]) {
    if (part?.headers) for (const [name, value] of part.headers) bytes += name.length + value.length + 32;
    if (part?.body) bytes += part.body.text.length;
  }
  return bytes;
}

/** Events arrive when their exchange ends, so the end is what keeps the ring in order. */
function finishedAtMs(event: FlowEvent | LostEvent): number {
  return Date.parse(event.time) + (event.type === 'flow' ? (event.latencyMs ?? 0) : 0);
}

/** A window with the given limits; adding is amortised constant time. */
export function createEventWindow(limits: WindowLimits = defaultWindowLimits): EventWindow {
  const identities = new Map<string, IdentityEvent>();
  const policies = new Map<string, PolicyEvent>();
  const findings = new Map<string, FindingEvent>();
  let entries: Entry[] = [];
  let first = 0;
  let bytes = 0;

  function addEntry(event: FlowEvent | LostEvent): void {
    const entry: Entry = { event, atMs: finishedAtMs(event), bytes: roughBytes(event) };
    entries.push(entry);
    bytes += entry.bytes;
    while (first < entries.length && (entries.length - first > limits.flows || bytes > limits.bytes)) {
      bytes -= entries[first]?.bytes ?? 0;
      first += 1;
    }
    if (first > 4_096 && first * 2 > entries.length) {
      entries = entries.slice(first);
      first = 0;
    }
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
    let start = entries.length;
    const floor = last === undefined ? first : Math.max(first, entries.length - last);
    while (start > floor && (entries[start - 1]?.atMs ?? 0) >= fromMs) start -= 1;
    return entries.slice(start).map((entry) => entry.event);
  }

  return {
    add,
    history: (fromMs, last) => [
      ...identities.values(),
      ...policies.values(),
      ...findings.values(),
      ...flowsSince(fromMs, last),
    ],
    size: () => entries.length - first,
  };
}
