import { expect, test } from 'vitest';
import { createEventWindow } from '../../../src/app/agent/event-window.ts';
import type { ApiEvent } from '../../../src/core/model/event.ts';
import { sampleFinding } from '../../core/filter/samples.ts';
import { sampleFlow } from '../../helpers/sample-flow.ts';

const at = (seconds: number, latencyMs = 0): ApiEvent =>
  sampleFlow({
    id: `f-${seconds}`,
    time: new Date(Date.UTC(2026, 10, 23, 3, 0, seconds)).toISOString(),
    latencyMs,
  });
const startMs = Date.UTC(2026, 10, 23, 3, 0, 0);
const limits = { flows: 100, bytes: 1e9, findings: 10 };
const ids = (events: readonly ApiEvent[]): string[] =>
  events.flatMap((event) => (event.type === 'flow' ? [event.id] : []));

test('history gives flows in order from the given moment on', () => {
  const window = createEventWindow(limits);
  for (const second of [1, 2, 3, 4]) window.add(at(second));
  expect(ids(window.history(startMs + 3_000, undefined))).toEqual(['f-3', 'f-4']);
  expect(ids(window.history(0, undefined))).toEqual(['f-1', 'f-2', 'f-3', 'f-4']);
});

test('last keeps the newest', () => {
  const window = createEventWindow(limits);
  for (const second of [1, 2, 3]) window.add(at(second));
  expect(ids(window.history(0, 2))).toEqual(['f-2', 'f-3']);
  expect(ids(window.history(0, 0))).toEqual([]);
});

test('a flow is found by its id as long as it is held', () => {
  const window = createEventWindow(limits);
  for (let second = 0; second < 150; second++) window.add(at(second));
  expect(window.flow('f-149')).toEqual(at(149));
  expect(window.flow('f-50')).toEqual(at(50));
  expect(window.flow('f-49')).toBeUndefined();
});

test('a long request that began early and ended late does not hide those before it', () => {
  const window = createEventWindow(limits);
  window.add(at(8));
  window.add(at(1, 8_500));
  window.add(at(10));
  expect(ids(window.history(startMs + 8_000, undefined))).toEqual(['f-8', 'f-1', 'f-10']);
});

test('the number of flows is bounded however many come, and the newest stay', () => {
  const window = createEventWindow(limits);
  for (let second = 0; second < 20_000; second++) window.add(at(second));
  expect(window.size()).toBe(limits.flows);
  expect(ids(window.history(0, undefined)).at(-1)).toBe('f-19999');
});

test('the bytes held are bounded', () => {
  const window = createEventWindow({ ...limits, bytes: 10_000 });
  for (let second = 0; second < 50; second++) window.add(at(second));
  expect(window.size()).toBeLessThanOrEqual(11);
  expect(window.size()).toBeGreaterThan(5);
});

test('only the latest word on a policy and a finding is kept, and removed policies are forgotten', () => {
  const window = createEventWindow(limits);
  const policy = { type: 'policy', time: '2026-11-23T03:00:00.000Z', name: 'shop/p' } as const;
  window.add({ ...policy, state: 'active' });
  window.add({ ...policy, state: 'expired' });
  expect(window.history(0, undefined)).toEqual([{ ...policy, state: 'expired' }]);
  window.add({ ...policy, state: 'removed' });
  expect(window.history(0, undefined)).toEqual([]);
});

test('of more findings than the limit, the ones not seen for longest go first', () => {
  const window = createEventWindow({ ...limits, findings: 2 });
  for (const id of ['a', 'b', 'a', 'c']) window.add(sampleFinding({ id }));
  const held = window
    .history(0, undefined)
    .map((event) => (event.type === 'finding' ? event.id : event.type));
  expect(held).toEqual(['a', 'c']);
});

test('flows and losses are numbered as they come, the latest words on something are not', () => {
  const window = createEventWindow();
  window.add({ type: 'lost', time: new Date(0).toISOString(), where: 'feed', count: 2 });
  window.add({ type: 'policy', time: new Date(0).toISOString(), name: 'shop/p', state: 'active' });
  window.add({ type: 'lost', time: new Date(0).toISOString(), where: 'feed', count: 3 });
  expect(window.sequence()).toBe(2);
});
