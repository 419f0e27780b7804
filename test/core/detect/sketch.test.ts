// The memories that windows are made of, against a plain model.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import {
  createRecentSet,
  createRunTracker,
  createSlidingCount,
  hashText,
} from '../../../src/core/detect/sketch.ts';

const steps = fc.array(fc.tuple(fc.integer({ min: 0, max: 400 }), fc.integer({ min: 0, max: 20 })), {
  maxLength: 80,
});

test('a recent set has the members of the last window, to a sixtieth of it', () => {
  fc.assert(
    fc.property(steps, (added) => {
      const set = createRecentSet(1000, 1000);
      const seen = new Map<number, number>();
      let nowMs = 0;
      let grown = 0;
      for (const [waited, value] of added) {
        nowMs += waited;
        grown += set.add(value, nowMs);
        seen.set(value, nowMs);
        expect(grown).toBe(set.held());
        const within = (ms: number): number =>
          [...seen.values()].filter((seenMs) => nowMs - seenMs <= ms).length;
        const size = set.size(nowMs);
        expect(size).toBeGreaterThanOrEqual(within(1000 - 1000 / 60));
        expect(size).toBeLessThanOrEqual(within(1000));
        grown = set.held();
      }
    }),
  );
});

test('a member that is seen again within a sixtieth of the window keeps its age, and leaves that much early', () => {
  const set = createRecentSet(600, 100);
  set.add(3, 0);
  set.add(3, 9);
  expect(set.size(600)).toBe(1);
  expect(set.size(601)).toBe(0);
  set.add(4, 1000);
  set.add(4, 1010);
  expect(set.size(1610)).toBe(1);
});

test('a recent set never holds more than its limit and keeps the newest', () => {
  const set = createRecentSet(1000, 8);
  for (let value = 0; value < 100; value += 1) set.add(value, value);
  expect(set.held()).toBe(8);
  expect(set.add(99, 100)).toBe(0);
  expect(set.add(1, 100)).toBe(0);
  expect(set.held()).toBe(8);
});

test('the peak is that of closed windows, without those under suspicion', () => {
  const set = createRecentSet(1000, 100);
  for (let value = 0; value < 5; value += 1) set.add(value, value);
  expect(set.peak()).toEqual({ highest: 0, windows: 0 });
  set.add(0, 1500);
  expect(set.peak()).toEqual({ highest: 5, windows: 1 });
  for (let value = 0; value < 50; value += 1) set.add(value, 1600);
  set.taint(1600);
  set.add(0, 3000);
  expect(set.peak()).toEqual({ highest: 5, windows: 1 });
});

test('a sliding count is the sum of the last window, to a sixth of it', () => {
  fc.assert(
    fc.property(steps, (added) => {
      const count = createSlidingCount(600);
      const all: [number, number][] = [];
      let nowMs = 0;
      for (const [waited, amount] of added) {
        nowMs += waited;
        count.add(amount, nowMs);
        all.push([nowMs, amount]);
        const within = (ms: number): number =>
          all.filter(([atMs]) => nowMs - atMs < ms).reduce((sum, [, value]) => sum + value, 0);
        expect(count.total(nowMs)).toBeGreaterThanOrEqual(within(500));
        expect(count.total(nowMs)).toBeLessThanOrEqual(within(600));
      }
    }),
  );
});

test('a run is as long as its steps are small, whichever way they go, and is forgotten', () => {
  const run = createRunTracker(1000);
  [1, 2, 4, 3, 5, 5, 6].forEach((value, index) => run.add(value, index));
  expect(run.longest(10)).toBe(6);
  run.add(500, 11);
  run.add(501, 12);
  expect(run.longest(12)).toBe(6);
  expect(run.longest(5000)).toBe(0);
});

test('hashes differ by text and by seed', () => {
  const texts = Array.from({ length: 20_000 }, (_, index) => `order-${index}`);
  expect(new Set(texts.map((text) => hashText(text, 1))).size).toBeGreaterThan(19_995);
  expect(hashText('a', 1)).not.toBe(hashText('a', 2));
});
