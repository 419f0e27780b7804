// Who calls whom: one record per source → destination pair, updated per flow, with rates over the data's own clock.
// Mutable and owned by the flow store; hands out live read-only views.
import type { WorkloadId } from '../../core/model/brand.ts';
import type { Endpoint, FlowEvent, IdentityEvent } from '../../core/model/event.ts';
import { pairKey, workloadOf } from '../../core/model/workload-key.ts';
import type { Edge, Service, VerdictCounts } from './data-view.ts';
import type { DataClock } from './data-clock.ts';
import { createLatencySketch } from './latency-sketch.ts';
import { createSecondWindow, windowSeconds } from './second-window.ts';

/** Most pairs tracked; a scan with forged identities cannot grow the terminal. */
export const edgeLimit = 4000;
/** Most route templates remembered per pair. */
const routeLimit = 256;

/** Fields of the window, the first four by verdict action. */
export const windowFields = {
  allow: 0,
  block: 1,
  throttle: 2,
  redact: 3,
  shadow: 4,
  errors: 5,
  opaque: 6,
} as const;
export const fieldCount = 7;

/** True for an answer that failed without a policy refusing it: 5xx, or none at all. */
export function isError(flow: FlowEvent): boolean {
  if (flow.verdict.action === 'block' || flow.verdict.action === 'throttle') return false;
  const status = flow.response?.status;
  return status !== undefined && (status >= 500 || status === 0);
}

interface EdgeRecord {
  readonly view: Edge;
  add(flow: FlowEvent, timeMs: number): void;
}

function createEdge(
  source: WorkloadId,
  destination: WorkloadId,
  first: FlowEvent,
  clock: DataClock,
): EdgeRecord {
  const window = createSecondWindow(fieldCount);
  const latency = createLatencySketch();
  const routes = new Set<string>();
  const totals = { allow: 0, block: 0, throttle: 0, redact: 0, shadow: 0 };
  let total = 0;
  let firstSeenMs = 0;
  let lastSeenMs = 0;
  const sum = (field: number, seconds: number): number => window.sum(field, clock.second, seconds);
  const all = (seconds: number): number =>
    sum(0, seconds) + sum(1, seconds) + sum(2, seconds) + sum(3, seconds);
  const share = (part: number): number => {
    const whole = all(windowSeconds);
    return whole === 0 ? 0 : part / whole;
  };
  const view: Edge = {
    source,
    destination,
    from: first.source,
    to: first.destination,
    get total() {
      return total;
    },
    get rate() {
      return all(clock.rateSeconds) / clock.rateSpan;
    },
    get errorShare() {
      return share(sum(windowFields.errors, windowSeconds));
    },
    get refusedShare() {
      return share(sum(windowFields.block, windowSeconds) + sum(windowFields.throttle, windowSeconds));
    },
    get verdicts() {
      return totals;
    },
    get recent(): VerdictCounts {
      return {
        allow: sum(windowFields.allow, windowSeconds),
        block: sum(windowFields.block, windowSeconds),
        throttle: sum(windowFields.throttle, windowSeconds),
        redact: sum(windowFields.redact, windowSeconds),
        shadow: sum(windowFields.shadow, windowSeconds),
      };
    },
    get p50Ms() {
      return latency.quantile(0.5);
    },
    get p99Ms() {
      return latency.quantile(0.99);
    },
    get opaque() {
      return share(sum(windowFields.opaque, windowSeconds)) > 0.5;
    },
    get firstSeenMs() {
      return firstSeenMs;
    },
    get lastSeenMs() {
      return lastSeenMs;
    },
    get routes() {
      return routes.size;
    },
  };
  return {
    view,
    add(flow, timeMs) {
      const second = Math.floor(timeMs / 1000);
      total++;
      firstSeenMs = firstSeenMs === 0 ? timeMs : Math.min(firstSeenMs, timeMs);
      lastSeenMs = Math.max(lastSeenMs, timeMs);
      totals[flow.verdict.action]++;
      window.add(second, windowFields[flow.verdict.action]);
      if (flow.shadow) {
        totals.shadow++;
        window.add(second, windowFields.shadow);
      }
      if (isError(flow)) window.add(second, windowFields.errors);
      if (flow.protocol === 'opaque') window.add(second, windowFields.opaque);
      if (flow.latencyMs !== undefined && flow.verdict.action === 'allow')
        latency.add(flow.latencyMs, timeMs);
      if (flow.request && routes.size < routeLimit) routes.add(flow.request.route);
    },
  };
}

