// The cursor of the flows table: which flow it is on, and moving it. A flow stays under the cursor while others arrive.
import type { FlowId } from '../../core/model/brand.ts';
import { flowId } from '../../core/model/brand.ts';
import type { FlowEvent } from '../../core/model/event.ts';
import type { DataView, FlowList } from './data-view.ts';
import { clamp, next } from './handler.ts';
import { listRows } from './layout.ts';
import type { Next } from './msg.ts';
import type { AppState } from './state.ts';

/** The rows in display order. */
export function shownFlows(state: AppState, data: DataView): FlowList {
  return data.flows.list(state.flows.heldAt);
}

/** Index of the newest row when sorted by arrival; the first row otherwise. */
function tail(state: AppState, list: FlowList): number {
  return state.flows.sort.column === 'time' && !state.flows.sort.descending ? list.size - 1 : 0;
}

/** Index of the cursor, -1 in an empty list. */
export function cursorIndex(state: AppState, list: FlowList): number {
  if (list.size === 0) return -1;
  const { selected } = state.flows;
  return selected ? list.indexOf(selected.sequence) : tail(state, list);
}

/** First visible row for a table of `height` rows, so that the cursor stays on its screen row. */
export function firstRow(state: AppState, list: FlowList, height: number): number {
  const index = cursorIndex(state, list);
  const wanted = index - clamp(state.flows.row, 0, height - 1);
  return clamp(wanted, 0, Math.max(0, list.size - height));
}

/** The flow under the cursor. */
export function cursorFlow(state: AppState, data: DataView): FlowEvent | undefined {
  const list = shownFlows(state, data);
  return list.at(cursorIndex(state, list));
}

/** The flow that the detail pane shows. */
export function detailFlow(state: AppState, data: DataView): FlowEvent | undefined {
  return state.detail.id === undefined ? cursorFlow(state, data) : data.flows.byId(state.detail.id);
}

/** Put the cursor on a flow and stop following; an open detail pane moves along and asks why. */
function select(
  state: AppState,
  selected: { readonly id: FlowId; readonly sequence: number },
  row: number,
): Next<AppState> {
  const moved: AppState = {
    ...state,
    flows: { ...state.flows, selected, row, follow: false },
    detail: { ...state.detail, id: undefined, scroll: 0 },
  };
  return state.detail.open ? next(moved, { type: 'explain', id: selected.id }) : next(moved);
}

/** Put the cursor on row `index` of the list. */
export function selectIndex(state: AppState, data: DataView, index: number): Next<AppState> {
  const list = shownFlows(state, data);
  const flow = list.at(index);
  const sequence = list.sequenceAt(index);
  if (!flow || sequence === undefined) return next(state);
  const height = listRows(state);
  const before = firstRow(state, list, height);
  return select(state, { id: flowId(flow.id), sequence }, clamp(index - before, 0, height - 1));
}

/** Move by rows; beyond the ends it stays on the last one. */
export function moveCursor(state: AppState, data: DataView, by: number): Next<AppState> {
  const list = shownFlows(state, data);
  if (list.size === 0) return next(state);
  return selectIndex(state, data, clamp(cursorIndex(state, list) + by, 0, list.size - 1));
}

/** Stick to the newest again, unpaused. */
export function followTail(state: AppState): AppState {
  const newestLast = state.flows.sort.column === 'time' && !state.flows.sort.descending;
  return {
    ...state,
    flows: {
      ...state.flows,
      follow: true,
      heldAt: undefined,
      selected: undefined,
      row: newestLast ? listRows(state) - 1 : 0,
    },
  };
}

/** Pin what the cursor is on, so that it stays while others arrive. */
export function pinCursor(state: AppState, data: DataView): Next<AppState> {
  const list = shownFlows(state, data);
  const index = cursorIndex(state, list);
  return index < 0 ? next(state) : selectIndex(state, data, index);
}
