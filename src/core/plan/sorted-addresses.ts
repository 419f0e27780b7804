// Addresses with their owners in order: a block is a run of them, found by halving. Pure.
import { lastOf, sortKey, type Block } from './address-block.ts';

/** An address and whose it is, sorted: a block is a run of them. */
export interface Placed<T> {
  readonly key: string;
  readonly owner: T;
}

/** In the order of the addresses. */
export function sorted<T>(pairs: readonly Placed<T>[]): readonly Placed<T>[] {
  return pairs.toSorted((a, b) => (a.key < b.key ? -1 : a.key > b.key ? 1 : 0));
}

/** Those of a sorted list that lie in a block. */
export function within<T>(list: readonly Placed<T>[], block: Block): readonly T[] {
  const last = sortKey(lastOf(block));
  const found: T[] = [];
  for (let at = firstFrom(list, sortKey(block.words)); at < list.length; at += 1) {
    const placed = list[at];
    if (placed === undefined || placed.key > last) break;
    found.push(placed.owner);
  }
  return found;
}

function firstFrom<T>(list: readonly Placed<T>[], key: string): number {
  let low = 0;
  let high = list.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((list[middle]?.key ?? '') < key) low = middle + 1;
    else high = middle;
  }
  return low;
}
