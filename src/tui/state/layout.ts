// Which pane is where, in cells, from the state alone: the chrome lays itself out by it and the reducer knows page sizes.
import type { Rect } from '../render/draw-context.ts';
import type { AppState } from './state.ts';

/** Title line and tabs line. */
export const headerRows = 2;
/** The line of keys. */
export const footerRows = 1;
/** The time axis of a replay: sparkline and scale. */
export const axisRows = 2;
/** Below this the screen shows a sentence instead. */
export const smallest = { columns: 60, rows: 15 };
/** From this width on, details stand beside the list instead of under it. */
const besideFrom = 160;

/** Where everything lies on the screen, in cells from its upper left corner. */
export interface Layout {
  readonly tooSmall: boolean;
  readonly header: Rect;
  /** Everything between header and axis or footer. */
  readonly body: Rect;
  /** The screen's main pane: table, graph or list. Its first row is the head of the table. */
  readonly list: Rect;
  /** Detail of the selected row, where the screen has one open. */
  readonly detail: Rect | undefined;
  readonly axis: Rect | undefined;
  /** Rows above the foot line for what was just said; height 0 when nothing was. */
  readonly message: Rect;
  readonly footer: Rect;
}

/** Flows show details on demand; findings and policies always, because their list alone says too little; the graph never. */
function hasDetail(state: AppState): boolean {
  return state.screen === 'flows' ? state.detail.open : state.screen !== 'graph';
}

function split(
  body: Rect,
  beside: boolean,
  screen: AppState['screen'],
): { readonly list: Rect; readonly detail: Rect } {
  if (beside) {
    const width = Math.floor(body.width * 0.55);
    return {
      list: { ...body, width },
      detail: { ...body, x: body.x + width, width: body.width - width },
    };
  }
  const height = Math.max(4, Math.floor(body.height * (screen === 'flows' ? 0.4 : 0.5)));
  return {
    list: { ...body, height },
    detail: { ...body, y: body.y + height, height: body.height - height },
  };
}

/** True when details stand beside the list, not under it. */
export function isBeside(state: AppState): boolean {
  return state.columns >= besideFrom && !state.zoomed;
}

/** The rectangles of this state's screen, with `messageRows` rows above the foot line for what was just said. */
export function layoutOf(state: AppState, messageRows = 0): Layout {
  const { columns, rows } = state;
  const axisHeight = state.replay ? axisRows : 0;
  const bodyHeight = Math.max(0, rows - headerRows - footerRows - axisHeight - messageRows);
  const body = { x: 0, y: headerRows, width: columns, height: bodyHeight };
  const panes = hasDetail(state) ? split(body, columns >= besideFrom, state.screen) : undefined;
  const zoomedDetail = state.zoomed && state.focus === 'detail' && panes !== undefined;
  const list = panes === undefined || state.zoomed ? body : panes.list;
  return {
    tooSmall: columns < smallest.columns || rows < smallest.rows,
    header: { x: 0, y: 0, width: columns, height: headerRows },
    body,
    list: zoomedDetail ? { ...body, height: 0 } : list,
    detail: zoomedDetail ? body : state.zoomed ? undefined : panes?.detail,
    axis: state.replay ? { x: 0, y: headerRows + bodyHeight, width: columns, height: axisHeight } : undefined,
    message: { x: 0, y: Math.max(0, rows - footerRows - messageRows), width: columns, height: messageRows },
    footer: { x: 0, y: Math.max(0, rows - footerRows), width: columns, height: footerRows },
  };
}

/** Rows of the main list that can show items: one is its head. */
export function listRows(state: AppState): number {
  return Math.max(1, layoutOf(state).list.height - 1);
}
