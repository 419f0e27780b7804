// What the graph screen shows for a state: the workload in the middle, who calls it, whom it calls, and the cursor's edge.
// Order is by totals, not by rates, so that rows do not change places while one reads.
import type { WorkloadId } from '../../core/model/brand.ts';
import type { DataView, Edge, Service } from './data-view.ts';
import { clamp } from './handler.ts';
import type { AppState } from './state.ts';

const byTotal = (left: Edge, right: Edge): number =>
  right.total - left.total ||
  left.source.localeCompare(right.source) ||
  left.destination.localeCompare(right.destination);

/** Edges in reading order: busiest first. */
export function sortedEdges(edges: readonly Edge[]): readonly Edge[] {
  return [...edges].sort(byTotal);
}

const requests = (service: Service): number => service.callers.reduce((sum, edge) => sum + edge.total, 0);

/** The workload with most requests so far. */
export function busiest(data: DataView): Service | undefined {
  let best: Service | undefined;
  let most = -1;
  for (const service of data.flows.services) {
    const count = requests(service);
    if (count <= most) continue;
    best = service;
    most = count;
  }
  return best;
}

/** A workload with its edges, busiest first. */
export interface Ego {
  readonly focus: Service;
  readonly callers: readonly Edge[];
  readonly callees: readonly Edge[];
}

/** The ego view of the state's focus, or of the busiest workload; undefined before any traffic. */
export function egoOf(state: AppState, data: DataView): Ego | undefined {
  const chosen = state.graph.focus === undefined ? undefined : data.flows.service(state.graph.focus);
  const focus = chosen ?? busiest(data);
  return focus && { focus, callers: sortedEdges(focus.callers), callees: sortedEdges(focus.callees) };
}

/** Row and column of the ego cursor, held inside what is there. */
export function egoCursor(
  state: AppState,
  ego: Ego,
): { readonly column: 'callers' | 'focus' | 'callees'; readonly row: number } {
  const { column, row } = state.graph;
  if (column === 'focus') return { column, row: 0 };
  const edges = column === 'callers' ? ego.callers : ego.callees;
  return edges.length === 0 ? { column: 'focus', row: 0 } : { column, row: clamp(row, 0, edges.length - 1) };
}

/** Callers and destinations, busiest first and at most forty a side, and the edge between any two. */
export interface Matrix {
  readonly sources: readonly WorkloadId[];
  readonly destinations: readonly WorkloadId[];
  readonly edge: (source: WorkloadId, destination: WorkloadId) => Edge | undefined;
}

/** Most workloads a side. */
const matrixLimit = 40;

/** Who calls whom as a table of the busiest callers and destinations. */
export function matrixOf(data: DataView): Matrix {
  const weights = { sources: new Map<WorkloadId, number>(), destinations: new Map<WorkloadId, number>() };
  const edges = new Map<string, Edge>();
  for (const edge of data.flows.edges) {
    edges.set(`${edge.source}>${edge.destination}`, edge);
    weights.sources.set(edge.source, (weights.sources.get(edge.source) ?? 0) + edge.total);
    weights.destinations.set(
      edge.destination,
      (weights.destinations.get(edge.destination) ?? 0) + edge.total,
    );
  }
  const top = (side: Map<WorkloadId, number>): readonly WorkloadId[] =>
    [...side]
      .sort((left, right) => right[1] - left[1] || left[0].localeCompare(right[0]))
      .slice(0, matrixLimit)
      .map(([id]) => id);
  return {
    sources: top(weights.sources),
    destinations: top(weights.destinations),
    edge: (source, destination) => edges.get(`${source}>${destination}`),
  };
}

/** The edge under the cursor in whichever view; undefined on the focus itself or on an empty cell. */
export function cursorEdge(state: AppState, data: DataView): Edge | undefined {
  if (state.graph.view === 'list') {
    const edges = sortedEdges(data.flows.edges);
    return edges[clamp(state.graph.row, 0, edges.length - 1)];
  }
  if (state.graph.view === 'matrix') {
    const matrix = matrixOf(data);
    const source = matrix.sources[clamp(state.graph.row, 0, matrix.sources.length - 1)];
    const destination =
      matrix.destinations[clamp(state.graph.matrixColumn, 0, matrix.destinations.length - 1)];
    return source !== undefined && destination !== undefined ? matrix.edge(source, destination) : undefined;
  }
  const ego = egoOf(state, data);
  if (!ego) return undefined;
  const { column, row } = egoCursor(state, ego);
  if (column === 'focus') return undefined;
  return (column === 'callers' ? ego.callers : ego.callees)[row];
}
