// A screen as two typed arrays, a character and a style per cell, and the drawing on it. Knows no terminal and no ink.
import type { DrawContext, Rect, StyleId } from './draw-context.ts';
import { glyphsOf, isPlain } from './visible.ts';

/** Character of a cell: a code point, or `clusterBase` plus an index into the pool; 0 is the right half of a wide one. */
export type CellChar = number;
/** The cell behind a wide grapheme's first: it shows nothing of its own. */
export const rightHalf: CellChar = 0;
const clusterBase = 0x80_0000;
const blank = 32;
/** Distinct graphemes of several code points kept; further ones lose their marks. */
const poolLimit = 4096;

/** Graphemes that are more than one code point, shared by the grids that are compared with each other. */
export interface ClusterPool {
  /** Cell character of a grapheme. */
  intern(text: string): CellChar;
  /** Text of a cell character; '' for the right half of a wide one. */
  text(char: CellChar): string;
}

/** An empty pool. One that is full gives a cluster's first code point instead. */
export function createClusterPool(): ClusterPool {
  const list: string[] = [];
  const ids = new Map<string, number>();
  return {
    intern(text) {
      const code = text.codePointAt(0) ?? blank;
      if (text.length === (code > 0xffff ? 2 : 1)) return code;
      const known = ids.get(text);
      if (known !== undefined) return known;
      if (list.length >= poolLimit) return code;
      const id = clusterBase + list.push(text) - 1;
      ids.set(text, id);
      return id;
    },
    text: (char) =>
      char === rightHalf
        ? ''
        : char < clusterBase
          ? String.fromCodePoint(char)
          : (list[char - clusterBase] ?? ' '),
  };
}

/** A screen of `columns` x `rows` cells, row after row in both arrays. */
export interface CellGrid {
  readonly columns: number;
  readonly rows: number;
  readonly chars: Uint32Array;
  readonly styles: Uint16Array;
  readonly pool: ClusterPool;
}

/** A blank grid. */
export function createGrid(columns: number, rows: number, pool: ClusterPool = createClusterPool()): CellGrid {
  const size = columns * rows;
  return { columns, rows, chars: new Uint32Array(size).fill(blank), styles: new Uint16Array(size), pool };
}

/** Makes `to` equal to `from`; both have one size. */
export function copyGrid(from: CellGrid, to: CellGrid): void {
  to.chars.set(from.chars);
  to.styles.set(from.styles);
}

/** The part of `rect` that lies within `bounds`. */
export function clipRect(rect: Rect, bounds: Rect): Rect {
  const x = Math.max(rect.x, bounds.x);
  const y = Math.max(rect.y, bounds.y);
  const right = Math.min(rect.x + rect.width, bounds.x + bounds.width);
  const bottom = Math.min(rect.y + rect.height, bounds.y + bounds.height);
  return { x, y, width: Math.max(0, right - x), height: Math.max(0, bottom - y) };
}

/** Copies the cells of `rect` from one grid to another of the same size. */
export function copyRect(from: CellGrid, to: CellGrid, rect: Rect): void {
  const area = clipRect(rect, { x: 0, y: 0, width: from.columns, height: from.rows });
  for (let y = area.y; y < area.y + area.height; y++) copySpan(from, to, y * from.columns, area);
}

/** Copies one row of `area`; wide graphemes that the edges cut in two become blanks on both grids' sides. */
function copySpan(from: CellGrid, to: CellGrid, rowStart: number, area: Rect): void {
  const start = rowStart + area.x;
  const end = start + area.width;
  const rowEnd = rowStart + from.columns;
  if (start >= end) return;
  const cutLeft = to.chars[start] === rightHalf && start > rowStart;
  const cutRight = end < rowEnd && to.chars[end] === rightHalf;
  to.chars.set(from.chars.subarray(start, end), start);
  to.styles.set(from.styles.subarray(start, end), start);
  if (cutLeft) to.chars[start - 1] = blank;
  if (cutRight) to.chars[end] = blank;
  if (from.chars[start] === rightHalf) to.chars[start] = blank;
  if (end < rowEnd && from.chars[end] === rightHalf) to.chars[end - 1] = blank;
}

