// Bytes from the wire as safe text, and a bounded cache from bytes to what was made of them: keep-alive clients send the same
// header lines again and again, and making a string costs more than comparing thirty bytes.
import { isUtf8 } from 'node:buffer';
import { visible } from './flow-event-visible.ts';

/** Buffers over the same memory, so that text can be cut from it; one array is asked for again and again. */
export function createBufferView(): (bytes: Uint8Array) => Buffer {
  let known: Uint8Array | undefined;
  let view: Buffer = Buffer.alloc(0);
  return (bytes) => {
    if (bytes === known) return view;
    known = bytes;
    return (view = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length));
  };
}

/** `bytes[start, end)` as text: UTF-8 where valid, else every byte above 127 as `\xNN`; control and bidi characters escaped. */
export function safeText(bytes: Buffer, start: number, end: number): string {
  for (let index = start; index < end; index += 1) {
    const byte = bytes[index] ?? 0;
    if (byte < 32 || byte > 126) return unusualText(bytes, start, end);
  }
  return bytes.toString('latin1', start, end);
}

function unusualText(bytes: Buffer, start: number, end: number): string {
  if (isUtf8(bytes.subarray(start, end))) return visible(bytes.toString('utf8', start, end));
  const escaped = bytes
    .toString('latin1', start, end)
    .replaceAll(/[\u0080-\u00ff]/g, (char) => `\\x${char.charCodeAt(0).toString(16)}`);
  return visible(escaped);
}

/** Longer stretches are made anew each time: caching them would hoard memory. */
const longestCached = 512;

/** A bounded memory from bytes to what was made of them. */
export interface ByteCache<T> {
  /** What was made of `bytes[start, end)`, now or earlier. `hash` is that of `byteHash` or `sampledHash`, always the same one. */
  get(bytes: Buffer, start: number, end: number, hash: number): T;
}

const hashStart = 0x811c9dc5 | 0;

/** One step of FNV-1a. */
function hashStep(hash: number, byte: number): number {
  return Math.imul(hash ^ byte, 0x01000193);
}

/** Bytes that `sampledHash` looks at: the first few, the last few, and as many between them at equal distances. */
const sampledHead = 4;
const sampledTail = 16;
const sampledBetween = 16;

/** Hash of the length and of some 36 bytes: lines of one name differ in one of them or nowhere it matters. */
export function sampledHash(bytes: Uint8Array, start: number, end: number): number {
  let hash = hashStep(hashStart, end - start);
  const headEnd = Math.min(end, start + sampledHead);
  for (let index = start; index < headEnd; index += 1) hash = hashStep(hash, bytes[index] ?? 0);
  const tailStart = Math.max(headEnd, end - sampledTail);
  const step = Math.max(1, ((tailStart - headEnd) / sampledBetween) | 0);
  for (let index = headEnd; index < tailStart; index += step) hash = hashStep(hash, bytes[index] ?? 0);
  for (let index = tailStart; index < end; index += 1) hash = hashStep(hash, bytes[index] ?? 0);
  return hash;
}

/** Hash of `bytes[start, end)`. */
export function byteHash(bytes: Uint8Array, start: number, end: number): number {
  let hash = hashStart;
  for (let index = start; index < end; index += 1) hash = hashStep(hash, bytes[index] ?? 0);
  return hash;
}

/** From this length on a call into V8's memcmp is cheaper than a loop. */
const longForLoop = 64;

/**
 * One entry per slot, the newest stays: no bookkeeping, and a flood of distinct values only costs misses. The bytes of all entries
 * lie in one block (512 bytes a slot, touched as they are used), so that a miss makes no object beyond what `make` does.
 * @param slots a power of two.
 */
export function createByteCache<T>(
  slots: number,
  make: (bytes: Buffer, start: number, end: number) => T,
): ByteCache<T> {
  const kept = Buffer.alloc(slots * longestCached);
  const lengths = new Int16Array(slots).fill(-1);
  const made = new Array<T | undefined>(slots).fill(undefined);

  function holds(slot: number, bytes: Buffer, start: number, end: number): boolean {
    const length = end - start;
    if (lengths[slot] !== length) return false;
    const from = slot * longestCached;
    if (length >= longForLoop) return bytes.compare(kept, from, from + length, start, end) === 0;
    for (let index = 0; index < length; index += 1)
      if (kept[from + index] !== bytes[start + index]) return false;
    return true;
  }

  return {
    get: (bytes, start, end, hash) => {
      const slot = (hash ^ (hash >>> 15)) & (slots - 1);
      if (holds(slot, bytes, start, end)) return made[slot] as T;
      const fresh = make(bytes, start, end);
      if (end - start <= longestCached) {
        bytes.copy(kept, slot * longestCached, start, end);
        lengths[slot] = end - start;
        made[slot] = fresh;
      }
      return fresh;
    },
  };
}
