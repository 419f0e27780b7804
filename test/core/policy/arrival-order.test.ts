// What is held back, and what no longer is.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createArrivalOrder, type ArrivalLimits } from '../../../src/core/policy/arrival-order.ts';

function orderOf(times: readonly number[], limits?: ArrivalLimits): { at: number[]; waiting: number } {
  const at: number[] = [];
  const order = createArrivalOrder<number>((time) => void at.push(time), limits);
  for (const time of times) order.push(time, time);
  const waiting = times.length - at.length;
  order.flush();
  return { at, waiting };
}

test('what comes late is put where it belongs', () => {
  expect(orderOf([1, 5, 2, 4, 3]).at).toEqual([1, 2, 3, 4, 5]);
});

test('of equal times the first comes first', () => {
  const told: string[] = [];
  const order = createArrivalOrder<string>((name) => void told.push(name));
  for (const name of ['a', 'b', 'c']) order.push(name, 7);
  order.push('early', 6);
  order.flush();
  expect(told).toEqual(['early', 'a', 'b', 'c']);
});

test('no more is held than the limit, and what is too late is told last', () => {
  const limits = { items: 2, heldMs: 1_000 };
  expect(orderOf([1, 2, 3, 4], limits).waiting).toBe(2);
  expect(orderOf([10, 20, 30, 1], limits).at).toEqual([10, 1, 20, 30]);
  expect(orderOf([10, 20, 30, 40, 1], limits).at).toEqual([10, 20, 1, 30, 40]);
});

test('what is far behind the latest time is let go', () => {
  expect(orderOf([1, 2, 500, 1_600], { items: 100, heldMs: 1_000 })).toEqual({
    at: [1, 2, 500, 1_600],
    waiting: 1,
  });
});

test('what is no time counts as the latest seen', () => {
  const told: string[] = [];
  const order = createArrivalOrder<string>((name) => void told.push(name));
  order.push('odd', Number.NaN);
  order.push('b', 20);
  order.push('odder', Number.NaN);
  order.push('a', 10);
  order.flush();
  expect(told).toEqual(['odd', 'a', 'b', 'odder']);
});

test('everything comes out once; in order when nothing is later than is waited for', () => {
  const late = fc.array(fc.integer({ min: 0, max: 40 }), { maxLength: 4_000 });
  fc.assert(
    fc.property(late, (delays) => {
      const times = delays.map((delay, at) => at * 2 - delay);
      expect(orderOf(times, { items: 50, heldMs: 100_000 }).at).toEqual(times.toSorted((a, b) => a - b));
    }),
    { numRuns: 50 },
  );
});
