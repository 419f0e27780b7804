// Small facts about a policy that compiling needs in more than one place.
import type { Policy } from './schema.ts';

/** Epoch ms from which the policy no longer holds; infinite when it does not expire. */
export const expiryOf = (policy: Policy): number =>
  policy.spec.expiresAt === undefined ? Infinity : Date.parse(policy.spec.expiresAt);

/** The same policy, never expiring: for questions about what it would do, whenever that is. */
export function withoutExpiry(policy: Policy): Policy {
  const { expiresAt, ...spec } = policy.spec;
  return expiresAt === undefined ? policy : { ...policy, spec };
}

/** One header with one value, as counted for selectivity. */
export const headerUseKey = (name: string, value: string): string => `${name.toLowerCase()}\n${value}`;
