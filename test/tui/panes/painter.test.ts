// Small tools of the panes: words that belong together stay together, dialogs leave no slivers.
import { expect, test } from 'vitest';
import { dialogWidth } from '../../../src/tui/panes/dialogs.ts';
import { wrapText } from '../../../src/tui/panes/painter.ts';

test('a line never ends between a number and its per cent sign', () => {
  expect(wrapText('would be refused (11 %) of all', 20)).toEqual(['would be refused', '(11 %) of all']);
});

test('a word wider than the line is cut, and no line is wider than asked', () => {
  expect(wrapText('a 1234567 b', 4)).toEqual(['a', '1234', '567', 'b']);
});

test('a dialog takes the whole width rather than leave slivers of what is below', () => {
  expect([80, 120, 133].map((columns) => dialogWidth(columns, 110))).toEqual([80, 120, 133]);
  expect([134, 200].map((columns) => dialogWidth(columns, 110))).toEqual([110, 110]);
});
