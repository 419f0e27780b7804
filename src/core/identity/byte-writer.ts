// Writes numbers and texts into bytes: LEB128 for whole numbers, UTF-8 behind its length. Knows no format.
import { Buffer } from 'node:buffer';

/** Grows as needed. */
export interface ByteWriter {
  /** Whole, 0 to 2^53 - 1. */
  number(value: number): void;
  text(value: string): void;
  bytes(value: Uint8Array): void;
  /** What was written. */
  done(): Uint8Array;
}

const firstBytes = 1_024;

/** Nothing written yet. */
export function createByteWriter(): ByteWriter {
  let buffer = Buffer.allocUnsafe(firstBytes);
  let length = 0;
  const room = (more: number): void => {
    if (length + more <= buffer.length) return;
    const larger = Buffer.allocUnsafe(Math.max(buffer.length * 2, length + more));
    buffer.copy(larger, 0, 0, length);
    buffer = larger;
  };
  const writer: ByteWriter = {
    number(value) {
      room(8);
      let rest = value;
      while (rest > 127) {
        buffer[length++] = (rest % 128) | 128;
        rest = Math.floor(rest / 128);
      }
      buffer[length++] = rest;
    },
    text(value) {
      writer.bytes(Buffer.from(value));
    },
    bytes(value) {
      writer.number(value.length);
      room(value.length);
      buffer.set(value, length);
      length += value.length;
    },
    done: () => new Uint8Array(buffer.subarray(0, length)),
  };
  return writer;
}
