// A text longer than its line: the caret is always in sight, and what is left out is marked.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { fittedInput } from '../../../src/tui/chrome/input-line.ts';
import { lineWidth } from '../../../src/tui/chrome/line.ts';
import type { Line } from '../../../src/tui/chrome/line.ts';
import { textInput } from '../../../src/tui/state/text-input.ts';

const look = { width: 20, error: undefined, more: '…' } as const;
const textOf = (line: Line): string => line.map(({ text }) => text).join('');
const long = 'from:web or from:checkout or to:TAIL';

test('at its end the tail of a long text shows, behind a sign for what went before', () => {
  const line = fittedInput(textInput(long), look);
  expect(textOf(line)).toBe('…heckout or to:TAIL ');
  expect(line.at(-1)?.role).toBe('caret');
});

test('with the caret in the middle a few cells behind it stay in sight', () => {
  const line = fittedInput({ text: long, cursor: long.indexOf('checkout') }, look);
  expect(textOf(line)).toMatch(/^….*from:checkout.*…$/);
  expect(line.find(({ role }) => role === 'caret')?.text).toBe('c');
});

test('with the caret at its beginning the beginning shows', () => {
  expect(textOf(fittedInput({ text: long, cursor: 0 }, look))).toBe('from:web or from:ch…');
});

test('what fits is shown whole', () => {
  expect(textOf(fittedInput(textInput('from:web'), look))).toBe('from:web ');
});

test('the part at fault stays marked where the text was moved', () => {
  const start = long.indexOf('TAIL');
  const line = fittedInput(textInput(long), { ...look, error: { start, end: long.length } });
  expect(line.filter(({ role }) => role === 'prompt.invalid').map(({ text }) => text)).toEqual(['TAIL']);
});

test('the caret lies on a whole character, however many code points it has', () => {
  const family = '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}';
  const line = fittedInput({ text: `${family}a`, cursor: 0 }, look);
  expect(line.map(({ text }) => text)).toEqual([family, 'a']);
});

test('an error that begins inside a character does not make the line wider than its room', () => {
  const family = '\u{1f468}\u200d\u{1f469}\u200d\u{1f467}';
  const line = fittedInput(textInput(family.repeat(6)), { ...look, width: 13, error: { start: 2, end: 5 } });
  expect(lineWidth(line)).toBeLessThanOrEqual(13);
});

test('whatever is typed, the caret is there and the width is kept', () => {
  const glyphs = fc.constantFrom('a', ' ', ':', 'é', '漢', '👍🏽', '👨‍👩‍👧', 'e\u0301', '\u202e');
  fc.assert(
    fc.property(
      fc.array(glyphs, { maxLength: 60 }),
      fc.nat(60),
      fc.integer({ min: 12, max: 80 }),
      (all, at, width) => {
        const text = all.join('');
        const line = fittedInput({ text, cursor: all.slice(0, at).join('').length }, { ...look, width });
        expect(line.some(({ role }) => role === 'caret')).toBe(true);
        expect(lineWidth(line)).toBeLessThanOrEqual(width);
      },
    ),
  );
});
