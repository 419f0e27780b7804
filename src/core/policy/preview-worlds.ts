// The two sides of a preview: the set of policies as it is and as it would be, each compiled for the evaluator that enforces.
import type { Millis, PolicyName } from '../model/brand.ts';
import { millis } from '../model/brand.ts';
import type { Decision } from '../model/exchange.ts';
import { createBuckets, type ThrottleBuckets } from './buckets.ts';
import { expiryOf, withoutExpiry } from './compile-facts.ts';
import { compilePolicies } from './compile.ts';
import { newDecision } from './decision.ts';
import { createEvaluator, type Evaluator } from './evaluator.ts';
import type { Policy } from './schema.ts';
import { selects, type ScopeIdentity } from './scope.ts';
import { nameOf } from './policy-name.ts';

/** What is tried out. */
export type PolicyChange =
  { readonly type: 'add'; readonly policy: Policy } | { readonly type: 'remove'; readonly name: PolicyName };

/** One side of the comparison. */
export interface World {
  /** By the index that decisions name. */
  readonly policies: readonly Policy[];
  readonly evaluator: Evaluator;
  /** Reused for every flow. */
  readonly out: Decision;
}

/** Before and after the change. A policy that stays is the same object in both. */
export interface WorldSets {
  readonly before: readonly Policy[];
  readonly after: readonly Policy[];
}

const nameOfChange = (change: PolicyChange): string =>
  change.type === 'add' ? nameOf(change.policy) : change.name;

/** The policy that a change is about: the one that would come, or the one of `current` that would go. */
export function changedPolicy(change: PolicyChange, current: readonly Policy[]): Policy | undefined {
  if (change.type === 'add') return change.policy;
  return current.findLast((policy) => nameOf(policy) === change.name);
}

/** Without those that have expired; the others are to hold for as long as is asked about. */
export const timeless = (policies: readonly Policy[], nowMs: Millis): readonly Policy[] =>
  policies.filter((policy) => nowMs < expiryOf(policy)).map(withoutExpiry);

/** `policies` with and without the change; what is added holds for as long as is asked about. */
export function setsAround(policies: readonly Policy[], change: PolicyChange, nowMs: Millis): WorldSets {
  const name = nameOfChange(change);
  const others = policies.filter((policy) => nameOf(policy) !== name);
  const old = policies.findLast((policy) => nameOf(policy) === name);
  return {
    before: old === undefined ? others : [...others, old],
    after: change.type === 'add' ? [...others, ...timeless([change.policy], nowMs)] : others,
  };
}

/** `buckets` of an earlier world of the same side, so that throttles which stay go on counting. */
export function worldOf(policies: readonly Policy[], buckets: ThrottleBuckets = createBuckets()): World {
  const snapshot = compilePolicies(policies, { generation: 0, nowMs: millis(0) });
  return {
    policies: snapshot.policies,
    evaluator: createEvaluator(snapshot.buffer, buckets),
    out: newDecision(),
  };
}

/** Whether the policy that is added or removed, on its own, selects a pair. */
export function selectorOf(policy: Policy): (who: ScopeIdentity) => boolean {
  const alone = withoutExpiry({ ...policy, spec: { ...policy.spec, mode: 'Enforce' } });
  const { tables } = worldOf([alone]).evaluator;
  return (who) => selects(tables, 0, who) !== 0;
}
