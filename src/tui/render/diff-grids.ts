// The bytes that turn one screen into another: changed cells only, short gaps bridged, styles switched when they change.
// Relies on autowrap being off. Knows no stream.
import { rightHalf } from './cell-grid.ts';
import type { CellChar, CellGrid } from './cell-grid.ts';
import type { StyleTable } from './style-table.ts';

/** Unchanged cells that are cheaper to write again than to jump over. */
const bridge = 3;
const blank = 32;

/** Characters whose width all terminals agree on; after any other the cursor is placed anew. */
const steady = (char: CellChar): boolean =>
  (char >= blank && char < 0x300) ||
  (char >= 0x370 && char < 0x483) ||
  (char >= 0x2010 && char <= 0x2027) ||
  (char >= 0x2190 && char <= 0x21ff) ||
  (char >= 0x2400 && char <= 0x2426) ||
  (char >= 0x2500 && char <= 0x25fc) ||
  (char >= 0x2800 && char <= 0x28ff);

interface Writer {
  readonly next: CellGrid;
  readonly styles: StyleTable;
  out: string;
  style: number;
  /** Where the terminal's cursor is; -1 when not known. */
  row: number;
  column: number;
}

function moveTo(writer: Writer, row: number, column: number): void {
  if (writer.row === row && writer.column === column) return;
  if (writer.row !== row) writer.out += `\u001b[${row + 1};${column + 1}H`;
  else if (writer.column >= 0 && column > writer.column) writer.out += `\u001b[${column - writer.column}C`;
  else writer.out += `\u001b[${column + 1}G`;
  writer.row = row;
  writer.column = column;
}

/** Crosses a short gap by writing the same cells again, where that needs no style switch; false when it cannot. */
function crossGap(writer: Writer, row: number, column: number): boolean {
  const gap = column - writer.column;
  if (writer.row !== row || writer.column < 0 || gap <= 0 || gap > bridge) return false;
  const { chars, styles, columns } = writer.next;
  const from = row * columns + writer.column;
  let text = '';
  for (let at = from; at < from + gap; at++) {
    const char = chars[at] ?? blank;
    if (styles[at] !== writer.style || !steady(char)) return false;
    text += String.fromCodePoint(char);
  }
  writer.out += text;
  writer.column = column;
  return true;
}

function setStyle(writer: Writer, style: number): void {
  if (style === writer.style) return;
  const parameters = writer.styles.parameters(style);
  writer.out += parameters === '' ? '\u001b[m' : `\u001b[0;${parameters}m`;
  writer.style = style;
}

function writeUnit(writer: Writer, row: number, column: number, width: number): void {
  const { next } = writer;
  const at = row * next.columns + column;
  const char = next.chars[at] ?? blank;
  if (!crossGap(writer, row, column)) moveTo(writer, row, column);
  setStyle(writer, next.styles[at] ?? 0);
  if (width === 2) {
    // Blank both cells first: a terminal that draws this narrow must not keep the old neighbour.
    writer.out += '  ';
    writer.column = -1;
    moveTo(writer, row, column);
  }
  writer.out += char === rightHalf ? ' ' : next.pool.text(char);
  const known = width === 1 && steady(char) && column + 1 < next.columns;
  writer.column = known ? column + 1 : -1;
}

function diffRow(writer: Writer, previous: CellGrid, row: number): void {
  const { chars, styles, columns } = writer.next;
  const start = row * columns;
  for (let column = 0; column < columns;) {
    const at = start + column;
    const width = column + 1 < columns && chars[at + 1] === rightHalf ? 2 : 1;
    let changed = chars[at] !== previous.chars[at] || styles[at] !== previous.styles[at];
    if (width === 2)
      changed ||= chars[at + 1] !== previous.chars[at + 1] || styles[at + 1] !== previous.styles[at + 1];
    if (changed) writeUnit(writer, row, column, width);
    column += width;
  }
}

/**
 * Bytes that turn `previous` (same size and pool) into `next`, '' when they are equal. With `full` the screen is cleared first
 * and `previous` is ignored.
 */
export function diffGrids(previous: CellGrid, next: CellGrid, styles: StyleTable, full: boolean): string {
  const writer: Writer = { next, styles, out: '', style: 0, row: -1, column: -1 };
  if (full) {
    writer.out = '\u001b[m\u001b[2J';
    previous.chars.fill(blank);
    previous.styles.fill(0);
  }
  for (let row = 0; row < next.rows; row++) diffRow(writer, previous, row);
  if (writer.style !== 0) writer.out += '\u001b[m';
  return writer.out;
}
