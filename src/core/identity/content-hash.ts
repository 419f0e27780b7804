// One hash over a set of entries that does not depend on their order and follows each change in constant time: SHA-256 of each entry's
// text, added lane by lane. It finds faults, not forgery: who may send entries is settled by TLS.
import { createHash } from 'node:crypto';
import { entryText, type IdentityEntry } from './identity-entry.ts';

/** The hash of a set that changes. */
export interface ContentHash {
  add(entry: IdentityEntry): void;
  remove(entry: IdentityEntry): void;
  /** 64 hexadecimal digits. */
  text(): string;
}

const lanes = 8;

/** Of the empty set. */
export const emptyHash = '0'.repeat(lanes * 8);

/** Starts with the empty set. */
export function createContentHash(): ContentHash {
  const sums = new Uint32Array(lanes);
  const move = (entry: IdentityEntry, by: 1 | -1): void => {
    const digest = createHash('sha256').update(entryText(entry)).digest();
    for (let lane = 0; lane < lanes; lane += 1)
      sums[lane] = (sums[lane] ?? 0) + by * digest.readUInt32BE(lane * 4);
  };
  return {
    add: (entry) => move(entry, 1),
    remove: (entry) => move(entry, -1),
    text: () => Array.from(sums, (sum) => sum.toString(16).padStart(8, '0')).join(''),
  };
}