export interface EdgeStore {
  readonly edges: readonly Edge[];
  readonly services: readonly Service[];
  /** Flows of pairs beyond the limit, counted in the totals only. */
  readonly untracked: number;
  service(id: WorkloadId): Service | undefined;
  add(flow: FlowEvent, timeMs: number): void;
  identity(event: IdentityEvent): void;
  /** A seek: traffic starts afresh, who exists stays known. */
  clear(): void;
}

interface ServiceRecord {
  readonly view: Service;
  readonly callers: Edge[];
  readonly callees: Edge[];
  identity: IdentityEvent | undefined;
}

const sumOf = (edges: readonly Edge[], value: (edge: Edge) => number): number =>
  edges.reduce((sum, edge) => sum + value(edge), 0);

function createService(id: WorkloadId, endpoint: Endpoint): ServiceRecord {
  const callers: Edge[] = [];
  const callees: Edge[] = [];
  const record: ServiceRecord = {
    callers,
    callees,
    identity: undefined,
    view: {
      id,
      endpoint,
      callers,
      callees,
      get rateIn() {
        return sumOf(callers, (edge) => edge.rate);
      },
      get rateOut() {
        return sumOf(callees, (edge) => edge.rate);
      },
      get errorShare() {
        const rate = sumOf(callers, (edge) => edge.rate);
        return rate === 0 ? 0 : sumOf(callers, (edge) => edge.rate * edge.errorShare) / rate;
      },
      get routes() {
        return callers.reduce((most, edge) => Math.max(most, edge.routes), 0);
      },
      get identity() {
        return record.identity;
      },
    },
  };
  return record;
}

/** An empty graph. */
export function createEdgeStore(clock: DataClock): EdgeStore {
  const byPair = new Map<string, EdgeRecord>();
  const services = new Map<WorkloadId, ServiceRecord>();
  const identities = new Map<WorkloadId, IdentityEvent>();
  let edges: Edge[] = [];
  let nodes: Service[] = [];
  let untracked = 0;
  const serviceOf = (id: WorkloadId, endpoint: Endpoint): ServiceRecord => {
    let record = services.get(id);
    if (!record) {
      record = createService(id, endpoint);
      record.identity = identities.get(id);
      services.set(id, record);
      nodes.push(record.view);
    }
    return record;
  };
  const connect = (flow: FlowEvent, source: WorkloadId, destination: WorkloadId): EdgeRecord => {
    const record = createEdge(source, destination, flow, clock);
    edges.push(record.view);
    serviceOf(source, flow.source).callees.push(record.view);
    serviceOf(destination, flow.destination).callers.push(record.view);
    return record;
  };
  return {
    get edges() {
      return edges;
    },
    get services() {
      return nodes;
    },
    get untracked() {
      return untracked;
    },
    service: (id) => services.get(id)?.view,
    add(flow, timeMs) {
      const source = workloadOf(flow.source);
      const destination = workloadOf(flow.destination);
      const key = pairKey(source, destination);
      let record = byPair.get(key);
      if (!record) {
        if (byPair.size >= edgeLimit) {
          untracked++;
          return;
        }
        record = connect(flow, source, destination);
        byPair.set(key, record);
      }
      record.add(flow, timeMs);
    },
    identity(event) {
      const id = workloadOf(event.endpoint);
      if (!services.has(id) && services.size >= 2 * edgeLimit) return;
      const known = identities.get(id);
      if (known?.role !== 'listener' || event.role === 'listener') identities.set(id, event);
      serviceOf(id, event.endpoint).identity = identities.get(id);
    },
    clear() {
      byPair.clear();
      services.clear();
      edges = [];
      nodes = [];
      untracked = 0;
      for (const [id, event] of identities) serviceOf(id, event.endpoint);
    },
  };
}
