// Reads what byte-writer.ts wrote, from anybody: the first thing that cannot be is remembered, and from then on everything reads as 0 and
// '', so that callers check once, at the end, and no loop outlives the bytes. Never throws. Knows no format.
import { Buffer, isUtf8 } from 'node:buffer';

/** Reads forward. */
export interface ByteReader {
  /** Whole, at most `most`. */
  number(most: number): number;
  /** Valid UTF-8 of at most `mostBytes` bytes. */
  text(mostBytes: number): string;
  /** So many bytes, shared with the input. */
  bytes(count: number): Uint8Array;
  /** How many things follow: at most `most`, and never more than bytes are left. */
  count(most: number): number;
  /** Notes what is wrong, as the rest of "it …"; only the first stands. */
  fail(why: string): void;
  /** What is wrong; undefined so far. */
  readonly fault: () => string | undefined;
  readonly left: () => number;
}

const noBytes = new Uint8Array(0);
/** 2^53 - 1 in groups of seven bits. */
const longestNumber = 8;

interface Position {
  readonly input: Uint8Array;
  at: number;
  fault: string | undefined;
}

function fail(position: Position, why: string): void {
  position.fault ??= why;
  position.at = position.input.length;
}

function numberAt(position: Position, most: number): number {
  let value = 0;
  for (let index = 0; index < longestNumber; index += 1) {
    const byte = position.input[position.at];
    if (byte === undefined) break;
    position.at += 1;
    value += (byte & 127) * 128 ** index;
    if (byte > 127) continue;
    if (value <= most) return value;
    fail(position, `holds ${value} where ${most} is the most`);
    return 0;
  }
  fail(position, 'ends within a number, or holds one that is too long');
  return 0;
}

const left = ({ input, at }: Position): number => input.length - at;

function bytesAt(position: Position, count: number): Uint8Array {
  if (count > left(position)) {
    fail(position, 'ends too early');
    return noBytes;
  }
  position.at += count;
  return position.input.subarray(position.at - count, position.at);
}

function textAt(position: Position, mostBytes: number): string {
  const bytes = bytesAt(position, numberAt(position, mostBytes));
  if (isUtf8(bytes)) return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.length).toString();
  fail(position, 'holds a text that is not UTF-8');
  return '';
}

function countAt(position: Position, most: number): number {
  const value = numberAt(position, most);
  if (value <= left(position)) return value;
  fail(position, `says ${value} follow, and ${left(position)} bytes are left`);
  return 0;
}

/** Starts at the first byte. */
export function createByteReader(input: Uint8Array): ByteReader {
  const position: Position = { input, at: 0, fault: undefined };
  return {
    number: (most) => numberAt(position, most),
    bytes: (count) => bytesAt(position, count),
    text: (mostBytes) => textAt(position, mostBytes),
    count: (most) => countAt(position, most),
    fail: (why) => fail(position, why),
    fault: () => position.fault,
    left: () => left(position),
  };
}
