// Policies: reading one, removing one, undoing the newest change; both of the latter show what would be let through again.
import { policyName } from '../../core/model/brand.ts';
import type { Undone } from '../../core/model/feed-message.ts';
import type { PolicyChange } from '../../core/policy/preview.ts';
import { policyToYaml } from '../../core/policy/to-yaml.ts';
import { undoChange, undoSentence } from '../../core/policy/undo-words.ts';
import { formatClock } from '../columns/format.ts';
import { mutationRefusal } from './access.ts';
import { withChange } from './changes.ts';
import { stillWorking } from './dialog.ts';
import type { ConfirmDialog, Dialog } from './dialog.ts';
import type { Handlers } from './handler.ts';
import { next, withNotice } from './handler.ts';
import { cursorPolicy } from './list-cursor.ts';
import { withKey } from './key-hint.ts';
import { sideWords } from './other-side.ts';
import type { Effect, Next } from './msg.ts';
import { policyObject } from './policy-store.ts';
import type { AppState } from './state.ts';
import { pushDialog, replaceTop, topDialog } from './top-dialog.ts';
import type { PolicyEvent } from '../../core/model/event.ts';

/** Lines of a policy for reading: its YAML, or what is known of one that could not be read. */
export function policyLines(event: PolicyEvent): readonly string[] {
  const policy = policyObject(event);
  if (policy) return policyToYaml(policy).trimEnd().split('\n');
  const where = event.error?.file === undefined ? [] : [`# ${event.error.file}${lineText(event)}`];
  const why = event.error ? [`# ${event.error.code}: ${event.error.message}`] : [];
  const raw = event.object === undefined ? [] : JSON.stringify(event.object, undefined, 2).split('\n');
  return [...where, ...why, ...raw];
}

const lineText = (event: PolicyEvent): string =>
  event.error?.line === undefined ? '' : `:${event.error.line}`;

/** Show the policy under the cursor as YAML. */
export function openPolicy(state: AppState, event: PolicyEvent | undefined): Next<AppState> {
  if (!event) return next(state);
  return next(pushDialog(state, { type: 'text', title: event.name, lines: policyLines(event), scroll: 0 }));
}

function confirm(
  state: AppState,
  dialog: Pick<ConfirmDialog, 'what' | 'name' | 'sentence'>,
  change: PolicyChange | undefined,
): Next<AppState> {
  const rest = { ...dialog, type: 'confirm', refusal: undefined, sending: undefined } as const;
  if (change === undefined) return next(pushDialog(state, { ...rest, preview: undefined }));
  const job = state.nextTag;
  const effect: Effect = {
    type: 'preview.start',
    job,
    change,
    focusCaller: undefined,
  };
  const shown = pushDialog(
    { ...state, nextTag: job + 1 },
    { ...rest, preview: { type: 'running', job, done: 0, total: 0 } },
  );
  return next(shown, effect);
}

/** Asks the agent which change is the newest that still stands, whoever made it; the dialog waits for the answer. */
function openUndo(state: AppState): Next<AppState> {
  const refusal = state.connection.kind === 'replay' ? mutationRefusal(state) : undefined;
  if (refusal !== undefined) return next(withNotice(state, 'warn', refusal));
  const tag = state.nextTag;
  const dialog: ConfirmDialog = {
    type: 'confirm',
    what: 'undo',
    name: undefined,
    sentence: 'Revert the newest change that still stands.',
    asking: tag,
    preview: undefined,
    refusal: undefined,
    sending: undefined,
  };
  const operation = { op: 'policy.undo', dryRun: true } as const;
  return next(pushDialog({ ...state, nextTag: tag + 1 }, dialog), { type: 'feed.request', tag, operation });
}

