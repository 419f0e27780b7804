// All ways a request's path can be read by some server behind us. A Block matches if ANY reading matches. On bytes, into
// one arena reused for every request: nothing is allocated, and an ordinary path is its own only reading, not copied.
// The bytes that are forwarded are never touched.
import { invalidUtf8At } from '../model/valid-utf8.ts';

/** Index of `PATH_NUL` in `strictPathCodes` of decider.ts. */
export const pathNul = 0;
/** Index of `PATH_CONTROL`. */
export const pathControl = 1;
/** Index of `PATH_NOT_UTF8`. */
export const pathNotUtf8 = 2;
/** Index of `PATH_AMBIGUOUS`. */
export const pathAmbiguous = 3;

/** Stands for a `%2F` that is read as a character of its segment; a real NUL never gets this far. */
export const keptSlash = 0x00;

/** Readings of one path; more is ambiguity no honest client produces (each doubling is one more oddity in the path). */
export const maxReadings = 32;
/** Bytes of all readings of one path together: bounds the work one request can cause. */
export const readingBudgetBytes = 65_536;

/** The readings of the last path read. Reading 0 is the path decoded once and otherwise as sent. */
export interface PathReadings {
  count: number;
  /** Buffer of reading 0 when the path needed no rewriting, else undefined: all readings are in `arena`. */
  plain: Uint8Array | undefined;
  readonly arena: Uint8Array;
  readonly starts: Int32Array;
  readonly ends: Int32Array;
  buffer(index: number): Uint8Array;
  start(index: number): number;
  end(index: number): number;
}

/** Scratch space for `readPaths`; one per evaluator. */
export function createPathReadings(): PathReadings {
  const readings: PathReadings = {
    count: 0,
    plain: undefined,
    arena: new Uint8Array(readingBudgetBytes),
    starts: new Int32Array(maxReadings),
    ends: new Int32Array(maxReadings),
    buffer: () => readings.plain ?? readings.arena,
    start: (index) => readings.starts[index] ?? 0,
    end: (index) => readings.ends[index] ?? 0,
  };
  return readings;
}

/** Fills `into` from `bytes[start, end)` and returns -1, or the code why the path cannot be judged (then `count` is 0). */
export function readPaths(into: PathReadings, bytes: Uint8Array, start: number, end: number): number {
  into.count = 0;
  into.plain = undefined;
  if (isPlain(bytes, start, end)) {
    into.plain = bytes;
    into.starts[0] = start;
    into.ends[0] = end;
    into.count = 1;
    return -1;
  }
  const code = readOddPath(into, bytes, start, end);
  if (code >= 0) into.count = 0;
  return code;
}

const slash = 0x2f;
const backslash = 0x5c;
const dot = 0x2e;
const percent = 0x25;

/** 1 for bytes that need a closer look wherever they stand. */
const odd = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte < 0x20 || byte >= 0x7f || byte === percent || byte === backslash || byte === 0x3b || byte === 0x23
    ? 1
    : 0,
);

/** True for a path that every server reads alike: its only reading is itself. */
export function isPlain(bytes: Uint8Array, start: number, end: number): boolean {
  let previous = 0;
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at] ?? 0;
    if (odd[byte] === 1) return false;
    if (previous === slash && (byte === slash || byte === dot)) return false;
    previous = byte;
  }
  return previous !== slash || end - start <= 1;
}

function readOddPath(into: PathReadings, bytes: Uint8Array, start: number, end: number): number {
  let code = addDecoded(into, bytes, start, end);
  if (code >= 0) return code;
  const hash = bytes.indexOf(0x23, start);
  if (hash > start && hash < end) code = addDecoded(into, bytes, start, hash);
  for (const stage of pathStages) {
    const before = into.count;
    for (let index = 0; index < before && code < 0; index += 1) code = addStage(into, index, stage);
    if (code >= 0) return code;
  }
  return code;
}

/** A rewriting some servers do: reads the arena's `[start, end)`, writes at `out`, returns the end written or a code as `-2 - code`. */
export type Stage = (arena: Uint8Array, start: number, end: number, out: number) => number;

/** In the order servers do them; each may double the readings, and only where it changes something. */
export const pathStages: readonly Stage[] = [
  decode,
  separateKeptSlashes,
  separateBackslashes,
  dropAuthority,
  dropMatrixParameters,
  mergeSlashes,
  resolveDots,
  // Some resolve dots first: `/a//../b` is `/b` to one server and `/a/b` to another (the Istio corpus has it).
  mergeSlashes,
  dropTrailingSlash,
];

function addStage(into: PathReadings, index: number, stage: Stage): number {
  const start = into.start(index);
  const end = into.end(index);
  const out = into.end(into.count - 1);
  if (out + (end - start) > readingBudgetBytes) return pathAmbiguous;
  const written = stage(into.arena, start, end, out);
  if (written < 0) return -2 - written;
  return isKnown(into, out, written) ? -1 : push(into, out, written);
}

function isKnown(into: PathReadings, start: number, end: number): boolean {
  for (let index = 0; index < into.count; index += 1)
    if (sameBytes(into.arena, into.start(index), into.end(index), start, end)) return true;
  return false;
}

function push(into: PathReadings, start: number, end: number): number {
  if (into.count === maxReadings) return pathAmbiguous;
  into.starts[into.count] = start;
  into.ends[into.count] = end;
  into.count += 1;
  return -1;
}

