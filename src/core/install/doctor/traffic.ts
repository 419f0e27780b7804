// What of the traffic that was seen can be read, workload by workload that was called. Pure.
import type { ApiEvent, FlowEvent } from '../../model/event.ts';

/** A workload whose connections nobody can read. */
export interface OpaqueWorkload {
  /** `namespace/workload`. */
  readonly workload: string;
  readonly connections: number;
  /** Why, in short words, the most frequent first: `tls`, `h2`, … */
  readonly why: readonly string[];
  /** Requests of it that could be read: it is opaque in part. */
  readonly requests: number;
}

/** All of it. */
export interface TrafficSeen {
  /** Flows that were looked at. */
  readonly flows: number;
  /** Workloads that were called. */
  readonly called: number;
  /** Of these: every flow was read. */
  readonly inspected: number;
  /** Of these: those with connections that could not be, most of them first. */
  readonly opaque: readonly OpaqueWorkload[];
}

interface Counted {
  requests: number;
  readonly why: Map<string, number>;
}

/** They say nothing of what the traffic is: nothing was sent, or the tap missed a part and lost its place. */
const passing: ReadonlySet<string> = new Set(['attempt', 'gap']);

/** An opening comes again at its end. */
const counts = ({ opaque = '', opening }: FlowEvent): boolean => !passing.has(opaque) && opening !== true;

const sumOf = (why: ReadonlyMap<string, number>): number =>
  [...why.values()].reduce((sum, one) => sum + one, 0);

function workloadRow([workload, { requests, why }]: readonly [string, Counted]): OpaqueWorkload {
  const words = [...why].toSorted(([, one], [, other]) => other - one).map(([word]) => word);
  return { workload, connections: sumOf(why), why: words, requests };
}

/** Of a window of events; findings and the rest are passed over. */
export function trafficSeen(events: readonly ApiEvent[]): TrafficSeen {
  const flows = events.filter((event) => event.type === 'flow').filter(counts);
  const byWorkload = new Map<string, Counted>();
  for (const { destination, protocol, opaque } of flows) {
    const key = `${destination.namespace}/${destination.workload}`;
    const counted = byWorkload.get(key) ?? { requests: 0, why: new Map<string, number>() };
    byWorkload.set(key, counted);
    if (protocol === 'opaque') {
      const word = opaque ?? 'unknown';
      counted.why.set(word, (counted.why.get(word) ?? 0) + 1);
    } else counted.requests += 1;
  }
  const opaque = [...byWorkload].map(workloadRow).filter(({ connections }) => connections > 0);
  return {
    ...{ flows: flows.length, called: byWorkload.size, inspected: byWorkload.size - opaque.length },
    opaque: opaque.toSorted((one, other) => other.connections - one.connections),
  };
}
