// What the agent remembers for those who ask later: a bounded ring of recent flows, and the latest word on each policy,
// finding and identity. Knows nothing of sockets; the feed replays it to new subscribers, verbs and previews read it.
import type { LightFlow } from '../../core/inspect/light-flow.ts';
import type {
  ApiEvent,
  FindingEvent,
  FlowEvent,
  IdentityEvent,
  PolicyEvent,
} from '../../core/model/event.ts';
import { createFlowRing } from './flow-ring.ts';

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
  /** The flow of that id, undefined when it is not held (any more). */
  flow(id: string): FlowEvent | undefined;
  /** Flows held now. */
  size(): number;
  /** Bytes they are charged with. */
  bytes(): number;
  /** The number of the newest flow or loss: they are counted from 1 on as they come. */
  sequence(): number;
}

/** The newest word on each finding; the ones not heard of for longest go first. */
function createLatestFindings(limit: number): {
  add(event: FindingEvent): void;
  values(): Iterable<FindingEvent>;
} {
  const findings = new Map<string, FindingEvent>();
  return {
    add(event) {
      findings.delete(event.id);
      findings.set(event.id, event);
      if (findings.size <= limit) return;
      const oldest = findings.keys().next();
      if (!oldest.done) findings.delete(oldest.value);
    },
    values: () => findings.values(),
  };
}

/** One per role and workload. */
function identityKey({ role, endpoint }: IdentityEvent): string {
  return `${role} ${endpoint.namespace}/${endpoint.kind ?? ''}/${endpoint.workload}`;
}

/** A window with the given limits; adding is amortised constant time. */
export function createEventWindow(limits: WindowLimits = defaultWindowLimits): EventWindow {
  const identities = new Map<string, IdentityEvent>();
  const policies = new Map<string, PolicyEvent>();
  const findings = createLatestFindings(limits.findings);
  const ring = createFlowRing(limits);
  return {
    add(event) {
      switch (event.type) {
        case 'flow':
        case 'lost':
          ring.add(event);
          return;
        case 'finding':
          findings.add(event);
          return;
        case 'policy':
          if (event.state === 'removed') policies.delete(event.name);
          else policies.set(event.name, event);
          return;
        case 'identity':
          identities.set(identityKey(event), event);
          return;
      }
    },
    addLight: (flow) => {
      ring.addLight(flow);
    },
    history: (fromMs, last) => [
      ...identities.values(),
      ...policies.values(),
      ...findings.values(),
      ...ring.since(fromMs, last),
    ],
    flow: ring.flow,
    size: ring.size,
    bytes: ring.bytes,
    sequence: ring.sequence,
  };
}
