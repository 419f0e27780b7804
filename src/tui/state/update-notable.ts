// Jumps among the flows: to the next one that was not simply answered. Kept apart from moving by rows.
import type { FlowEvent } from '../../core/model/event.ts';
import type { DataView } from './data-view.ts';
import { cursorIndex, selectIndex, shownFlows } from './flow-cursor.ts';
import type { Handlers } from './handler.ts';
import { next, withNotice } from './handler.ts';
import type { Next } from './msg.ts';
import type { AppState } from './state.ts';

/** First status that tells of an error, of the caller's or of the service's own. */
const firstError = 400;

/** True for a flow that was refused, throttled, redacted or broken, that failed, or that a shadow policy would have refused. */
export function isNotable(flow: FlowEvent): boolean {
  const { response } = flow;
  return (
    flow.verdict.action !== 'allow' ||
    flow.shadow !== undefined ||
    flow.broken !== undefined ||
    // An answer without a status never came, or was none that could be read.
    (response !== undefined && (response.status ?? firstError) >= firstError)
  );
}

/** Go on from the cursor, down (1) or up (-1) the table, through filter, order and pause as they are shown. */
function toNotable(state: AppState, data: DataView, by: 1 | -1): Next<AppState> {
  const list = shownFlows(state, data);
  for (let index = cursorIndex(state, list) + by; index >= 0 && index < list.size; index += by) {
    const flow = list.at(index);
    if (flow && isNotable(flow)) return selectIndex(state, data, index);
  }
  const where = by === 1 ? 'below' : 'above';
  return next(withNotice(state, 'info', `No refused, broken or failed flow ${where} this one.`));
}

/** The keys that jump to what was refused, broken or failed. */
export const notableHandlers = {
  'flow.nextNotable': (state, data) => toNotable(state, data, 1),
  'flow.previousNotable': (state, data) => toNotable(state, data, -1),
} satisfies Handlers;
