// A sorted picture of the newest matching flows: taken when a sort is chosen and again once a second, because rows that
// change places on every arrival cannot be read. Knows no column; the key function comes in.
import type { FlowEvent } from '../../core/model/event.ts';
import type { FlowList } from './data-view.ts';

/** Most flows sorted: sorting them stays under a frame's worth of work. The pane says when there are more. */
export const sortLimit = 10_000;

/** What a flow (or another item) is sorted by: numbers by size, words by alphabet and the numbers in them. */
export type SortKey<Item = FlowEvent> = (item: Item) => number | string;

const collator = new Intl.Collator('en', { numeric: true });

/** Less than 0 when `left` comes first. */
export function compareKeys(left: number | string, right: number | string): number {
  if (typeof left === 'number' && typeof right === 'number') return left - right;
  return collator.compare(String(left), String(right));
}

/** A sorted picture, and the key of each of its rows by sequence: the next picture need not read those flows again. */
export interface SortedList extends FlowList {
  /** A flow that was replaced is taken out of it by whoever replaced it. */
  readonly keys: Map<number, number | string>;
}

/**
 * The first `sortLimit` rows of `list` (newest first) in the order of `key`; equal keys stay newest first. `known`: keys of an
 * earlier picture by the same `key`; only the other flows are read, for reading one is what a picture costs (2 µs each).
 */
export function sortSnapshot(
  list: FlowList,
  at: (sequence: number) => FlowEvent | undefined,
  order: {
    readonly key: SortKey;
    readonly descending: boolean;
    readonly known?: ReadonlyMap<number, number | string> | undefined;
  },
): SortedList {
  const rows: { readonly sequence: number; readonly key: number | string }[] = [];
  for (let index = 0; index < Math.min(list.size, sortLimit); index++) {
    const sequence = list.sequenceAt(index);
    if (sequence === undefined) continue;
    const known = order.known?.get(sequence);
    const flow = known === undefined ? list.at(index) : undefined;
    const key = flow ? order.key(flow) : known;
    if (key !== undefined) rows.push({ sequence, key });
  }
  const sign = order.descending ? -1 : 1;
  rows.sort((left, right) => sign * compareKeys(left.key, right.key) || right.sequence - left.sequence);
  const indexes = new Map(rows.map((row, index) => [row.sequence, index]));
  return {
    keys: new Map(rows.map(({ sequence, key }) => [sequence, key])),
    size: rows.length,
    ...(list.size > rows.length ? { outOf: list.size } : {}),
    at: (index) => {
      const row = rows[index];
      return row && at(row.sequence);
    },
    sequenceAt: (index) => rows[index]?.sequence,
    indexOf: (sequence) => indexes.get(sequence) ?? (rows.length > 0 ? 0 : -1),
  };
}
