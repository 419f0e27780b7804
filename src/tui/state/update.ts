// The reducer: every message to the next state and what the shell shall do. Pure and total; the clock comes with ticks.
import { assertNever } from '../../core/model/assert-never.ts';
import { mutationRefusal } from './access.ts';
import type { DataView } from './data-view.ts';
import type { Handler } from './handler.ts';
import { next, withNotice } from './handler.ts';
import type { Intent, Msg, Next, PaletteCommand } from './msg.ts';
import type { AppState } from './state.ts';
import type { TextInput } from './text-input.ts';
import { editText, insertText } from './text-input.ts';
import { popDialog, replaceTop, topDialog } from './top-dialog.ts';
import { updateFeed } from './update-feed.ts';
import { applyFilter, filterHandlers, promptChanged } from './update-filter.ts';
import { moveHandlers } from './update-move.ts';
import { applyMutation, mutationHandlers } from './update-mutation.ts';
import { applyConfirm, policyHandlers } from './update-policies.ts';
import { goTo, placeHandlers } from './update-place.ts';
import { replayHandlers } from './update-replay.ts';
import { notableHandlers } from './update-notable.ts';
import { updateResult } from './update-results.ts';
import { viewHandlers } from './update-view.ts';

const appHandlers = {
  'dialog.apply': (state: AppState, data: DataView) =>
    topDialog(state)?.type === 'mutation' ? applyMutation(state, data) : applyConfirm(state),
  'app.lock': (state: AppState) => {
    if (state.access.readOnly)
      return next(withNotice(state, 'warn', mutationRefusal(state) ?? 'Started with --read-only.'));
    const locked = !state.access.locked;
    return next(
      withNotice(
        { ...state, access: { ...state.access, locked } },
        'info',
        locked ? 'Locked: nothing can be changed from here.' : 'Unlocked: policies can be changed.',
      ),
    );
  },
  'app.redraw': (state: AppState) => next(state, { type: 'redraw' }),
  'app.suspend': (state: AppState) => next(state, { type: 'suspend' }),
  'app.quit': (state: AppState) => next({ ...state, quitting: true }, { type: 'quit' }),
} satisfies Partial<Record<Intent, Handler>>;

/** Every intent has its meaning here: a missing one does not compile. */
const handlers: Readonly<Record<Intent, Handler>> = {
  ...viewHandlers,
  ...moveHandlers,
  ...notableHandlers,
  ...filterHandlers,
  ...mutationHandlers,
  ...policyHandlers,
  ...replayHandlers,
  ...placeHandlers,
  ...appHandlers,
};

/** Change the line of text that has the input: a dialog's field, the palette, or the filter prompt. */
function typed(state: AppState, data: DataView, change: (input: TextInput) => TextInput): Next<AppState> {
  const dialog = topDialog(state);
  if (dialog?.type === 'mutation' && dialog.editing) {
    const editing = { ...dialog.editing, input: change(dialog.editing.input), error: undefined };
    return next(replaceTop(state, { ...dialog, editing }));
  }
  if (dialog?.type === 'palette')
    return next(replaceTop(state, { ...dialog, input: change(dialog.input), index: 0 }));
  if (dialog || !state.filter.prompt) return next(state);
  return promptChanged(state, data, change(state.filter.prompt.input));
}

function runPalette(state: AppState, data: DataView, command: PaletteCommand): Next<AppState> {
  const closed = topDialog(state)?.type === 'palette' ? popDialog(state) : state;
  switch (command.type) {
    case 'intent':
      return handlers[command.intent](closed, data);
    case 'workload':
      return next({
        ...closed,
        screen: 'graph',
        focus: 'list',
        graph: { ...closed.graph, view: 'ego', focus: command.id, column: 'focus', row: 0 },
      });
    case 'filter':
      return applyFilter({ ...closed, screen: 'flows', focus: 'list' }, command.text);
    case 'theme':
      return next(closed, { type: 'theme.load', name: command.name });
    case 'place':
      return goTo(closed, command.place);
    default:
      return assertNever(command);
  }
}

/** A second has passed (or so): notices fade, a sorted picture is taken again while nobody is reading it paused. */
function tick(state: AppState, nowMs: AppState['nowMs']): Next<AppState> {
  const { flows, notice } = state;
  const secondPassed = Math.floor(nowMs / 1000) !== Math.floor(state.nowMs / 1000);
  const ticked: AppState = {
    ...state,
    nowMs,
    notice: notice && notice.untilMs > nowMs ? notice : undefined,
  };
  const resort = secondPassed && flows.sort.column !== 'time' && flows.heldAt === undefined;
  return resort ? next(ticked, { type: 'store.sort', sort: flows.sort, heldAt: undefined }) : next(ticked);
}

/** What was said belongs to where it was said: it goes when a screen, a dialog or the prompt opens or closes. */
function leftBehind(before: AppState, [after, effects]: Next<AppState>): Next<AppState> {
  const moved =
    after.screen !== before.screen ||
    after.dialogs.length !== before.dialogs.length ||
    (after.filter.prompt === undefined) !== (before.filter.prompt === undefined);
  return moved && after.notice !== undefined && after.notice === before.notice
    ? [{ ...after, notice: undefined }, effects]
    : [after, effects];
}

/** The next state and the effects of `msg`. `data` is the session's reading side, already up to date with feed messages. */
export function update(state: AppState, msg: Msg, data: DataView): Next<AppState> {
  switch (msg.type) {
    case 'feed':
      return updateFeed(state, msg);
    case 'intent':
      return leftBehind(state, handlers[msg.intent](state, data));
    case 'text':
      return typed(state, data, (input) => insertText(input, msg.text));
    case 'edit':
      return typed(state, data, (input) => editText(input, msg.edit));
    case 'palette':
      return leftBehind(state, runPalette(state, data, msg.command));
    case 'tick':
      return tick(state, msg.nowMs);
    case 'resize':
      return next({
        ...{ ...state, framed: msg.framed ?? false },
        ...{ columns: Math.max(1, msg.columns), rows: Math.max(1, msg.rows) },
      });
    case 'replied':
    case 'refused':
    case 'preview.progress':
    case 'preview.done':
    case 'preview.failed':
    case 'explained':
    case 'exported':
    case 'export.failed':
    case 'theme.loaded':
    case 'theme.failed':
      return updateResult(state, msg);
    default:
      return assertNever(msg);
  }
}
