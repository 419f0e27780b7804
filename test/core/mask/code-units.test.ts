// That a text is read whole from reused memory, and that a text's end is seen even where a longer one stood before.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createUnitReader } from '../../../src/core/mask/code-units.ts';

test('gives the units of each text in turn, with a 0 behind them', () => {
  const read = createUnitReader();
  fc.assert(
    fc.property(fc.string({ unit: 'binary', maxLength: 300 }), (text) => {
      const units = read(text);
      expect(String.fromCharCode(...units.subarray(0, text.length))).toBe(text);
      expect(units[text.length]).toBe(0);
    }),
  );
});

test('a text too long to keep memory for is read too, and the next short one as before', () => {
  const read = createUnitReader();
  for (const length of [10, 70_000, 65_536, 65_535, 3]) {
    const units = read('\ud800x'.repeat(length).slice(0, length));
    expect([units[0], units[1], units[length - 1]]).toEqual([0xd800, 0x78, length % 2 === 0 ? 0x78 : 0xd800]);
    expect(units[length]).toBe(0);
  }
});
