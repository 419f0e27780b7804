// One edge of the graph while it grows: counters inside, a live read-only view outside.
import type { WorkloadId } from '../../core/model/brand.ts';
import type { FlowEvent } from '../../core/model/event.ts';
import type { DataClock } from './data-clock.ts';
import type { Edge } from './data-view.ts';
import type { FlowCounts } from './flow-counts.ts';
import { createFlowCounts } from './flow-counts.ts';
import { createLatencySketch } from './latency-sketch.ts';

/** Most route templates remembered per pair. */
const routeLimit = 256;

/** An edge and the way to count a flow (by its own stamp, epoch ms) into it. */
export interface EdgeRecord {
  readonly view: Edge;
  add(flow: FlowEvent, timeMs: number): void;
}

/** What is added up over all time; the last minute is in FlowCounts. */
function createSums() {
  return {
    verdicts: { allow: 0, block: 0, throttle: 0, redact: 0, shadow: 0 },
    total: 0,
    firstSeenMs: 0,
    lastSeenMs: 0,
    routes: new Set<string>(),
    latency: createLatencySketch(),
  };
}
type Sums = ReturnType<typeof createSums>;

function addTo(sums: Sums, flow: FlowEvent, timeMs: number): void {
  sums.total++;
  sums.firstSeenMs = sums.firstSeenMs === 0 ? timeMs : Math.min(sums.firstSeenMs, timeMs);
  sums.lastSeenMs = Math.max(sums.lastSeenMs, timeMs);
  sums.verdicts[flow.verdict.action]++;
  if (flow.shadow) sums.verdicts.shadow++;
  if (flow.latencyMs !== undefined && flow.verdict.action === 'allow')
    sums.latency.add(flow.latencyMs, timeMs);
  if (flow.request && sums.routes.size < routeLimit) sums.routes.add(flow.request.route);
}

/** Somebody talks here, of which more is known at the end. */
function addOpening(sums: Sums, timeMs: number): void {
  sums.firstSeenMs = sums.firstSeenMs === 0 ? timeMs : Math.min(sums.firstSeenMs, timeMs);
  sums.lastSeenMs = Math.max(sums.lastSeenMs, timeMs);
}

/** The edge between two workloads, empty; `first` names its ends. */
export function createEdge(
  pair: { readonly source: WorkloadId; readonly destination: WorkloadId },
  first: FlowEvent,
  clock: DataClock,
): EdgeRecord {
  const counts = createFlowCounts(clock);
  const sums = createSums();
  return {
    view: edgeView({ ...pair, from: first.source, to: first.destination }, counts, sums),
    add(flow, timeMs) {
      counts.add(flow, timeMs);
      if (flow.opening === true) addOpening(sums, timeMs);
      else addTo(sums, flow, timeMs);
    },
  };
}

type Ends = Pick<Edge, 'source' | 'destination' | 'from' | 'to'>;

function edgeView(ends: Ends, counts: FlowCounts, sums: Sums): Edge {
  return {
    ...ends,
    verdicts: sums.verdicts,
    get total() {
      return sums.total;
    },
    get rate() {
      return counts.rate;
    },
    get errorShare() {
      return counts.errorShare ?? 0;
    },
    get refusedShare() {
      return counts.refusedShare ?? 0;
    },
    get recent() {
      return counts.recent;
    },
    get p50Ms() {
      return sums.latency.quantile(0.5);
    },
    get p99Ms() {
      return sums.latency.quantile(0.99);
    },
    get opaque() {
      return (counts.opaqueShare ?? 0) > 0.5;
    },
    get firstSeenMs() {
      return sums.firstSeenMs;
    },
    get lastSeenMs() {
      return sums.lastSeenMs;
    },
    get routes() {
      return sums.routes.size;
    },
  };
}
