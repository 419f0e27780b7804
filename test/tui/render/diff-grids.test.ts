// The bytes of a diff, obeyed by a real emulator, give exactly the grid: on random drawings, wide characters and resizes.
import xterm from '@xterm/headless';
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import {
  copyGrid,
  createClusterPool,
  createGrid,
  drawOn,
  gridText,
} from '../../../src/tui/render/cell-grid.ts';
import type { CellGrid } from '../../../src/tui/render/cell-grid.ts';
import { diffGrids } from '../../../src/tui/render/diff-grids.ts';
import { createStyleTable } from '../../../src/tui/render/style-table.ts';

const styles = createStyleTable();
const looks = ['', '1', '31', '7', '1;38;5;208', '4;32'].map((parameters) => styles.intern(parameters));

type Emulator = InstanceType<typeof xterm.Terminal>;

const feed = (emulator: Emulator, bytes: string): Promise<void> =>
  new Promise((resolve) => {
    emulator.write(bytes, resolve);
  });

/** Text and inverse/bold of every cell as the emulator has it. */
function emulated(emulator: Emulator): string[] {
  return Array.from({ length: emulator.rows }, (_, row) => {
    const line = emulator.buffer.active.getLine(row);
    return Array.from({ length: emulator.cols }, (__, column) => {
      const cell = line?.getCell(column);
      const text = cell?.getWidth() === 0 ? '' : cell?.getChars() === '' ? ' ' : (cell?.getChars() ?? ' ');
      return `${text}${cell?.isBold() ? 'b' : ''}${cell?.isInverse() ? 'i' : ''}`;
    }).join('|');
  });
}

function expected(grid: CellGrid): string[] {
  return Array.from({ length: grid.rows }, (_, row) =>
    Array.from({ length: grid.columns }, (__, column) => {
      const at = row * grid.columns + column;
      const parameters = styles.parameters(grid.styles[at]!).split(';');
      return `${grid.pool.text(grid.chars[at]!)}${parameters.includes('1') ? 'b' : ''}${parameters.includes('7') ? 'i' : ''}`;
    }).join('|'),
  );
}

// Emoji are left out: the emulator's Unicode version gives them one cell.
const text = fc.string({
  unit: fc.constantFrom(...'abc xyz─█▶✖世界한é\u001b\t\u202e'.split('')),
  maxLength: 14,
});
const stroke = fc.record({
  x: fc.integer({ min: -4, max: 26 }),
  y: fc.integer({ min: -1, max: 8 }),
  text,
  style: fc.constantFrom(...looks),
  width: fc.nat(20),
  pad: fc.boolean(),
  fill: fc.boolean(),
});

describe('a diff obeyed by an emulator', () => {
  test('gives the drawn grid, frame after frame', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.array(fc.array(stroke, { maxLength: 8 }), { minLength: 1, maxLength: 5 }),
        async (frames) => {
          const pool = createClusterPool();
          const [columns, rows] = [24, 7];
          const emulator = new xterm.Terminal({ cols: columns, rows, allowProposedApi: true });
          const shown = createGrid(columns, rows, pool);
          const next = createGrid(columns, rows, pool);
          await feed(emulator, '\u001b[?7lrubbish');
          let full = true;
          for (const strokes of frames) {
            const context = drawOn(next, { x: 1, y: 0, width: columns - 2, height: rows });
            for (const each of strokes) {
              if (each.fill)
                context.fill({ x: each.x, y: each.y, width: each.width, height: 2 }, '·', each.style);
              else context.text(each.x, each.y, each.text, each.style, each.width, each.pad);
            }
            await feed(emulator, diffGrids(shown, next, styles, full));
            full = false;
            copyGrid(next, shown);
            expect(emulated(emulator)).toEqual(expected(next));
          }
          emulator.dispose();
        },
      ),
      { numRuns: 300 },
    );
  });

  test('equal grids need no byte', () => {
    const pool = createClusterPool();
    const one = createGrid(10, 3, pool);
    drawOn(one, { x: 0, y: 0, width: 10, height: 3 }).text(0, 0, '世x', 1, 10);
    const other = createGrid(10, 3, pool);
    copyGrid(one, other);
    expect(diffGrids(one, other, styles, false)).toBe('');
  });

  test('one changed cell costs a few bytes and no clear', () => {
    const pool = createClusterPool();
    const before = createGrid(200, 50, pool);
    const after = createGrid(200, 50, pool);
    drawOn(after, { x: 0, y: 0, width: 200, height: 50 }).text(120, 30, 'x', 0, 1);
    const bytes = diffGrids(before, after, styles, false);
    expect(bytes).toBe('\u001b[31;121Hx');
  });
});

describe('drawing on a grid', () => {
  test('is clipped to its rectangle and returns the cells written', () => {
    const grid = createGrid(10, 3);
    const context = drawOn(grid, { x: 2, y: 1, width: 5, height: 1 });
    expect(context.text(0, 1, 'abcdefghij', 0, 10)).toBe(7);
    expect(context.text(2, 0, 'above', 0, 5)).toBe(0);
    expect(gridText(grid)).toBe('\n  cdefg\n');
  });

  test('a wide character that does not fit is left out, and one cut in two becomes a blank', () => {
    const grid = createGrid(6, 1);
    const context = drawOn(grid, { x: 0, y: 0, width: 6, height: 1 });
    expect(context.text(0, 0, '世界人', 0, 5)).toBe(4);
    context.text(1, 0, 'x', 0, 1);
    expect(gridText(grid)).toBe(' x界');
    context.text(2, 0, 'y', 0, 1);
    expect(gridText(grid)).toBe(' xy');
  });

  test('padding blanks the rest, restyle keeps the text', () => {
    const grid = createGrid(6, 1);
    const context = drawOn(grid, { x: 0, y: 0, width: 6, height: 1 });
    context.text(0, 0, 'abcdef', 0, 6);
    expect(context.text(0, 0, 'x', 0, 4, true)).toBe(4);
    context.restyle({ x: 0, y: 0, width: 3, height: 1 }, 2);
    expect(gridText(grid)).toBe('x   ef');
    expect([...grid.styles]).toEqual([2, 2, 2, 0, 0, 0]);
  });

  test('in ASCII nothing but ASCII is put into cells', () => {
    const grid = createGrid(6, 1);
    const context = drawOn(grid, { x: 0, y: 0, width: 6, height: 1 }, true);
    context.text(0, 0, '世─é', 0, 6);
    context.fill({ x: 4, y: 0, width: 2, height: 1 }, '█', 0);
    expect(gridText(grid)).toBe('??? ??');
  });
});
