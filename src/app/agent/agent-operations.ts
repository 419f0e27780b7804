// What a terminal or a verb may ask of the agent, carried out on the policy store.
import { assertNever } from '../../core/model/assert-never.ts';
import { policyName } from '../../core/model/brand.ts';
import type { AgentStatus, Operation } from '../../core/model/feed-message.ts';
import type { PolicyStore } from '../../core/policy/store.ts';

/** Resolves with the operation's result; rejects with the store's AppError. */
export function operate(
  store: PolicyStore,
  status: () => AgentStatus,
  operation: Operation,
): Promise<unknown> {
  switch (operation.op) {
    case 'policy.apply':
      return store.apply(operation.object, { dryRun: operation.dryRun ?? false });
    case 'policy.remove':
      return store.remove(policyName(operation.name));
    case 'policy.undo':
      return store.undo();
    case 'policy.list':
      return Promise.resolve(store.entries());
    case 'status':
      return Promise.resolve(status());
    default:
      return assertNever(operation);
  }
}
