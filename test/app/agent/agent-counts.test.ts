import { expect, test } from 'vitest';
import { createAgentCounts, type AgentCounts } from '../../../src/app/agent/agent-counts.ts';
import type { PolicyEvent, Verdict } from '../../../src/core/model/event.ts';

const time = '2026-11-23T03:00:00.000Z';
const verdict = (action: Verdict['action'], policy?: string): Verdict => ({
  action,
  mode: 'enforce',
  ...(policy === undefined ? {} : { policy }),
});
const policy = (name: string, state: PolicyEvent['state']): PolicyEvent => ({
  type: 'policy',
  time,
  name,
  state,
});
const hitsOf = (counts: AgentCounts, name: string): readonly number[] =>
  counts
    .read()
    .policies.filter((row) => row.policy === name)
    .flatMap(({ enforced, shadow }) => [enforced, shadow]);

test('flows are counted by verdict, hits by policy and mode', () => {
  const counts = createAgentCounts();
  counts.flow(verdict('allow'), undefined);
  counts.flow(verdict('allow'), verdict('block', 'shop/trial'));
  counts.flow(verdict('block', 'shop/b'), undefined);
  counts.flow(verdict('throttle', 'shop/t'), undefined);
  counts.flow(verdict('allow', 'shop/b'), undefined);
  counts.refused('shop/b', 40);
  expect(counts.read().flows).toEqual({ allow: 3, block: 1, throttle: 1, redact: 0 });
  expect(counts.read().kernelRefused).toBe(40);
  expect(hitsOf(counts, 'shop/b')).toEqual([42, 0]);
  expect(hitsOf(counts, 'shop/t')).toEqual([1, 0]);
  expect(hitsOf(counts, 'shop/trial')).toEqual([0, 1]);
});

test('a policy shows with 0 hits once it is in force; one that is rejected or off does not', () => {
  const counts = createAgentCounts();
  counts.event(policy('shop/a', 'active'));
  counts.event(policy('shop/s', 'shadow'));
  counts.event(policy('shop/r', 'rejected'));
  counts.event(policy('shop/o', 'off'));
  expect(counts.read().policies.map((row) => row.policy)).toEqual(['shop/a', 'shop/s', 'other']);
});

test('hits only grow, whatever becomes of the policy', () => {
  const counts = createAgentCounts();
  counts.event(policy('shop/a', 'active'));
  counts.flow(verdict('block', 'shop/a'), undefined);
  for (const state of ['removed', 'active', 'rejected', 'shadow', 'expired'] as const) {
    counts.event(policy('shop/a', state));
    expect(hitsOf(counts, 'shop/a')).toEqual([1, 0]);
  }
  counts.event(policy('shop/a', 'active'));
  counts.flow(verdict('block', 'shop/a'), undefined);
  expect(hitsOf(counts, 'shop/a')).toEqual([2, 0]);
});

test('policies beyond 200 are summed as other, and take the row of one that is gone', () => {
  const counts = createAgentCounts();
  for (let number = 0; number < 250; number++) {
    counts.event(policy(`shop/p${number}`, 'active'));
    counts.flow(verdict('block', `shop/p${number}`), undefined);
  }
  expect(counts.read().policies).toHaveLength(201);
  expect(hitsOf(counts, 'other')).toEqual([50, 0]);

  counts.event(policy('shop/p7', 'removed'));
  counts.event(policy('shop/new', 'active'));
  counts.flow(verdict('block', 'shop/new'), undefined);
  expect(hitsOf(counts, 'shop/new')).toEqual([1, 0]);
  expect(hitsOf(counts, 'shop/p7')).toEqual([]);
  expect(hitsOf(counts, 'other')).toEqual([50, 0]);
  expect(counts.read().policies).toHaveLength(201);
});

test('losses are summed by place, a bounded number of them', () => {
  const counts = createAgentCounts();
  expect(counts.read().lostBy).toEqual({ 'worker-ring': 0, details: 0 });
  for (let number = 0; number < 100; number++)
    counts.event({ type: 'lost', time, where: `place-${number}`, count: 2 });
  counts.event({ type: 'lost', time, where: 'details', count: 3 });
  counts.event({ type: 'lost', time, where: 'details', count: 4 });
  const { lostBy } = counts.read();
  expect(lostBy['details']).toBe(7);
  expect(Object.keys(lostBy).length).toBeLessThanOrEqual(33);
  expect(Object.values(lostBy).reduce((sum, count) => sum + count)).toBe(207);
});
