// The table against a plain map, its ages, and the cost of finding.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { ageList, keyWords, TapTable } from '../../../src/core/tap/tap-table.ts';

const keyOf = (number: number): Int32Array => {
  const key = new Int32Array(keyWords);
  key[3] = number;
  key[8] = 8080;
  return key;
};

test('whatever is added and removed, it finds what a map finds', () => {
  const step = fc.tuple(fc.boolean(), fc.nat({ max: 300 }));
  fc.assert(
    fc.property(fc.array(step, { maxLength: 600 }), fc.integer(), (steps, seed) => {
      const table = new TapTable(200, seed);
      const model = new Map<number, number>();
      for (const [adds, number] of steps) {
        const index = model.get(number);
        if (index !== undefined && !adds) {
          table.remove(index);
          model.delete(number);
        } else if (index === undefined && adds && !table.isFull)
          model.set(number, table.add(keyOf(number), ageList.open, number));
      }
      for (let number = 0; number <= 300; number += 1)
        expect(table.find(keyOf(number))).toBe(model.get(number) ?? -1);
      expect(table.size).toBe(model.size);
      expect(new Set(model.values()).size).toBe(model.size);
    }),
    { numRuns: 200 },
  );
});

test('the oldest of a list is what was touched longest ago', () => {
  const table = new TapTable(10, 1);
  const [a, b, c] = [1, 2, 3].map((number) => table.add(keyOf(number), ageList.open, number)) as [
    number,
    number,
    number,
  ];
  expect(table.oldest(ageList.open)).toBe(a);
  table.touch(a, ageList.open, 9);
  expect(table.oldest(ageList.open)).toBe(b);
  table.touch(b, ageList.closed, 10);
  expect([table.oldest(ageList.open), table.oldest(ageList.closed)]).toEqual([c, b]);
  expect(table.seenAt(b)).toBe(10);
  table.remove(c);
  table.remove(a);
  expect(table.oldest(ageList.open)).toBe(-1);
});

test.each([1, 0, -1, 0x12345678])(
  'with ends as clients have them a find looks at few slots (seed %s)',
  (seed) => {
    const table = new TapTable(8192, seed);
    const keys = Array.from({ length: 8192 }, (_, at) => {
      const key = keyOf(0x0a000000 + (at >> 10));
      key[8] = (8080 << 16) | (32_768 + (at & 1023));
      return key;
    });
    for (const key of keys) table.add(key, ageList.open, 0);
    table.probes = 0;
    for (const key of keys) expect(table.find(key)).toBeGreaterThanOrEqual(0);
    expect(table.probes / keys.length).toBeLessThan(3);
  },
);
