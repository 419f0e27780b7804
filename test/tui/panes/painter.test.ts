// Wrapping of words: what belongs together stays together.
import { expect, test } from 'vitest';
import { wrapText } from '../../../src/tui/panes/painter.ts';

test('a line never ends between a number and its per cent sign', () => {
  expect(wrapText('would be refused (11 %) of all', 20)).toEqual(['would be refused', '(11 %) of all']);
});

test('a word wider than the line is cut, and no line is wider than asked', () => {
  expect(wrapText('a 1234567 b', 4)).toEqual(['a', '1234', '567', 'b']);
});
