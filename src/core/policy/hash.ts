// The two hashes of the policy tables: over bytes and over ints. Every hit is verified, so a collision costs a comparison,
// never a wrong verdict. Compiler and evaluator must use the same ones.

const fnvOffset = 0x811c9dc5 | 0;
const fnvPrime = 0x01000193;

/** FNV-1a over `bytes[start, end)`; int32. */
export function hashBytes(bytes: Uint8Array, start: number, end: number): number {
  let hash = fnvOffset;
  for (let at = start; at < end; at += 1) hash = Math.imul(hash ^ (bytes[at] ?? 0), fnvPrime);
  return hash;
}

/** One more byte on an FNV-1a hash. */
export const hashStep = (hash: number, byte: number): number => Math.imul(hash ^ byte, fnvPrime);

/** The hash of no bytes, where `hashStep` begins. */
export const hashStart = fnvOffset;

/** Mixes one int into a hash (the multiply-rotate round and finaliser of MurmurHash3); int32. */
export function mix(hash: number, value: number): number {
  let part = Math.imul(value, 0xcc9e2d51 | 0);
  part = (part << 15) | (part >>> 17);
  let mixed = hash ^ Math.imul(part, 0x1b873593);
  mixed = (mixed << 13) | (mixed >>> 19);
  mixed = (Math.imul(mixed, 5) + (0xe6546b64 | 0)) | 0;
  mixed ^= mixed >>> 16;
  mixed = Math.imul(mixed, 0x85ebca6b | 0);
  return mixed ^ (mixed >>> 13);
}

/** Power of two of at least twice `count`, for open addressing at a load of at most one half. */
export function slotsFor(count: number): number {
  let size = 8;
  while (size < count * 2) size *= 2;
  return size;
}
