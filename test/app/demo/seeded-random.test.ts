import { expect, test } from 'vitest';
import { createRandom } from '../../../src/app/demo/seeded-random.ts';

const drawn = (seed: number): number[] => {
  const random = createRandom(seed);
  return Array.from({ length: 50 }, () => random.int(0, 1_000_000));
};

test('the same seed draws the same numbers, another seed others', () => {
  expect(drawn(7)).toEqual(drawn(7));
  expect(drawn(7)).not.toEqual(drawn(8));
});

test('a fork depends on seed and name only, not on what was drawn before', () => {
  const untouched = createRandom(3).fork('people').int(0, 1_000_000);
  const used = createRandom(3);
  for (let i = 0; i < 10; i++) used.next();
  expect(used.fork('people').int(0, 1_000_000)).toBe(untouched);
  expect(used.fork('products').int(0, 1_000_000)).not.toBe(untouched);
});

test('int includes both ends and nothing beyond', () => {
  const random = createRandom(1);
  const seen = new Set(Array.from({ length: 500 }, () => random.int(3, 6)));
  expect([...seen].sort()).toEqual([3, 4, 5, 6]);
});

test('numbers spread evenly enough to plan traffic with', () => {
  const random = createRandom(99);
  const tenths = new Array<number>(10).fill(0);
  for (let i = 0; i < 10_000; i++) {
    const tenth = Math.floor(random.next() * 10);
    tenths[tenth] = tenths[tenth]! + 1;
  }
  expect(Math.min(...tenths)).toBeGreaterThan(850);
  expect(Math.max(...tenths)).toBeLessThan(1150);
});

test('shuffle keeps every element and does change the order', () => {
  const list = Array.from({ length: 20 }, (_, index) => index);
  const shuffled = createRandom(5).shuffle(list);
  expect(shuffled).not.toEqual(list);
  expect([...shuffled].sort((a, b) => a - b)).toEqual(list);
});

test('picking from nothing is our own bug and says so', () => {
  expect(() => createRandom(1).pick([])).toThrow('empty list');
});
