// Policies in attribution order, kept from one set to the next: what is known of a policy is worked out once, and only those that are new are
// sorted in. The same answer as sorting by `byAttribution`; a property test holds the two together.
import type { PolicyName } from '../model/brand.ts';
import { expiryOf } from './compile-facts.ts';
import { nameOf } from './policy-name.ts';
import type { Policy } from './schema.ts';
import { specificityOf } from './specificity.ts';

/** A policy and what is asked of it again and again; the same object as long as it is the same policy. */
export interface KnownPolicy {
  readonly policy: Policy;
  readonly name: PolicyName;
  readonly specificity: number;
  /** Epoch ms from which it no longer holds; infinite when it does not expire. */
  readonly expiryMs: number;
}

/** Of one set after another. */
export interface AttributionOrder {
  /** In the order given; of two with one name the last counts, at the place of the first. */
  known(policies: readonly Policy[]): readonly KnownPolicy[];
  /** The most specific first, then by name; of what `known` answered, each once. */
  sorted(policies: readonly KnownPolicy[]): readonly KnownPolicy[];
}

const knowledgeOf = (policy: Policy): KnownPolicy => ({
  policy,
  name: nameOf(policy),
  specificity: specificityOf(policy),
  expiryMs: expiryOf(policy),
});

function compare(a: KnownPolicy, b: KnownPolicy): number {
  if (a.specificity !== b.specificity) return b.specificity - a.specificity;
  return a.name < b.name ? -1 : 1;
}

/** Both in order. */
function merged(one: readonly KnownPolicy[], other: readonly KnownPolicy[]): readonly KnownPolicy[] {
  if (other.length === 0) return one;
  const all: KnownPolicy[] = [];
  let at = 0;
  for (const next of other) {
    for (let left = one[at]; left !== undefined && compare(left, next) < 0; left = one[at]) {
      all.push(left);
      at += 1;
    }
    all.push(next);
  }
  return all.concat(one.slice(at));
}

/** Knows nothing yet. */
export function createAttributionOrder(): AttributionOrder {
  const memory = new WeakMap<Policy, KnownPolicy>();
  let before: readonly KnownPolicy[] = [];
  const know = (policy: Policy): KnownPolicy => {
    const known = memory.get(policy) ?? knowledgeOf(policy);
    memory.set(policy, known);
    return known;
  };
  return {
    known(policies) {
      const byName = new Map<PolicyName, KnownPolicy>();
      for (const policy of policies) {
        const known = know(policy);
        byName.set(known.name, known);
      }
      return [...byName.values()];
    },
    sorted(policies) {
      const fresh = new Set(policies);
      const kept = before.filter((one) => fresh.delete(one));
      before = merged(kept, [...fresh].sort(compare));
      return before;
    },
  };
}