/** One row as text, without trailing blanks. */
export function rowText(grid: CellGrid, row: number): string {
  let text = '';
  for (let x = 0; x < grid.columns; x++) text += grid.pool.text(grid.chars[row * grid.columns + x] ?? blank);
  return text.trimEnd();
}

/** The whole grid as lines of text. */
export const gridText = (grid: CellGrid): string =>
  Array.from({ length: grid.rows }, (_, row) => rowText(grid, row)).join('\n');

/** When a wide grapheme loses one half, the other half becomes a blank. */
function mendHalves(grid: CellGrid, at: number, rowStart: number, rowEnd: number): void {
  if (grid.chars[at] === rightHalf && at > rowStart) grid.chars[at - 1] = blank;
  if (at + 1 < rowEnd && grid.chars[at + 1] === rightHalf) grid.chars[at + 1] = blank;
}

function put(grid: CellGrid, at: number, char: CellChar, style: StyleId): void {
  const rowStart = at - (at % grid.columns);
  const old = grid.chars[at];
  if (old === rightHalf || (at + 1 < rowStart + grid.columns && grid.chars[at + 1] === rightHalf))
    mendHalves(grid, at, rowStart, rowStart + grid.columns);
  grid.chars[at] = char;
  grid.styles[at] = style;
}

interface Run {
  readonly grid: CellGrid;
  readonly text: string;
  readonly style: StyleId;
  readonly row: number;
  /** First column of the text, and the column after the last that may be written. */
  readonly x: number;
  readonly left: number;
  readonly right: number;
}

function drawPlain({ grid, text, style, row, x, left, right }: Run): number {
  const end = Math.min(x + text.length, right);
  for (let column = Math.max(x, left); column < end; column++)
    put(grid, row + column, text.charCodeAt(column - x), style);
  return end;
}

function drawRich({ grid, text, style, row, x, left, right }: Run, ascii: boolean): number {
  let column = x;
  for (const glyph of glyphsOf(text)) {
    const replaced = ascii && !isPlain(glyph.text);
    const width = replaced ? 1 : glyph.width;
    if (column + width > right) break;
    if (column >= left) {
      put(grid, row + column, replaced ? 63 : grid.pool.intern(glyph.text), style);
      if (width === 2) {
        put(grid, row + column + 1, blank, style);
        grid.chars[row + column + 1] = rightHalf;
      }
    } else if (column + width > left) put(grid, row + left, blank, style);
    column += width;
  }
  return column;
}

/** Drawing on a grid, clipped to `bounds`. With `ascii`, everything that is not ASCII is drawn as `?`. */
export function drawOn(grid: CellGrid, bounds: Rect, ascii = false): DrawContext {
  const area = clipRect(bounds, { x: 0, y: 0, width: grid.columns, height: grid.rows });
  const areaRight = area.x + area.width;
  const inside = (y: number): boolean => y >= area.y && y < area.y + area.height;
  const eachRow = (rect: Rect, visit: (start: number, end: number) => void): void => {
    const part = clipRect(rect, area);
    for (let y = part.y; y < part.y + part.height; y++)
      visit(y * grid.columns + part.x, y * grid.columns + part.x + part.width);
  };
  return {
    text(x, y, text, style, width, pad = false) {
      const right = Math.min(x + width, areaRight);
      if (!inside(y) || right <= area.x) return 0;
      const run: Run = { grid, text, style, row: y * grid.columns, x, left: area.x, right };
      const end = isPlain(text) ? drawPlain(run) : drawRich(run, ascii);
      if (pad)
        for (let column = Math.max(end, area.x); column < right; column++)
          put(grid, run.row + column, blank, style);
      return Math.max(0, (pad ? right : end) - x);
    },
    fill(rect, char, style) {
      const code = ascii && !isPlain(char) ? 63 : grid.pool.intern(char);
      eachRow(rect, (start, end) => {
        for (let at = start; at < end; at++) put(grid, at, code, style);
      });
    },
    restyle(rect, style) {
      eachRow(rect, (start, end) => {
        grid.styles.fill(style, start, end);
      });
    },
  };
}
