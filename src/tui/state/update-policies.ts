// Policies: reading one, removing one, undoing the newest change; both of the latter show what would be let through again.
import { policyName } from '../../core/model/brand.ts';
import type { PolicyChange } from '../../core/policy/preview.ts';
import { policyToYaml } from '../../core/policy/to-yaml.ts';
import { formatClock } from '../columns/format.ts';
import { mutationRefusal } from './access.ts';
import { withChange } from './changes.ts';
import type { DataView } from './data-view.ts';
import type { ConfirmDialog } from './dialog.ts';
import type { Handlers } from './handler.ts';
import { next, withNotice } from './handler.ts';
import { cursorPolicy } from './list-cursor.ts';
import { withKey } from './key-hint.ts';
import type { Effect, Next } from './msg.ts';
import { policyObject } from './policy-store.ts';
import type { AppState, Change } from './state.ts';
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

/** The newest change of this session that has not been undone: what the agent will most likely revert. */
function newestStanding(state: AppState): Change | undefined {
  const standing: Change[] = [];
  for (const change of state.changes) {
    if (change.state !== 'stored' || change.answer === 'unchanged') continue;
    if (change.kind !== 'undo') standing.push(change);
    else {
      const at = standing.findLastIndex((each) => each.name === change.name);
      if (at >= 0) standing.splice(at, 1);
    }
  }
  return standing.at(-1);
}

/** What reverting a change does to the policies, where that is known here. */
function inverse({ kind, answer, name, before }: Change): PolicyChange | undefined {
  if (kind === 'remove' || answer === 'replaced') return before && { type: 'add', policy: before };
  return answer === 'created' && name !== undefined ? { type: 'remove', name } : undefined;
}

function openUndo(state: AppState): Next<AppState> {
  const refusal = state.connection.kind === 'replay' ? mutationRefusal(state) : undefined;
  if (refusal !== undefined) return next(withNotice(state, 'warn', refusal));
  const change = newestStanding(state);
  const sentence =
    change === undefined
      ? 'Revert the newest change that still stands. None of this session does: the agent decides which it is.'
      : `Revert the newest change that still stands: ${change.name ?? ''}, ${change.answer} at ${formatClock(change.askedAtMs, state.utcOffsetMinutes)}.`;
  return confirm(state, { what: 'undo', name: change?.name, sentence }, change && inverse(change));
}

function openRemove(state: AppState, event: PolicyEvent | undefined): Next<AppState> {
  if (!event) return next(withNotice(state, 'warn', 'No policy under the cursor.'));
  const name = policyName(event.name);
  const sentence = `Remove ${event.name}: its file is deleted, and ${withKey(state, 'undo', 'policy.undo')} brings it back.`;
  const felt = event.state === 'active' || event.state === 'shadow';
  return confirm(state, { what: 'remove', name, sentence }, felt ? { type: 'remove', name } : undefined);
}

/** y in the confirm dialog. */
export function applyConfirm(state: AppState, data: DataView): Next<AppState> {
  const dialog = topDialog(state);
  if (dialog?.type !== 'confirm' || dialog.sending !== undefined) return next(state);
  const refusal =
    mutationRefusal(state) ??
    (dialog.preview?.type === 'running'
      ? 'Still working out what this would let through: wait for the preview.'
      : undefined);
  if (refusal !== undefined) return next(replaceTop(state, { ...dialog, refusal }));
  const tag = state.nextTag;
  const event = dialog.what === 'remove' && dialog.name ? data.policies.byName(dialog.name) : undefined;
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
      before: event && policyObject(event),
      hitsBefore: 0,
    },
  );
  const operation =
    dialog.what === 'remove' && dialog.name !== undefined
      ? ({ op: 'policy.remove', name: dialog.name } as const)
      : ({ op: 'policy.undo' } as const);
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
