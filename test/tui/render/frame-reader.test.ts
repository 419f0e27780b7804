// Ink's frames read into cells: text, looks, wide characters, and only the lines that changed.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createGrid, gridText } from '../../../src/tui/render/cell-grid.ts';
import { createFrameReader } from '../../../src/tui/render/frame-reader.ts';
import { applyParameters, lookParameters, plainLook } from '../../../src/tui/render/sgr.ts';
import { createStyleTable } from '../../../src/tui/render/style-table.ts';

test('text, colours and wide characters land in their cells', () => {
  const styles = createStyleTable();
  const grid = createGrid(12, 2);
  const reader = createFrameReader(grid, styles, false);
  expect(reader.read('a\u001b[1m\u001b[31mb\u001b[39mc\u001b[22md\n世x')).toBe(true);
  expect(gridText(grid)).toBe('abcd\n世x');
  expect([...grid.styles.subarray(0, 5)].map((style) => styles.parameters(style))).toEqual([
    '',
    '1;31',
    '1',
    '',
    '',
  ]);
  expect(reader.read('a\u001b[1m\u001b[31mb\u001b[39mc\u001b[22md\n世x')).toBe(false);
  expect(reader.read('')).toBe(true);
  expect(gridText(grid)).toBe('\n');
});

test('a line longer than the screen is cut, a wide character never in two', () => {
  const grid = createGrid(3, 1);
  createFrameReader(grid, createStyleTable(), false).read('ab世界');
  expect(gridText(grid)).toBe('ab');
});

test('equal looks get one spelling', () => {
  expect(lookParameters(applyParameters(plainLook, '31;1;4'))).toBe('1;4;31');
  expect(lookParameters(applyParameters(plainLook, '4;38;5;208;1;48;2;1;2;3'))).toBe(
    '1;4;38;5;208;48;2;1;2;3',
  );
  expect(lookParameters(applyParameters(plainLook, '1;2;3;4;7;31;41;0'))).toBe('');
  expect(lookParameters(applyParameters(plainLook, '38;5'))).toBe('');
});

test('any frame is read without a control character reaching a cell', () => {
  const grid = createGrid(10, 3);
  const reader = createFrameReader(grid, createStyleTable(), false);
  fc.assert(
    fc.property(
      fc.string({
        unit: fc.constantFrom(
          '\u001b',
          '[',
          '3',
          '1',
          ';',
          'm',
          'a',
          '世',
          '\u0007',
          '\n',
          '\u009b',
          '\u202e',
        ),
      }),
      (frame) => {
        reader.read(frame);
        expect(/[\p{Cc}\u202e]/u.test(gridText(grid).replaceAll('\n', ''))).toBe(false);
      },
    ),
    { numRuns: 1000 },
  );
});