/** What the agent would undo: said in the dialog that asked, and previewed. The same state when none asked. */
export function plannedUndo(state: AppState, tag: number, planned: Undone | undefined): Next<AppState> {
  const asked = (dialog: Dialog): dialog is ConfirmDialog =>
    dialog.type === 'confirm' && dialog.asking === tag;
  const into = (change: Partial<ConfirmDialog>): AppState['dialogs'] =>
    state.dialogs.map((dialog) => (asked(dialog) ? { ...dialog, asking: undefined, ...change } : dialog));
  if (!state.dialogs.some(asked)) return next(state);
  const change = planned && undoChange(planned);
  if (planned?.plan === undefined || change === undefined) {
    const refusal = planned
      ? `This agent is of an older version that does not look first: it has undone that at once. ${planned.name} was ${planned.change}.`
      : 'The agent did not say which change that is.';
    return next({ ...state, dialogs: into({ refusal }) });
  }
  const { plan } = planned;
  const job = state.nextTag;
  const dialogs = into({
    name: policyName(planned.name),
    sentence: undoSentence(planned, formatClock(Date.parse(plan.time), state.utcOffsetMinutes)),
    change: plan.change,
    preview: { type: 'running', job, done: 0, total: 0 },
  });
  return next(
    { ...state, dialogs, nextTag: job + 1 },
    { type: 'preview.start', job, change, focusCaller: undefined },
  );
}

function openRemove(state: AppState, event: PolicyEvent | undefined): Next<AppState> {
  if (!event) return next(withNotice(state, 'warn', 'No policy under the cursor.'));
  const name = policyName(event.name);
  const { deleted } = sideWords(state);
  const sentence = `Remove ${event.name}: ${deleted}, and ${withKey(state, 'undo', 'policy.undo')} brings it back.`;
  const felt = event.state === 'active' || event.state === 'shadow';
  return confirm(state, { what: 'remove', name, sentence }, felt ? { type: 'remove', name } : undefined);
}

/** Why it cannot be done yet, or not at all. */
function notYet({ what, asking, change, preview, refusal }: ConfirmDialog): string | undefined {
  if (asking !== undefined) return 'It is not known yet which change that is.';
  // Nothing to undo, as the agent said.
  if (what === 'undo' && change === undefined) return refusal ?? 'There is no change to undo.';
  return preview?.type === 'running' ? stillWorking.confirm : undefined;
}

/** y in the confirm dialog. */
export function applyConfirm(state: AppState): Next<AppState> {
  const dialog = topDialog(state);
  if (dialog?.type !== 'confirm' || dialog.sending !== undefined) return next(state);
  const refusal = mutationRefusal(state) ?? notYet(dialog);
  if (refusal !== undefined) return next(replaceTop(state, { ...dialog, refusal }));
  const tag = state.nextTag;
  const asked = withChange(
    { ...replaceTop(state, { ...dialog, refusal: undefined, sending: tag }), nextTag: tag + 1 },
    {
      tag,
      kind: dialog.what,
      name: dialog.name,
      action: undefined,
      mode: undefined,
      askedAtMs: state.nowMs,
      state: 'sent',
      answer: '',
      hitsBefore: 0,
    },
  );
  const operation =
    dialog.what === 'remove' && dialog.name !== undefined
      ? ({ op: 'policy.remove', name: dialog.name } as const)
      : ({ op: 'policy.undo', ...(dialog.change !== undefined && { change: dialog.change }) } as const);
  return next(asked, { type: 'feed.request', tag, operation });
}

/** The keys of the policies screen, and undo. */
export const policyHandlers = {
  'policy.yaml': (state, data) =>
    topDialog(state) || state.screen !== 'policies'
      ? next(state)
      : openPolicy(state, cursorPolicy(state, data)),
  'policy.remove': (state, data) =>
    topDialog(state) || state.screen !== 'policies'
      ? next(state)
      : openRemove(state, cursorPolicy(state, data)),
  'policy.undo': (state) => (topDialog(state) ? next(state) : openUndo(state)),
} satisfies Handlers;
