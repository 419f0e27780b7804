// What is said of a policy when its rules stand in all, some or none of the pods that were meant.
import { expect, test } from 'vitest';
import { enforcementOf, type PodFacts } from '../../../src/core/plan/enforcement.ts';
import type { PlanStatement } from '../../../src/core/plan/node-plan.ts';

const planned: PlanStatement = {
  policy: 'shop/p',
  state: 'enforced',
  gears: ['kernel'],
  atDestination: ['shop/a', 'shop/b'],
  atSource: ['shop/b'],
  sentence: 'Refused by address in the kernel at the destination, in shop/a and shop/b.',
};

const facts = (change: Partial<PodFacts>): PodFacts => ({
  ...{ inPlace: () => true, why: () => '', outside: () => 0 },
  ...change,
});

test('rules that stand everywhere are enforced, each pod counted once', () => {
  expect(enforcementOf(planned, facts({}))).toEqual({
    ...{ state: 'enforced', gears: ['kernel'], inPlace: 2, meant: 2, outside: 0 },
    sentence: planned.sentence,
  });
});

test('rules that stand in some pods are partly enforced, and the reason is told', () => {
  const told = enforcementOf(
    planned,
    facts({ inPlace: (pod) => pod === 'shop/a', why: () => 'no namespace with its address is there yet' }),
  );
  expect(told).toMatchObject({ state: 'partly', inPlace: 1, meant: 2 });
  expect(told.sentence).toMatch(/Not in place in shop\/b: no namespace with its address is there yet\.$/);
});

test('rules that stand nowhere are pending, whatever the plan said', () => {
  const told = enforcementOf({ ...planned, state: 'partly' }, facts({ inPlace: () => false }));
  expect(told).toMatchObject({ state: 'pending', inPlace: 0 });
  expect(told.sentence).toMatch(/Not in place in shop\/a and shop\/b\.$/);
});

test('connections that it does not reach are summed over the pods', () => {
  const outside = (pod: string, policy: string): number => (policy === 'shop/p' && pod === 'shop/b' ? 3 : 0);
  expect(enforcementOf(planned, facts({ outside })).sentence).toMatch(
    /3 open connections are still outside\.$/,
  );
  expect(enforcementOf(planned, facts({ outside })).outside).toBe(3);
});

test('a policy that is planned nowhere keeps its state', () => {
  const idle: PlanStatement = { ...planned, state: 'idle', gears: [], atDestination: [], atSource: [] };
  expect(enforcementOf(idle, facts({ inPlace: () => false }))).toMatchObject({ state: 'idle', meant: 0 });
});
