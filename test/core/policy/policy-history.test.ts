// The set of policies as a recording's events tell it.
import { expect, test } from 'vitest';
import type { PolicyEvent } from '../../../src/core/model/event.ts';
import { createPolicyHistory } from '../../../src/core/policy/policy-history.ts';
import { policy, without } from './build.ts';

const event = (more: Partial<PolicyEvent> = {}): PolicyEvent => ({
  type: 'policy',
  time: '2026-11-23T12:00:00.000Z',
  name: 'shop/p',
  state: 'active',
  object: policy({}),
  ...more,
});
const other = policy({ http: { paths: ['/other'] } });

test('a policy comes, changes and goes', () => {
  const history = createPolicyHistory();
  expect(history.take(event())).toBe(true);
  expect(history.policies()).toEqual([policy({})]);
  expect(history.take(event({ state: 'shadow', object: other }))).toBe(true);
  expect(history.policies()).toEqual([other]);
  expect(history.take(event({ state: 'removed' }))).toBe(true);
  expect(history.policies()).toEqual([]);
});

test('counters that move change nothing, with or without the object', () => {
  const history = createPolicyHistory();
  history.take(event());
  expect(history.take(event({ hits: 5 }))).toBe(false);
  expect(history.take({ ...without(event(), 'object'), hits: 6 })).toBe(false);
  expect(history.policies()).toEqual([policy({})]);
});

test.each(['expired', 'removed', 'rejected'] as const)(
  '%s is not loaded, whatever object comes with it',
  (state) => {
    const history = createPolicyHistory();
    expect(history.take(event({ state }))).toBe(false);
    history.take(event());
    expect(history.take(event({ state }))).toBe(true);
    expect(history.policies()).toEqual([]);
  },
);

test.each([[{ kind: 'Odd' }], [null], ['text'], [{ ...policy({}), spec: { mode: 'Enforce' } }]])(
  'an object that no agent would load is not loaded: %j',
  (object) => {
    const history = createPolicyHistory();
    expect(history.take(event({ object }))).toBe(false);
    expect(history.policies()).toEqual([]);
  },
);
