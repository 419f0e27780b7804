// When a process of the demo that ended is tried again.
import { expect, test } from 'vitest';
import { createRestarts } from '../../../src/app/demo/restarts.ts';

test('waits longer each time, and stops trying', () => {
  const restarts = createRestarts();
  let nowMs = 0;
  const delays = Array.from({ length: 7 }, () => restarts.next('payments', (nowMs += 1000)));
  expect(delays).toEqual([500, 1000, 2000, 4000, 8000, undefined, undefined]);
});

test('one that was well for a while begins anew, and each process counts for itself', () => {
  const restarts = createRestarts();
  for (let at = 0; at < 3; at += 1) restarts.next('payments', at);
  expect(restarts.next('cart', 3)).toBe(500);
  expect(restarts.next('payments', 40_000)).toBe(500);
});
