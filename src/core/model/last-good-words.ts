// How it is told that a policy stands although what is written of it now is rejected: the same words in a list, a pane and a status.
import type { AgentStatus } from './feed-message.ts';
import type { PolicyEvent } from './event.ts';

/** Why a policy was rejected; of one that stands, that it is its last good version, since when and why. '' when neither is so. */
export function rejectionWords({ state, error }: Pick<PolicyEvent, 'state' | 'error'>): string {
  if (error === undefined || state === 'rejected') return error?.message ?? '';
  const since = error.since === undefined ? '' : ` since ${error.since}`;
  return `Its last good version is in force${since}, because of this: ${error.message}`;
}

/** Of an agent's status; undefined when there is nothing to be said. */
export function lastGoodText({ lastGood }: Pick<AgentStatus, 'lastGood'>): string | undefined {
  if (lastGood === undefined) return undefined;
  const { standing, unkept } = lastGood;
  const policies =
    standing === 1
      ? '1 policy stands in its last good version'
      : `${standing} policies stand in their last good version`;
  const sentences = [
    ...(standing === 0 ? [] : [`${policies.toUpperCase()} (kubectl api-defense policies says why)`]),
    ...(unkept === undefined ? [] : [`last good versions may not survive a restart: ${unkept}`]),
  ];
  return sentences.length === 0 ? undefined : sentences.join('; ');
}
