// What a column is, and how a set of them shares a width. Rows of data describe columns; panes only paint the result.
import type { Theme } from '../theme/theme.ts';
import type { Role } from '../theme/roles.ts';

/** What a cell may know besides its row. */
export interface CellEnv {
  readonly theme: Theme;
  /** The data's clock, epoch ms: for ages and countdowns. */
  readonly nowMs: number;
  readonly utcOffsetMinutes: number;
}

/**
 * What a table needs to know of one column: its text, its width in cells, and when it may go. Rows of these are data;
 * see the tables.
 */
export interface Column<Row, Env extends CellEnv = CellEnv> {
  readonly id: string;
  /** Head of the column, upper case. */
  readonly title: string;
  /** One sentence for the column list and help. */
  readonly about: string;
  /** Fewest cells that make sense, and most that it is worth. */
  readonly min: number;
  readonly max: number;
  /** Cells in which its text reads well; `min` when absent. Columns that are mere extras give way to it. */
  readonly wanted?: number;
  /** Share of spare room it takes; 0: stays at `min`. */
  readonly grow: number;
  /** 1 is never dropped; the highest number is dropped first when room is short. */
  readonly priority: number;
  readonly align: 'left' | 'right';
  readonly cell: (row: Row, env: Env) => string;
  /** A shorter text where the cell's own does not fit into `width`; without it the end is cut. */
  readonly fit?: (row: Row, env: Env, width: number) => string;
  readonly role: (row: Row, env: Env) => Role;
  /** Present where sorting by it makes sense. */
  readonly sortKey?: (row: Row) => number | string;
  /** Sorted by it, words begin with A; numbers (at the right) and what is so marked begin with the greatest. */
  readonly greatestFirst?: true;
}

/** A column with its place in the row. */
export interface PlacedColumn<Row, Env extends CellEnv = CellEnv> {
  readonly column: Column<Row, Env>;
  readonly x: number;
  readonly width: number;
}

/** Blank cells between two columns. */
const gap = 1;

const widthOf = (widths: readonly number[]): number =>
  widths.reduce((sum, width) => sum + width, 0) + gap * Math.max(0, widths.length - 1);

/** Columns of this priority or less important ones are extras. */
const extraFrom = 8;

const wantedOf = (column: Sized): number => column.wanted ?? column.min;

type Sized = Pick<Column<never>, 'min' | 'wanted' | 'grow' | 'max' | 'priority'>;

/** The columns left when those from `spare` on are dropped, least important first, until `size` of the rest fits. */
function dropped<C extends Sized>(
  columns: readonly C[],
  width: number,
  { size, from }: { readonly size: (column: C) => number; readonly from: number },
): readonly C[] {
  let kept = columns;
  while (kept.length > 1 && widthOf(kept.map(size)) > width) {
    const last = kept.reduce((worst, column) => (column.priority >= worst.priority ? column : worst));
    if (last.priority < from) break;
    kept = kept.filter((column) => column !== last);
  }
  return kept;
}

/** Deals out up to `spare` cells by `grow`, one round at a time, no column beyond its limit; what is left over. */
function deal(
  columns: readonly Sized[],
  widths: number[],
  { spare, limit }: { readonly spare: number; readonly limit: (column: Sized) => number },
): number {
  let left = spare;
  const isGrowing = (index: number): boolean => {
    const column = columns[index];
    return column !== undefined && column.grow > 0 && (widths[index] ?? 0) < limit(column);
  };
  let growing = columns.map((_, index) => index).filter(isGrowing);
  while (left > 0 && growing.length > 0) {
    for (const index of growing) {
      const column = columns[index];
      if (!column) continue;
      const more = Math.min(left, column.grow, limit(column) - (widths[index] ?? 0));
      widths[index] = (widths[index] ?? 0) + more;
      left -= more;
    }
    growing = growing.filter(isGrowing);
  }
  return left;
}

/** The columns with one that is never dropped, whatever its priority: where its mark tells the order, say. */
export function keeping<Row, Env extends CellEnv>(
  columns: readonly Column<Row, Env>[],
  id: string | undefined,
): readonly Column<Row, Env>[] {
  return columns.map((column) =>
    column.id === id && column.priority > 1 ? { ...column, priority: 1 } : column,
  );
}

/**
 * Drops extras until the rest can have the width it wants, then columns by priority until the rest fits at all; deals out
 * spare cells up to what is wanted first.
 */
export function placeColumns<Row, Env extends CellEnv>(
  columns: readonly Column<Row, Env>[],
  width: number,
): readonly PlacedColumn<Row, Env>[] {
  const comfortable = dropped(columns, width, { size: wantedOf, from: extraFrom });
  const kept = dropped(comfortable, width, { size: (column) => column.min, from: 2 });
  const widths = kept.map((column) => column.min);
  const spare = deal(kept, widths, { spare: width - widthOf(widths), limit: wantedOf });
  deal(kept, widths, { spare, limit: (column) => column.max });
  let x = 0;
  return kept.map((column, index) => {
    const placed = { column, x, width: Math.min(widths[index] ?? 0, Math.max(0, width - x)) };
    x += (widths[index] ?? 0) + gap;
    return placed;
  });
}
