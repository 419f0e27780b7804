// The frame around the whole screen where that is a context of production: how much room it takes, and when there is none for it. Everything
// within it is laid out as on a smaller screen. Pure.
import type { ClusterPlace } from '../../core/model/cluster-place.ts';
import { smallest } from './layout.ts';

/** Of the frame, at each side. */
export const frameCells = 1;

/** What is within the frame; all of the screen where there is none. */
export interface ScreenSize {
  readonly columns: number;
  readonly rows: number;
  readonly framed: boolean;
}

/** A screen too small for both says PRODUCTION in its header alone. */
export function framedSize(
  { columns, rows }: { readonly columns: number; readonly rows: number },
  place: ClusterPlace | undefined,
): ScreenSize {
  const inner = { columns: columns - 2 * frameCells, rows: rows - 2 * frameCells };
  const fits = inner.columns >= smallest.columns && inner.rows >= smallest.rows;
  return place?.isProduction === true && fits ? { ...inner, framed: true } : { columns, rows, framed: false };
}
