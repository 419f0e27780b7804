// What agents say of each object of test/cases/crd; test/cluster/crd.test.ts asks the API server the same.
import { expect, test } from 'vitest';
import { parsePolicy } from '../../../src/core/policy/parse-policy.ts';
import { crdCases } from '../../helpers/crd-cases.ts';

const cases = crdCases();

test.each(cases.map((row) => [row.name, row] as const))('%s', (_, { object, refused }) => {
  const parsed = parsePolicy(object);
  if (refused === undefined) {
    expect(parsed).toMatchObject({ ok: true });
    return;
  }
  expect(parsed).toMatchObject({
    ok: false,
    code: refused.code,
    message: expect.stringContaining(refused.agent) as unknown,
  });
});

test('cases have names of their own, and both kinds and both outcomes are there', () => {
  expect(new Set(cases.map(({ name }) => name)).size).toBe(cases.length);
  for (const kind of ['FlowPolicy', 'ClusterFlowPolicy'])
    expect(
      new Set(cases.filter((row) => row.kind === kind).map(({ refused }) => refused === undefined)).size,
    ).toBe(2);
});
