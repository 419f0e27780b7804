// Flows that an enforcing policy would have refused and that passed by its enforcement: no shadow, though they are told as one. Pure.
import type { FlowEvent, PolicyEvent } from './event.ts';

/** The state of a policy as the agent last told it, by `namespace/name`; undefined for one that was not told of. */
export type StateOfPolicy = (policy: string) => PolicyEvent['state'] | undefined;

/**
 * The policy that did not reach this flow: only the tap saw it pass, and the policy that would have refused it is enforced (as of now: when
 * it was put in force is not asked). Undefined for any other flow.
 */
export function unreachedPolicy({ gear, shadow }: FlowEvent, stateOf: StateOfPolicy): string | undefined {
  const policy = gear === 'tap' ? shadow?.policy : undefined;
  return policy !== undefined && stateOf(policy) === 'active' ? policy : undefined;
}
