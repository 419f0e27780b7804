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

export interface Column<Row, Env extends CellEnv = CellEnv> {
  readonly id: string;
  /** Head of the column, upper case. */
  readonly title: string;
  /** One sentence for the column list and help. */
  readonly about: string;
  /** Fewest cells that make sense, and most that it is worth. */
  readonly min: number;
  readonly max: number;
  /** Share of spare room it takes; 0: stays at `min`. */
  readonly grow: number;
  /** 1 is never dropped; the highest number is dropped first when room is short. */
  readonly priority: number;
  readonly align: 'left' | 'right';
  readonly cell: (row: Row, env: Env) => string;
  readonly role: (row: Row, env: Env) => Role;
  /** Present where sorting by it makes sense. */
  readonly sortKey?: (row: Row) => number | string;
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

/** Drops columns by priority until the rest fits, then deals out spare cells by `grow`, one round at a time. */
export function placeColumns<Row, Env extends CellEnv>(
  columns: readonly Column<Row, Env>[],
  width: number,
): readonly PlacedColumn<Row, Env>[] {
  let kept = [...columns];
  while (kept.length > 1 && widthOf(kept.map((column) => column.min)) > width) {
    const last = kept.reduce((worst, column) => (column.priority >= worst.priority ? column : worst));
    if (last.priority <= 1) break;
    kept = kept.filter((column) => column !== last);
  }
  const widths = kept.map((column) => column.min);
  let spare = width - widthOf(widths);
  let growing = kept.map((column, index) => ({ column, index })).filter(({ column }) => column.grow > 0);
  while (spare > 0 && growing.length > 0) {
    for (const { column, index } of growing) {
      const more = Math.min(spare, column.grow, column.max - (widths[index] ?? 0));
      widths[index] = (widths[index] ?? 0) + more;
      spare -= more;
    }
    growing = growing.filter(({ column, index }) => (widths[index] ?? 0) < column.max);
  }
  let x = 0;
  return kept.map((column, index) => {
    const placed = { column, x, width: Math.min(widths[index] ?? 0, Math.max(0, width - x)) };
    x += (widths[index] ?? 0) + gap;
    return placed;
  });
}
