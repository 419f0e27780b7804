// Which policies the agent has told of, so that those removed while the connection was down can be told as removed. Pure.
// Rests on the server's promise that history carries every policy that still stands.
import type { ApiEvent, PolicyEvent } from '../../core/model/event.ts';
import { policyCountLimit } from '../../core/policy/store.ts';

/** Names of the policies that stand, as far as events told. */
export interface StandingPolicies {
  note(events: readonly ApiEvent[]): void;
  /** From now on, what is noted counts as still standing. */
  beginCheck(): void;
  /** The policies that were not mentioned since `beginCheck`, as removed; they are forgotten. */
  endCheck(time: string): readonly PolicyEvent[];
}

/** Names beyond this are not followed: valid and rejected ones of a full store; a hostile server gets no more memory. */
const nameLimit = 2 * policyCountLimit;

/** None stands yet. */
export function createStandingPolicies(): StandingPolicies {
  const names = new Set<string>();
  let unmentioned = new Set<string>();
  return {
    note(events) {
      for (const event of events) {
        if (event.type !== 'policy') continue;
        unmentioned.delete(event.name);
        if (event.state === 'removed') names.delete(event.name);
        else if (names.size < nameLimit) names.add(event.name);
      }
    },
    beginCheck() {
      unmentioned = new Set(names);
    },
    endCheck(time) {
      const gone = [...unmentioned];
      unmentioned = new Set();
      for (const name of gone) names.delete(name);
      return gone.map((name): PolicyEvent => ({ type: 'policy', time, name, state: 'removed' }));
    },
  };
}
