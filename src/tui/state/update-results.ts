// Results of effects: what the agent answered, how a preview goes, why a flow was let through, what was written.
import { policyName } from '../../core/model/brand.ts';
import { appliedSchema, undoneSchema } from '../../core/model/feed-message.ts';
import { changeOf, updateChange } from './changes.ts';
import { stillWorking } from './dialog.ts';
import type { Dialog, DraftCheck, MutationDialog, PreviewState } from './dialog.ts';
import { withEvidence } from './evidence.ts';
import { next, withNotice } from './handler.ts';
import type { Effect, Msg, Next, Refusal } from './msg.ts';
import type { AppState, Change } from './state.ts';
import { plannedUndo } from './update-policies.ts';
import { previewWider, runningJobs } from './wider-scopes.ts';

type DoneMsg = Extract<Msg, { type: 'preview.done' }>;

const sentence = (error: Refusal): string =>
  error.hint === '' ? error.message : `${error.message} ${error.hint}`;

/** Change every dialog; the same array when none changed. */
function mapDialogs(state: AppState, map: (dialog: Dialog) => Dialog): AppState {
  const dialogs = state.dialogs.map(map);
  return dialogs.every((dialog, index) => dialog === state.dialogs[index]) ? state : { ...state, dialogs };
}

/** The preview of job `job`, wherever it is shown. Once it has ended, nobody is told any more to wait for it. */
function withPreview(state: AppState, job: number, preview: PreviewState): AppState {
  return mapDialogs(state, (dialog) => {
    if ((dialog.type !== 'mutation' && dialog.type !== 'confirm') || dialog.preview?.job !== job)
      return dialog;
    const waited = preview.type !== 'running' && dialog.refusal === stillWorking[dialog.type];
    return { ...dialog, preview, ...(waited && { refusal: undefined }) };
  });
}

/** The dialog with what one of its wider scopes would have caught. */
function withWider(dialog: MutationDialog, { job, result }: DoneMsg): MutationDialog {
  const wider = dialog.wider.map((each) =>
    each.job === job ? { ...each, flips: result.flips, total: result.total } : each,
  );
  return { ...dialog, wider };
}

/** A wider scope that cannot be previewed is not offered with a number. */
function withoutWider(state: AppState, job: number): AppState {
  return mapDialogs(state, (dialog) =>
    dialog.type === 'mutation' && dialog.wider.some((each) => each.job === job)
      ? { ...dialog, wider: dialog.wider.filter((each) => each.job !== job) }
      : dialog,
  );
}

/** A preview is done: a draft's own is followed by those of its wider scopes. */
function previewDone(state: AppState, msg: DoneMsg): Next<AppState> {
  const shown = withPreview(state, msg.job, { type: 'done', job: msg.job, result: msg.result });
  let following: AppState = shown;
  const effects: Effect[] = [];
  const dialogs = shown.dialogs.map((dialog): Dialog => {
    if (dialog.type !== 'mutation') return dialog;
    if (dialog.preview.job !== msg.job) return withWider(dialog, msg);
    const [tagged, waiting, asked] = previewWider(following, withEvidence(shown, dialog, msg.result));
    following = tagged;
    effects.push(...asked);
    return waiting;
  });
  return next({ ...following, dialogs }, ...effects);
}

const isSending = (dialog: Dialog, tag: number): boolean =>
  (dialog.type === 'mutation' || dialog.type === 'confirm') && dialog.sending === tag;

function answerOf(change: Change, result: unknown): Partial<Change> {
  const parsed = (change.kind === 'undo' ? undoneSchema : appliedSchema).safeParse(result);
  return parsed.success
    ? { answer: parsed.data.change, name: policyName(parsed.data.name) }
    : { answer: 'answered in words this version does not know' };
}

/** What became of the question whether the API server would take a draft; the same state when none asked. */
function withCheck(state: AppState, tag: number, refusal: string | undefined): AppState {
  return mapDialogs(state, (dialog) => {
    if (dialog.type !== 'mutation' || dialog.check?.tag !== tag) return dialog;
    const waited = dialog.refusal === stillWorking.check && { refusal: undefined };
    const check: DraftCheck =
      refusal === undefined ? { type: 'accepted', tag } : { type: 'refused', tag, text: refusal };
    // Why it is refused stands at the top of what scrolls.
    return { ...dialog, check, ...waited, ...(refusal === undefined ? {} : { scroll: 0 }) };
  });
}

function replied(state: AppState, msg: Extract<Msg, { type: 'replied' }>): Next<AppState> {
  const change = changeOf(state, msg.tag);
  const checked = withCheck(state, msg.tag, undefined);
  if (checked !== state) return next(checked);
  if (!change) return plannedUndo(state, msg.tag, undoneSchema.safeParse(msg.result).data);
  const stored = updateChange(state, msg.tag, { state: 'stored', ...answerOf(change, msg.result) });
  const done = stored.dialogs.filter((dialog) => isSending(dialog, msg.tag));
  return next(
    { ...stored, dialogs: stored.dialogs.filter((dialog) => !isSending(dialog, msg.tag)) },
    ...done.flatMap(runningJobs),
  );
}

function refused(state: AppState, msg: Extract<Msg, { type: 'refused' }>): Next<AppState> {
  const text = sentence(msg.error);
  const checked = withCheck(state, msg.tag, text);
  if (checked !== state) return next(checked);
  const told = updateChange(state, msg.tag, { state: 'refused', answer: text });
  const answered = mapDialogs(told, (dialog) => {
    if (dialog.type === 'confirm' && dialog.asking === msg.tag)
      return { ...dialog, asking: undefined, refusal: text };
    return (dialog.type === 'mutation' || dialog.type === 'confirm') && dialog.sending === msg.tag
      ? { ...dialog, sending: undefined, refusal: text }
      : dialog;
  });
  // Nobody waits for it in a dialog.
  return next(answered === told ? withNotice(told, 'bad', text) : answered);
}

type Result = Exclude<Msg, { type: 'feed' | 'intent' | 'text' | 'edit' | 'palette' | 'tick' | 'resize' }>;

/** The state after an effect's result. */
export function updateResult(state: AppState, msg: Result): Next<AppState> {
  switch (msg.type) {
    case 'replied':
      return replied(state, msg);
    case 'refused':
      return refused(state, msg);
    case 'preview.progress':
      return next(
        withPreview(state, msg.job, { type: 'running', job: msg.job, done: msg.done, total: msg.total }),
      );
    case 'preview.done':
      return previewDone(state, msg);
    case 'preview.failed':
      return next(
        withoutWider(
          withPreview(state, msg.job, { type: 'failed', job: msg.job, message: msg.message }),
          msg.job,
        ),
      );
    case 'explained':
      return next({
        ...state,
        detail: { ...state.detail, explained: { id: msg.id, explanation: msg.explanation } },
      });
    case 'exported':
      return next(withNotice(state, 'good', `Written to ${msg.path}.`));
    case 'export.failed':
    case 'theme.failed':
      return next(withNotice(state, 'bad', sentence(msg.error)));
    case 'theme.loaded':
      return next({ ...state, themeName: msg.name });
  }
}
