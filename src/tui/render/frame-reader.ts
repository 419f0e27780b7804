// Reads the frames ink writes in debug mode (lines of text with SGR) into a grid, only the lines that changed.
import { rightHalf } from './cell-grid.ts';
import type { CellGrid } from './cell-grid.ts';
import { createSgrReader } from './sgr.ts';
import type { StyleTable } from './style-table.ts';
import { glyphsOf, marks } from './visible.ts';

const blank = 32;
const escape = 0x1b;
const sgr = /\[([0-9;]*)m/y;

const isPlainCode = (code: number): boolean => code >= 0x20 && code <= 0x7e;

/** Where the run that starts at `from` ends: printable ASCII, or anything else but ESC. */
function runEnd(line: string, from: number): number {
  const plain = isPlainCode(line.charCodeAt(from));
  let at = from + 1;
  while (at < line.length) {
    const code = line.charCodeAt(at);
    if (code === escape || isPlainCode(code) !== plain) break;
    at++;
  }
  return at;
}

/** Remembers the lines it has read, so that only those that differ are read again. */
export interface FrameReader {
  /** Takes one whole frame; true when any line differs from the frame before. */
  read(frame: string): boolean;
  /** Takes one line of a frame; rows beyond the grid are left out. */
  readRow(row: number, line: string): boolean;
}

/** What lines are read into, and with what. */
interface Target {
  readonly grid: CellGrid;
  readonly ascii: boolean;
  readonly applySgr: ReturnType<typeof createSgrReader>;
}

function writeRich({ grid, ascii }: Target, text: string, start: number, end: number, style: number): number {
  let at = start;
  for (const glyph of glyphsOf(text)) {
    const replaced = ascii && glyph.text.charCodeAt(0) > 0x7e;
    const width = replaced ? 1 : glyph.width;
    if (at + width > end) break;
    grid.chars[at] = replaced ? marks.ascii.charCodeAt(0) : grid.pool.intern(glyph.text);
    grid.styles[at++] = style;
    if (width === 2) {
      grid.chars[at] = rightHalf;
      grid.styles[at++] = style;
    }
  }
  return at;
}

function readLine(target: Target, line: string, row: number): void {
  const { grid, applySgr } = target;
  let at = row * grid.columns;
  const end = at + grid.columns;
  let style = 0;
  for (let i = 0; i < line.length && at < end;) {
    if (line.charCodeAt(i) === escape) {
      sgr.lastIndex = i + 1;
      const found = sgr.exec(line);
      // A lone ESC is no text: skipped, what follows is drawn as the characters it is made of.
      i = found ? sgr.lastIndex : i + 1;
      if (found) style = applySgr(style, found[1] === '' ? '0' : (found[1] ?? '0'));
      continue;
    }
    const stop = runEnd(line, i);
    if (!isPlainCode(line.charCodeAt(i))) at = writeRich(target, line.slice(i, stop), at, end, style);
    else
      for (let j = i; j < stop && at < end; j++) {
        grid.chars[at] = line.charCodeAt(j);
        grid.styles[at++] = style;
      }
    i = stop;
  }
  grid.chars.fill(blank, at, end);
  grid.styles.fill(0, at, end);
}

/** Reads frames into `grid`; `ascii` replaces what is not ASCII. */
export function createFrameReader(grid: CellGrid, styles: StyleTable, ascii: boolean): FrameReader {
  const target: Target = { grid, ascii, applySgr: createSgrReader(styles) };
  const lines: (string | undefined)[] = [];
  const readRow = (row: number, line: string): boolean => {
    if (row >= grid.rows || line === lines[row]) return false;
    lines[row] = line;
    readLine(target, line, row);
    return true;
  };
  return {
    read(frame) {
      const next = frame.split('\n');
      let changed = false;
      for (let row = 0; row < grid.rows; row++) changed = readRow(row, next[row] ?? '') || changed;
      return changed;
    },
    readRow,
  };
}
