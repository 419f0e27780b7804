// Blocks that may lie inside each other → ranges that do not overlap, each with the innermost block that holds it: the kernel's interval
// sets take nothing else. CIDRs nest or are apart, so there are at most twice as many ranges as blocks. Pure.
import type { AddressWords } from '../policy/ip-address.ts';
import { lastOf, sortKey, type Block } from './address-block.ts';

/** A block and what is to be said of it. */
export interface Owned<T> {
  readonly block: Pick<Block, 'words' | 'bits'>;
  readonly owner: T;
}

/** First and last address, both included. */
export interface OwnedRange<T> {
  readonly first: bigint;
  readonly last: bigint;
  readonly owner: T;
}

/** Ascending. Of two owners of one block the first given has it. */
export function flattenBlocks<T>(owned: readonly Owned<T>[]): readonly OwnedRange<T>[] {
  const spans = owned.map(({ block, owner }) => ({
    first: asNumber(block.words),
    last: asNumber(lastOf(block)),
    owner,
  }));
  // Outer before inner: by start, then the longer first; the sort is stable, so of equals the first given comes first.
  spans.sort((a, b) => compare(a.first, b.first) || compare(b.last, a.last));
  const ranges: OwnedRange<T>[] = [];
  const open: OwnedRange<T>[] = [];
  let next = 0n;
  const closeUntil = (end: bigint): void => {
    for (let inner = open.at(-1); inner !== undefined && inner.last < end; inner = open.at(-1)) {
      if (next <= inner.last) ranges.push({ first: next, last: inner.last, owner: inner.owner });
      next = inner.last + 1n;
      open.pop();
    }
  };
  for (const span of spans) {
    closeUntil(span.first);
    const outer = open.at(-1);
    if (outer?.first === span.first && outer.last === span.last) continue;
    if (outer !== undefined && next < span.first)
      ranges.push({ first: next, last: span.first - 1n, owner: outer.owner });
    next = span.first;
    open.push(span);
  }
  closeUntil(1n << 128n);
  return ranges;
}

const compare = (a: bigint, b: bigint): number => (a < b ? -1 : a > b ? 1 : 0);

const asNumber = (words: AddressWords): bigint => BigInt(`0x${sortKey(words)}`);

/** The words of a number of 128 bits. */
export function wordsOf(value: bigint): AddressWords {
  const word = (shift: bigint): number => Number((value >> shift) & 0xffffffffn);
  return [word(96n), word(64n), word(32n), word(0n)];
}
