// Small facts about a policy that compiling needs in more than one place.
import type { FlowPolicy } from './schema.ts';

/** Epoch ms from which the policy no longer holds; infinite when it does not expire. */
export const expiryOf = (policy: FlowPolicy): number =>
  policy.spec.expiresAt === undefined ? Infinity : Date.parse(policy.spec.expiresAt);

/** One header with one value, as counted for selectivity. */
export const headerUseKey = (name: string, value: string): string => `${name.toLowerCase()}\n${value}`;
