// A domain name from DNS bytes (RFC 1035 4.1.4): labels and compression pointers to text. Bounded: a pointer must lead backwards, so there are no
// loops, and a name has at most 255 bytes. Never throws.

/** RFC 1035 2.3.4. */
const mostNameBytes = 255;
const mostLabelBytes = 63;
const pointerBits = 0xc0;

/** Where the name ended in the message, and what it says; one reused object. */
export interface NameCursor {
  /** Index behind the name as it stands in the message; -1: malformed. */
  next: number;
  /** Lower case, without the last dot; bytes that do not belong into host names as `\DDD` (RFC 4343 2.1). */
  name: string;
  /** Labels and pointers walked: what the cost test counts. */
  steps: number;
}

/** A cursor at nothing. */
export const newNameCursor = (): NameCursor => ({ next: -1, name: '', steps: 0 });

const isHostByte = (byte: number): boolean =>
  (byte >= 97 && byte <= 122) || (byte >= 48 && byte <= 57) || byte === 45 || byte === 95;

function labelText(bytes: Uint8Array, start: number, end: number): string {
  let text = '';
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at] as number;
    const lower = byte >= 65 && byte <= 90 ? byte + 32 : byte;
    text += isHostByte(lower) ? String.fromCharCode(lower) : `\\${String(byte).padStart(3, '0')}`;
  }
  return text;
}

/** The message a name stands in: `bytes[start, end)`, pointers count from `start`. */
export interface NameSource {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
}

/** Reads the name at `from` into `cursor`. False when it is malformed. */
export function readName({ bytes, start, end }: NameSource, from: number, cursor: NameCursor): boolean {
  let at = from;
  /** A pointer must lead before everything read so far. */
  let lowest = from;
  let length = 0;
  cursor.next = -1;
  cursor.name = '';
  while (at < end) {
    const size = bytes[at] as number;
    cursor.steps += 1;
    if (size === 0) {
      if (cursor.next < 0) cursor.next = at + 1;
      return true;
    }
    if ((size & pointerBits) === pointerBits) {
      if (at + 1 >= end) break;
      if (cursor.next < 0) cursor.next = at + 2;
      at = start + (((size & 0x3f) << 8) | (bytes[at + 1] as number));
      if (at >= lowest) break;
      lowest = at;
      continue;
    }
    length += size + 1;
    if (size > mostLabelBytes || length >= mostNameBytes || at + 1 + size > end) break;
    cursor.name += `${cursor.name === '' ? '' : '.'}${labelText(bytes, at + 1, at + 1 + size)}`;
    at += size + 1;
  }
  cursor.next = -1;
  return false;
}
