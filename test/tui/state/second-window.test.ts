// Counters of the last minute against plain lists of what was counted.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createSecondWindow, windowSeconds } from '../../../src/tui/state/second-window.ts';

test('any sums over the last minute are those of a list, whatever order the seconds come in', () => {
  const step = fc.record({ ahead: fc.integer({ min: -70, max: 30 }), field: fc.integer({ min: 0, max: 2 }) });
  const asked = fc.integer({ min: 1, max: windowSeconds });
  fc.assert(
    fc.property(fc.array(step, { maxLength: 80 }), asked, (steps, seconds) => {
      const window = createSecondWindow(3);
      const counted: { second: number; field: number }[] = [];
      let newest = 1_000;
      for (const { ahead, field } of steps) {
        const second = newest + ahead;
        window.add(second, field);
        counted.push({ second, field });
        newest = Math.max(newest, second);
      }
      for (const field of [0, 1, 2]) {
        const exact = counted.filter((one) => one.field === field && one.second > newest - seconds).length;
        expect(window.sum(field, newest, seconds)).toBe(exact);
      }
    }),
  );
});

test('what is older than the window disturbs nothing', () => {
  const window = createSecondWindow(1);
  window.add(100, 0);
  window.add(100 - windowSeconds, 0);
  expect(window.sum(0, 100, windowSeconds)).toBe(1);
});

test('what is yet to come is not counted', () => {
  const window = createSecondWindow(1);
  window.add(105, 0);
  expect(window.sum(0, 104, windowSeconds)).toBe(0);
  expect(window.sum(0, 105, 1)).toBe(1);
});
