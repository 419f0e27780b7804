// Movement keys, by what has the focus: a dialog scrolls, the detail pane scrolls, lists and the graph move their cursor.
import type { DataView } from './data-view.ts';
import type { Dialog } from './dialog.ts';
import { moveCursor, shownFlows } from './flow-cursor.ts';
import { cursorEdge, egoCursor, egoOf, matrixOf } from './graph-selectors.ts';
import type { Handler, Handlers } from './handler.ts';
import { clamp, next, withNotice } from './handler.ts';
import { layoutOf, listRows } from './layout.ts';
import { findingKeys, movedList, policyKeys } from './list-cursor.ts';
import type { Next } from './msg.ts';
import type { AppState } from './state.ts';
import { replaceTop, topDialog } from './top-dialog.ts';
import { filterHandlers } from './update-filter.ts';
import { scrubBy } from './update-replay.ts';
import { followTail } from './flow-cursor.ts';

/** Further than any list is long. */
const far = 1e9;

/** Longest text that is scrolled; panes clamp to what there is. */
const scrollLimit = 100_000;

function scrolled(scroll: number, by: number): number {
  return clamp(scroll + by, 0, scrollLimit);
}

function scrollDialog(state: AppState, dialog: Dialog, by: number): AppState {
  switch (dialog.type) {
    case 'mutation':
      return replaceTop(state, {
        ...dialog,
        scroll: clampTo(dialog.scroll + by, mutationScrollMost(dialog)),
      });
    case 'text':
      return replaceTop(state, { ...dialog, scroll: clampTo(dialog.scroll + by, dialog.lines.length - 1) });
    case 'help':
      return replaceTop(state, { ...dialog, scroll: scrolled(dialog.scroll, by) });
    case 'palette':
      return replaceTop(state, { ...dialog, index: clamp(dialog.index + by, 0, scrollLimit) });
    case 'confirm':
    case 'message':
      return state;
  }
}

const clampTo = (value: number, most: number): number => clamp(value, 0, Math.max(0, most));

/** Lines that the scrolled part of the mutation dialog can have at most: YAML and a bounded preview. */
function mutationScrollMost(dialog: Extract<Dialog, { type: 'mutation' }>): number {
  return dialog.yaml.length + 200;
}

function moveGraph(state: AppState, data: DataView, by: number): Next<AppState> {
  const { graph } = state;
  if (graph.view === 'ego') {
    const ego = egoOf(state, data);
    if (!ego) return next(state);
    const cursor = egoCursor(state, ego);
    const rows = cursor.column === 'callers' ? ego.callers.length : ego.callees.length;
    const row = cursor.column === 'focus' ? 0 : clamp(cursor.row + by, 0, Math.max(0, rows - 1));
    return next({ ...state, graph: { ...graph, column: cursor.column, row } });
  }
  const rows = graph.view === 'list' ? data.flows.edges.length : matrixOf(data).sources.length;
  return next({ ...state, graph: { ...graph, row: clamp(graph.row + by, 0, Math.max(0, rows - 1)) } });
}

const egoColumns = ['callers', 'focus', 'callees'] as const;

function moveAcross(state: AppState, data: DataView, by: -1 | 1): Next<AppState> {
  const { graph } = state;
  if (state.focus === 'axis') return scrubBy(state, by);
  if (state.screen !== 'graph') return next(state);
  if (graph.view === 'matrix') {
    const most = Math.max(0, matrixOf(data).destinations.length - 1);
    return next({ ...state, graph: { ...graph, matrixColumn: clamp(graph.matrixColumn + by, 0, most) } });
  }
  const ego = graph.view === 'ego' ? egoOf(state, data) : undefined;
  if (!ego) return next(state);
  const at = egoColumns.indexOf(egoCursor(state, ego).column);
  const column = egoColumns[clamp(at + by, 0, egoColumns.length - 1)] ?? 'focus';
  const edges = column === 'callers' ? ego.callers : ego.callees;
  if (column !== 'focus' && edges.length === 0) return next(state);
  return next({
    ...state,
    graph: { ...graph, column, row: column === 'focus' ? 0 : clamp(graph.row, 0, edges.length - 1) },
  });
}