function sameBytes(
  arena: Uint8Array,
  start: number,
  end: number,
  otherStart: number,
  otherEnd: number,
): boolean {
  if (end - start !== otherEnd - otherStart) return false;
  for (let at = start, other = otherStart; at < end; at += 1, other += 1)
    if (arena[at] !== arena[other]) return false;
  return true;
}

function addDecoded(into: PathReadings, bytes: Uint8Array, start: number, end: number): number {
  const out = into.count === 0 ? 0 : into.end(into.count - 1);
  if (out + (end - start) > readingBudgetBytes) return pathAmbiguous;
  const written = decodeOnce(bytes, start, end, into.arena, out);
  return written < 0 ? -2 - written : push(into, out, written);
}

/**
 * The first decode, the only one whose result must be clean, of `bytes[start, end)` into `to` from `out` on.
 * Returns the end written, or `-2 - code`.
 */
export function decodeOnce(
  bytes: Uint8Array,
  start: number,
  end: number,
  to: Uint8Array,
  out: number,
): number {
  const written = decodeInto(bytes, start, end, to, out);
  for (let at = out; at < written; at += 1) {
    const byte = to[at] ?? 0;
    if ((byte < 0x20 && byte !== keptSlash) || byte === 0x7f) return -2 - pathControl;
  }
  return written >= 0 && invalidUtf8At(to, out, written) >= 0 ? -2 - pathNotUtf8 : written;
}

function decode(arena: Uint8Array, start: number, end: number, out: number): number {
  return decodeInto(arena, start, end, arena, out);
}

/** Percent-decodes once. `%2F` becomes `keptSlash`; an escape that is none stays as it is; a NUL is refused. */
function decodeInto(from: Uint8Array, start: number, end: number, to: Uint8Array, out: number): number {
  let write = out;
  for (let at = start; at < end; at += 1) {
    let byte = from[at] ?? 0;
    if (byte === 0 && from !== to) return -2 - pathNul;
    if (byte === percent && at + 2 < end) {
      const value = (hexDigit(from[at + 1] ?? 0) << 4) | hexDigit(from[at + 2] ?? 0);
      if (value >= 0) {
        if (value === 0) return -2 - pathNul;
        byte = value === slash ? keptSlash : value;
        at += 2;
      }
    }
    to[write] = byte;
    write += 1;
  }
  return write;
}

/** 0 to 15, or -1: any arithmetic with it stays negative. */
function hexDigit(byte: number): number {
  if (byte >= 0x30 && byte <= 0x39) return byte - 0x30;
  const lower = byte | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}

function separateKeptSlashes(arena: Uint8Array, start: number, end: number, out: number): number {
  return replaceByte(arena, start, end, { out, wanted: keptSlash });
}

function separateBackslashes(arena: Uint8Array, start: number, end: number, out: number): number {
  return replaceByte(arena, start, end, { out, wanted: backslash });
}

function replaceByte(
  arena: Uint8Array,
  start: number,
  end: number,
  { out, wanted }: { out: number; wanted: number },
): number {
  let write = out;
  for (let at = start; at < end; at += 1, write += 1) {
    const byte = arena[at] ?? 0;
    arena[write] = byte === wanted ? slash : byte;
  }
  return write;
}

/**
 * `//h/a` → `/a`: servers that route by a WHATWG URL (or RFC 3986 section 4.2) take the first segment after two or more
 * slashes for an authority, however many slashes there are.
 */
function dropAuthority(arena: Uint8Array, start: number, end: number, out: number): number {
  let at = start;
  if (end - start >= 2 && arena[start] === slash && arena[start + 1] === slash) {
    while (at < end && arena[at] === slash) at += 1;
    while (at < end && arena[at] !== slash) at += 1;
    if (at === end) {
      arena[out] = slash;
      return out + 1;
    }
  }
  arena.copyWithin(out, at, end);
  return out + (end - at);
}

/** `/a;v=1/b` → `/a/b`: what servlet containers route by. */
function dropMatrixParameters(arena: Uint8Array, start: number, end: number, out: number): number {
  let write = out;
  let dropping = false;
  for (let at = start; at < end; at += 1) {
    const byte = arena[at] ?? 0;
    if (byte === slash) dropping = false;
    else if (byte === 0x3b) dropping = true;
    if (dropping) continue;
    arena[write] = byte;
    write += 1;
  }
  return write;
}

function mergeSlashes(arena: Uint8Array, start: number, end: number, out: number): number {
  let write = out;
  for (let at = start; at < end; at += 1) {
    const byte = arena[at] ?? 0;
    if (byte === slash && write > out && arena[write - 1] === slash) continue;
    arena[write] = byte;
    write += 1;
  }
  return write;
}

/** RFC 3986 section 5.2.4, remove_dot_segments, for a path that starts with a slash. */
function resolveDots(arena: Uint8Array, start: number, end: number, out: number): number {
  let write = out;
  let at = start;
  while (at < end) {
    let next = at + 1;
    while (next < end && arena[next] !== slash) next += 1;
    const length = next - at - 1;
    const single = length === 1 && arena[at + 1] === dot;
    const double = length === 2 && arena[at + 1] === dot && arena[at + 2] === dot;
    if (double) while (write > out && arena[--write] !== slash);
    if (!single && !double) {
      arena.copyWithin(write, at, next);
      write += next - at;
    } else if (next === end) arena[write++] = slash;
    at = next;
  }
  return write;
}

function dropTrailingSlash(arena: Uint8Array, start: number, end: number, out: number): number {
  const last = end - 1 > start && arena[end - 1] === slash ? end - 1 : end;
  arena.copyWithin(out, start, last);
  return out + (last - start);
}
