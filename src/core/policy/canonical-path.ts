// The one spelling that all spellings of a path share: decoded, separators unified, parameters, dots and doubled slashes
// resolved. Routes and throttle keys go by it, so that a caller cannot make new ones by writing the same path differently.
import { decodeOnce, isPlain, keptSlash, pathStages } from './normalise-path.ts';

/** Longer paths keep the spelling they were sent in; the parser's heads are shorter. */
const maxPathBytes = 32 * 1024;
const slash = 0x2f;

/** The canonical spelling of the path read last: `bytes[start, end)`, valid until the next `read`. */
export interface CanonicalPath {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  /** An ordinary path is its own canonical spelling and is not copied; so is one that cannot be judged. */
  read(bytes: Uint8Array, start: number, end: number): void;
}

/** Scratch space; one per worker. */
export function createCanonicalPath(): CanonicalPath {
  let arena: Uint8Array = new Uint8Array(0);
  const path = {
    bytes: arena,
    start: 0,
    end: 0,
    read(bytes: Uint8Array, start: number, end: number): void {
      path.bytes = bytes;
      path.start = start;
      path.end = end;
      if (end - start > maxPathBytes || bytes[start] !== slash || isPlain(bytes, start, end)) return;
      if (arena.length === 0) arena = new Uint8Array(2 * maxPathBytes);
      const length = rewrite(arena, bytes, start, end);
      if (length < 0) return;
      path.bytes = arena;
      path.start = 0;
      path.end = length;
    },
  };
  return path;
}

/** Every stage after the other, each result at the start of the arena; the length, or -1 when the path cannot be judged. */
function rewrite(arena: Uint8Array, bytes: Uint8Array, start: number, end: number): number {
  const hash = bytes.subarray(start, end).indexOf(0x23);
  let length = decodeOnce(bytes, start, hash > 0 ? start + hash : end, arena, 0);
  for (const stage of pathStages) {
    if (length < 0) return -1;
    const written = stage(arena, 0, length, length);
    if (written < 0) return -1;
    arena.copyWithin(0, length, written);
    length = written - length;
  }
  return arena.subarray(0, length).includes(keptSlash) ? -1 : length;
}