/** Move the focused thing by rows. */
function moveBy(state: AppState, data: DataView, by: number): Next<AppState> {
  const dialog = topDialog(state);
  if (dialog) return next(scrollDialog(state, dialog, by));
  if (state.focus === 'axis') return next(state);
  if (state.focus === 'detail')
    return next({ ...state, detail: { ...state.detail, scroll: scrolled(state.detail.scroll, by) } });
  switch (state.screen) {
    case 'flows':
      return moveCursor(state, data, by);
    case 'graph':
      return moveGraph(state, data, by);
    case 'findings':
      return next({
        ...state,
        findings: movedList(findingKeys(state, data), state.findings, by),
        detail: { ...state.detail, scroll: 0 },
      });
    case 'policies':
      return next({
        ...state,
        policies: movedList(policyKeys(state, data), state.policies, by),
        detail: { ...state.detail, scroll: 0 },
      });
  }
}

/** Rows of one page of the focused pane. */
function pageRows(state: AppState): number {
  if (topDialog(state)) return Math.max(1, state.rows - 10);
  if (state.focus === 'detail') return Math.max(1, (layoutOf(state).detail?.height ?? 2) - 2);
  return listRows(state);
}

const byPages =
  (pages: number): Handler =>
  (state, data) =>
    moveBy(state, data, Math.trunc(pages * pageRows(state)) || Math.sign(pages));

const toTop: Handler = (state, data) => {
  const newestFirst = state.flows.sort.column === 'time' && state.flows.sort.descending;
  const onFlows = !topDialog(state) && state.screen === 'flows' && state.focus === 'list';
  if (onFlows && newestFirst && state.flows.heldAt === undefined && shownFlows(state, data).size > 0)
    return next({ ...followTail(state), detail: { ...state.detail, id: undefined, scroll: 0 } });
  return moveBy(state, data, -far);
};

/** The keys that move. */
export const moveHandlers = {
  'move.up': (state, data) => moveBy(state, data, -1),
  'move.down': (state, data) => moveBy(state, data, 1),
  'move.left': (state, data) => (topDialog(state) ? next(state) : moveAcross(state, data, -1)),
  'move.right': (state, data) => (topDialog(state) ? next(state) : moveAcross(state, data, 1)),
  'move.pageUp': byPages(-1),
  'move.pageDown': byPages(1),
  'move.halfUp': byPages(-0.5),
  'move.halfDown': byPages(0.5),
  'move.top': toTop,
  'move.bottom': (state, data) => moveBy(state, data, far),
  'move.columnsLeft': (state) =>
    next({ ...state, flows: { ...state.flows, columnOffset: Math.max(0, state.flows.columnOffset - 1) } }),
  'move.columnsRight': (state) =>
    next({ ...state, flows: { ...state.flows, columnOffset: Math.min(8, state.flows.columnOffset + 1) } }),
} satisfies Handlers;

/** Enter on the graph: the workload at the other end of the cursor's edge becomes the focus. */
export function refocus(state: AppState, data: DataView): Next<AppState> {
  const edge = cursorEdge(state, data);
  const ego = egoOf(state, data);
  if (!edge) {
    // In the middle there is nowhere further to go: what it says and hears is what is left to open.
    const flows = filterHandlers['filter.selection'];
    return ego ? flows(state, data) : next(withNotice(state, 'info', 'No traffic yet: nothing to open.'));
  }
  const target =
    state.graph.view === 'ego' && state.graph.column === 'callers' ? edge.source : edge.destination;
  const trail = ego ? [...state.graph.trail, ego.focus.id].slice(-20) : state.graph.trail;
  return next({
    ...state,
    graph: { ...state.graph, view: 'ego', focus: target, column: 'focus', row: 0, trail },
  });
}
