// A table of virtual rows: head, visible rows, cursor bar. Only rows that are on the screen are formatted.
import type { CellEnv, Column, PlacedColumn } from '../columns/column.ts';
import type { DrawContext, Rect } from '../render/draw-context.ts';
import { cellWidth, fitText } from '../render/visible.ts';
import type { Sort } from '../state/state.ts';
import type { Role } from '../theme/roles.ts';

/** A table of this moment: its columns with their places, and a way to ask for the rows that are on the screen. */
export interface TableInput<Row, Env extends CellEnv> {
  readonly columns: readonly PlacedColumn<Row, Env>[];
  readonly env: Env;
  /** Row at an index of the whole list. */
  readonly row: (index: number) => Row | undefined;
  /** Index shown first, and the cursor's index (-1: none). */
  readonly first: number;
  readonly cursor: number;
  /** The cursor bar is strong only where the keys go. */
  readonly focused: boolean;
  /** Column that the rows are sorted by, with its direction; absent for the list's own order. */
  readonly sorted: SortMark | undefined;
}

/** The mark in the head of the column that the rows are sorted by. */
export interface SortMark {
  readonly id: string;
  readonly descending: boolean;
}

/** The mark for an order. */
export function sortMark(sort: Sort | undefined): SortMark | undefined {
  return sort && { id: sort.column, descending: sort.descending };
}

/** Width of the cursor sign left of the first column. */
const cursorWidth = 1;

/** Cells that columns may share in a table of this width. */
export function columnsWidth(width: number): number {
  return Math.max(0, width - cursorWidth);
}

function drawHead<Row, Env extends CellEnv>(
  context: DrawContext,
  rect: Rect,
  table: TableInput<Row, Env>,
): void {
  const { theme } = table.env;
  context.text(rect.x, rect.y, '', theme.style('table.head'), rect.width, true);
  for (const { column, x, width } of table.columns) {
    const sorted = table.sorted?.id === column.id;
    const arrow = sorted ? theme.glyph(table.sorted.descending ? 'sortDown' : 'sortUp') : '';
    const title = `${column.title}${arrow}`;
    const text = column.align === 'right' ? title.padStart(width) : title;
    const style = theme.style(sorted ? 'table.sort' : 'table.head');
    context.text(rect.x + cursorWidth + x, rect.y, text, style, width);
  }
}

/** Text that may be too long for its cell: the column's own way to shorten it, then the end is cut. */
function fitted<Row, Env extends CellEnv>(
  whole: string,
  row: Row,
  cell: { readonly column: Column<Row, Env>; readonly width: number; readonly env: Env },
): string {
  const { column, width, env } = cell;
  const text = column.fit && cellWidth(whole) > width ? column.fit(row, env, width) : whole;
  return fitText(text, width, env.theme.glyph('more'));
}

/** Paint the table into `rect`; its first line is the head. */
export function drawTable<Row, Env extends CellEnv>(
  context: DrawContext,
  rect: Rect,
  table: TableInput<Row, Env>,
): void {
  if (rect.height <= 0 || rect.width <= 0) return;
  const { theme } = table.env;
  const bar: Role = table.focused ? 'selection' : 'selection.inactive';
  drawHead(context, rect, table);
  for (let line = 1; line < rect.height; line++) {
    const index = table.first + line - 1;
    const row = table.row(index);
    const on = row !== undefined && index === table.cursor;
    const y = rect.y + line;
    const plain = on ? theme.style(bar) : theme.style('text');
    context.text(rect.x, y, on ? theme.glyph('cursor') : '', plain, rect.width, true);
    if (row === undefined) continue;
    for (const { column, x, width } of table.columns) {
      const whole = column.cell(row, table.env);
      // No grapheme is wider than two cells a character: short text needs no measuring.
      const text = whole.length * 2 <= width ? whole : fitted(whole, row, { column, width, env: table.env });
      const role = column.role(row, table.env);
      const style = on ? theme.styleOn(role, bar) : theme.style(role);
      const shift = column.align === 'right' ? Math.max(0, width - cellWidth(text)) : 0;
      context.text(rect.x + cursorWidth + x + shift, y, text, style, width - shift);
    }
  }
}
