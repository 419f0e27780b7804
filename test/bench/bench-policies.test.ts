// The policies that the bench measures with are ones that an agent takes, and as many as it says: a rejected one would cost nothing.
import { expect, test } from 'vitest';
import { addressPolicies, byPath, pathPolicies, throttlePolicy } from '../../bench/lib/bench-policies.ts';
import { flowPolicySchema } from '../../src/core/policy/schema.ts';

test('each passes the schema of policies', () => {
  const some = [...pathPolicies(3), ...addressPolicies(300), byPath('changing', '/probe/'), throttlePolicy];
  for (const policy of some) expect(flowPolicySchema.parse(policy)).toEqual(policy);
});

test('ten thousand have ten thousand names, paths and addresses', () => {
  const [paths, addresses] = [pathPolicies(10_000), addressPolicies(10_000)];
  const distinct = (values: readonly unknown[]): number =>
    new Set(values.map((each) => JSON.stringify(each))).size;
  for (const policies of [paths, addresses])
    expect(distinct(policies.map(({ metadata }) => metadata.name))).toBe(10_000);
  expect(distinct(paths.map(({ spec }) => spec.match))).toBe(10_000);
  expect(distinct(addresses.map(({ spec }) => spec.from))).toBe(10_000);
});
