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

/** Who is known, by traffic or by what the agent says of itself. */
interface ServiceTable {
  /** In the order of first sight. */
  readonly views: readonly Service[];
  get(id: WorkloadId): Service | undefined;
  /** The record of a workload, made on first sight. */
  of(id: WorkloadId, endpoint: Endpoint): ServiceRecord;
  /** What the agent says of a workload; that it listens there outweighs that it calls. */
  identify(event: IdentityEvent): void;
  /** Traffic starts afresh, who exists stays known. */
  clear(): void;
}

function createServiceTable(): ServiceTable {
  const services = new Map<WorkloadId, ServiceRecord>();
  const identities = new Map<WorkloadId, IdentityEvent>();
  let views: Service[] = [];
  const of = (id: WorkloadId, endpoint: Endpoint): ServiceRecord => {
    let record = services.get(id);
    if (!record) {
      record = createService(id, endpoint);
      record.identity = identities.get(id);
      services.set(id, record);
      views.push(record.view);
    }
    return record;
  };
  return {
    get views() {
      return views;
    },
    get: (id) => services.get(id)?.view,
    of,
    identify(event) {
      const id = workloadOf(event.endpoint);
      if (!services.has(id) && services.size >= 2 * edgeLimit) return;
      const known = identities.get(id);
      if (known?.role !== 'listener' || event.role === 'listener') identities.set(id, event);
      of(id, event.endpoint).identity = identities.get(id);
    },
    clear() {
      services.clear();
      views = [];
      for (const [id, event] of identities) of(id, event.endpoint);
    },
  };
}

/** Make an edge known at both of its ends. */
function attach(edge: Edge, services: ServiceTable): void {
  services.of(edge.source, edge.from).callees.push(edge);
  services.of(edge.destination, edge.to).callers.push(edge);
}

/** An empty graph. */
export function createEdgeStore(clock: DataClock): EdgeStore {
  const byPair = new Map<string, EdgeRecord>();
  const services = createServiceTable();
  let edges: Edge[] = [];
  let untracked = 0;
  const connect = (flow: FlowEvent, source: WorkloadId, destination: WorkloadId): EdgeRecord => {
    const record = createEdge({ source, destination }, flow, clock);
    edges.push(record.view);
    attach(record.view, services);
    byPair.set(pairKey(source, destination), record);
    return record;
  };
  return {
    get edges() {
      return edges;
    },
    get services() {
      return services.views;
    },
    get untracked() {
      return untracked;
    },
    service: (id) => services.get(id),
    add(flow, timeMs) {
      const source = workloadOf(flow.source);
      const destination = workloadOf(flow.destination);
      const record = byPair.get(pairKey(source, destination));
      if (record) record.add(flow, timeMs);
      else if (byPair.size >= edgeLimit) untracked++;
      else connect(flow, source, destination).add(flow, timeMs);
    },
    identity: (event) => services.identify(event),
    clear() {
      byPair.clear();
      services.clear();
      edges = [];
      untracked = 0;
    },
  };
}
