// What a terminal or a verb may ask of the agent, carried out on the policy store.
import { AppError } from '../../core/model/app-error.ts';
import { assertNever } from '../../core/model/assert-never.ts';
import type { PolicyMask } from '../../core/mask/mask-policy.ts';
import { policyName } from '../../core/model/brand.ts';
import type { AgentStatus, Applied, Operation, Undone } from '../../core/model/feed-message.ts';
import type { NodeStatus } from '../../core/model/node-status.ts';
import type { PolicyStore, StoredPolicy } from '../../core/policy/store.ts';

/** What operations act on. */
export interface Operated {
  readonly store: PolicyStore;
  readonly status: () => AgentStatus;
  /** Undefined of an agent that works by explicit listeners. */
  readonly node: (() => NodeStatus) | undefined;
  /** Clients hold masked policies: one that comes back means the real one. */
  readonly mask: PolicyMask;
}

/** Resolves with the operation's result; rejects with the store's AppError. */
export function operate(operated: Operated, operation: Operation): Promise<unknown> {
  const { store, status, mask } = operated;
  switch (operation.op) {
    case 'policy.apply':
      return applied(store, mask, operation);
    case 'policy.remove':
      return store.remove(policyName(operation.name));
    case 'policy.undo':
      return undone(store, mask, operation);
    case 'policy.list':
      return Promise.resolve(store.entries().map((entry) => told(entry, mask)));
    case 'status':
      return Promise.resolve(status());
    case 'node':
      return operated.node === undefined ? Promise.reject(notANode()) : Promise.resolve(operated.node());
    case 'nodes':
      return Promise.reject(notAHub());
    default:
      return assertNever(operation);
  }
}

const notANode = (): AppError =>
  new AppError({
    code: 'NOT_A_NODE',
    family: 'notFound',
    message: 'This agent stands in front of explicit listeners; it has no node to tell of.',
    hint: 'Ask an agent that was started with --node.',
  });

const notAHub = (): AppError =>
  new AppError({
    code: 'NOT_A_HUB',
    family: 'notFound',
    message: 'This agent knows its own node alone.',
    hint: 'Ask the hub of the cluster: --connect cluster:.',
  });

type Apply = Extract<Operation, { op: 'policy.apply' }>;

/** What was written is told as masked as it came. */
async function applied(store: PolicyStore, mask: PolicyMask, { object, dryRun }: Apply): Promise<Applied> {
  const done = await store.apply(mask.restore(object), { dryRun: dryRun ?? false });
  return done.object === undefined ? done : { ...done, object: mask.mask(done.object) };
}

type Undo = Extract<Operation, { op: 'policy.undo' }>;

/** A plan is told masked, as everything is. */
async function undone(store: PolicyStore, mask: PolicyMask, { dryRun, change }: Undo): Promise<Undone> {
  const done = await store.undo({ dryRun: dryRun ?? false, ...(change === undefined ? {} : { change }) });
  if (done.plan === undefined) return done;
  const { before, after, ...plan } = done.plan;
  return {
    ...done,
    plan: {
      ...plan,
      ...(before === undefined ? {} : { before: mask.mask(before) }),
      ...(after === undefined ? {} : { after: mask.mask(after) }),
    },
  };
}

/** An entry as a client may see it. */
function told(entry: StoredPolicy, mask: PolicyMask): StoredPolicy {
  if (entry.type !== 'rejected') return { ...entry, policy: mask.mask(entry.policy) };
  const { type, name, rejection } = entry;
  const message = mask.text(rejection.message);
  return { type, ...(name === undefined ? {} : { name }), rejection: { ...rejection, message } };
}
