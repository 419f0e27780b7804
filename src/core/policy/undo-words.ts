// What undoing would do, as a change that a preview judges and as a sentence; from the agent's dry run, the same in the shell and
// in the terminal. Pure.
import { policyName } from '../model/brand.ts';
import type { Undone } from '../model/feed-message.ts';
import type { PolicyChange } from './preview.ts';

/** What a preview is to judge; undefined where the agent told no plan. */
export function undoChange({ name, plan }: Undone): PolicyChange | undefined {
  if (plan === undefined) return undefined;
  return plan.after === undefined
    ? { type: 'remove', name: policyName(name) }
    : { type: 'add', policy: plan.after };
}

/** Which change would be reverted and what that does; `madeAt` is the time of that change as it is shown to people. */
export function undoSentence({ name, change }: Undone, madeAt: string): string {
  switch (change) {
    case 'removed':
      return `Undo removes ${name}, which was created at ${madeAt}.`;
    case 'created':
      return `Undo brings back ${name}, which was removed at ${madeAt}.`;
    case 'replaced':
      return `Undo puts ${name} back as it was before it was replaced at ${madeAt}.`;
  }
}
