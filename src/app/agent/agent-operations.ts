// What a terminal or a verb may ask of the agent, carried out on the policy store.
import { assertNever } from '../../core/model/assert-never.ts';
import type { PolicyMask } from '../../core/mask/mask-policy.ts';
import { policyName } from '../../core/model/brand.ts';
import type { AgentStatus, Operation } from '../../core/model/feed-message.ts';
import type { PolicyStore, StoredPolicy } from '../../core/policy/store.ts';

/** What operations act on. */
export interface Operated {
  readonly store: PolicyStore;
  readonly status: () => AgentStatus;
  /** Clients hold masked policies: one that comes back means the real one. */
  readonly mask: PolicyMask;
}

/** Resolves with the operation's result; rejects with the store's AppError. */
export function operate({ store, status, mask }: Operated, operation: Operation): Promise<unknown> {
  switch (operation.op) {
    case 'policy.apply':
      return store.apply(mask.restore(operation.object), { dryRun: operation.dryRun ?? false });
    case 'policy.remove':
      return store.remove(policyName(operation.name));
    case 'policy.undo':
      return store.undo();
    case 'policy.list':
      return Promise.resolve(store.entries().map((entry) => told(entry, mask)));
    case 'status':
      return Promise.resolve(status());
    default:
      return assertNever(operation);
  }
}

/** An entry as a client may see it. */
function told(entry: StoredPolicy, mask: PolicyMask): StoredPolicy {
  if (entry.type !== 'rejected') return { ...entry, policy: mask.mask(entry.policy) };
  const { type, name, rejection } = entry;
  const message = mask.text(rejection.message);
  return { type, ...(name === undefined ? {} : { name }), rejection: { ...rejection, message } };
}
