// What the wider scopes of a draft would catch, worked out once the draft's own preview is done: a block of one path that
// flips next to nothing says so, and which key widens it. Knows what to preview, not how.
import { workloadOf } from '../../core/model/workload-key.ts';
import type { DraftScope } from '../../core/policy/draft.ts';
import type { Dialog, MutationDialog, WiderScope } from './dialog.ts';
import type { Effect } from './msg.ts';
import { draftFor, scopesOf } from './mutation-draft.ts';
import type { AppState } from './state.ts';

/** Scopes beyond that of the draft, in the order of the key that widens it. */
export function scopesBeyond({ flow, scope }: Pick<MutationDialog, 'flow' | 'scope'>): readonly DraftScope[] {
  const scopes = scopesOf(flow);
  return scopes.slice(scopes.indexOf(scope) + 1);
}

/** The jobs of a dialog that nobody needs once it is closed or drafted anew. */
export function runningJobs(dialog: Dialog | undefined): readonly Effect[] {
  if (dialog?.type !== 'mutation' && dialog?.type !== 'confirm') return [];
  const own = dialog.preview?.type === 'running' ? [dialog.preview.job] : [];
  const wider = dialog.type === 'mutation' ? dialog.wider : [];
  const waiting = wider.filter(({ flips }) => flips === undefined).map(({ job }) => job);
  return [...own, ...waiting].map((job) => ({ type: 'preview.cancel', job }));
}

/** Previews of the wider scopes that a policy can say, and the dialog that awaits them. */
export function previewWider(
  state: AppState,
  dialog: MutationDialog,
): readonly [AppState, MutationDialog, readonly Effect[]] {
  const drafts = scopesBeyond(dialog).flatMap((scope) => {
    const drafted = draftFor(state, { ...dialog, scope }, dialog);
    return drafted.ok ? [{ scope, policy: drafted.policy }] : [];
  });
  const first = state.nextTag;
  const wider = drafts.map(({ scope }, index): WiderScope => ({
    scope,
    job: first + index,
    flips: undefined,
    total: undefined,
  }));
  const effects = drafts.map(({ policy }, index): Effect => ({
    type: 'preview.start',
    job: first + index,
    change: { type: 'add', policy },
    focusCaller: workloadOf(dialog.flow.source),
  }));
  return [{ ...state, nextTag: first + drafts.length }, { ...dialog, wider }, effects];
}
