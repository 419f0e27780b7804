// Who calls whom: one record per source → destination pair, updated per flow, with rates over the data's own clock.
// Mutable and owned by the flow store; hands out live read-only views.
import type { WorkloadId } from '../../core/model/brand.ts';
import type { Endpoint, FlowEvent, IdentityEvent } from '../../core/model/event.ts';
import { pairKey, workloadOf } from '../../core/model/workload-key.ts';
import type { DataClock } from './data-clock.ts';
import type { Edge, Service } from './data-view.ts';
import type { EdgeRecord } from './edge-record.ts';
import { createEdge } from './edge-record.ts';

/** Most pairs tracked; a scan with forged identities cannot grow the terminal. */
export const edgeLimit = 4000;

/** The graph as it grows: its edges, its workloads, and how flows and identities get into it. */
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
    const record = createEdge({ source, destination }, flow, clock);
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
