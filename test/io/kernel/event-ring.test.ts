import { expect, test } from 'vitest';
import {
  createRingBuffer,
  createRingReader,
  createRingWriter,
  type RingReader,
  type RingWriter,
} from '../../../src/io/kernel/event-ring.ts';

function ring(capacity = 1024): { writer: RingWriter; reader: RingReader } {
  const buffer = createRingBuffer(capacity);
  return { writer: createRingWriter(buffer), reader: createRingReader(buffer) };
}

/** Writes a record of `size` bytes whose payload is `value`; false when there was no room. */
function put(writer: RingWriter, value: number, size = 16): boolean {
  const offset = writer.reserve(size);
  if (offset < 0) return false;
  writer.ints[(offset >> 2) + 2] = value;
  writer.commit(size);
  return true;
}

function take(reader: RingReader): number | undefined {
  const offset = reader.next();
  if (offset < 0) return undefined;
  const value = reader.ints[(offset >> 2) + 2];
  reader.release();
  return value;
}

test('records come out in the order they went in', () => {
  const { writer, reader } = ring();
  expect(take(reader)).toBeUndefined();
  for (const value of [1, 2, 3]) put(writer, value);
  expect([take(reader), take(reader), take(reader), take(reader)]).toEqual([1, 2, 3, undefined]);
});

test('any mix of sizes survives a hundred thousand records across the wrap', () => {
  const { writer, reader } = ring(1024);
  let written = 0;
  let read = 0;
  for (let step = 0; written < 100_000; step++) {
    const size = 16 + ((step * 7919) % 300);
    if (put(writer, written, size)) written++;
    if (step % 3 === 0) {
      const value = take(reader);
      if (value !== undefined) expect(value).toBe(read++);
    }
  }
  for (let value = take(reader); value !== undefined; value = take(reader)) expect(value).toBe(read++);
  expect(reader.takeLost()).toBeGreaterThan(0);
  expect(read).toBe(written);
});

test('positions survive the wrap of 32 bits', () => {
  const buffer = createRingBuffer(1024);
  const header = new Int32Array(buffer);
  const near = 2 ** 31 - 1024;
  for (const index of [0, 16]) header[index] = near;
  const writer = createRingWriter(buffer);
  const reader = createRingReader(buffer);
  for (let value = 0; value < 5_000; value++) {
    expect(put(writer, value, 24)).toBe(true);
    expect(take(reader)).toBe(value);
  }
});

test('a full ring refuses, counts, and takes again once the reader made room', () => {
  const { writer, reader } = ring(1024);
  let stored = 0;
  while (put(writer, stored, 64)) stored++;
  expect(stored).toBe(16);
  expect(put(writer, 99, 64)).toBe(false);
  expect(reader.takeLost()).toBe(2);
  expect(reader.takeLost()).toBe(0);
  expect(reader.lost()).toBe(2);
  expect(take(reader)).toBe(0);
  expect(put(writer, 16, 64)).toBe(true);
});

test('a record larger than the ring is lost, not written beyond it', () => {
  const { writer, reader } = ring(1024);
  expect(writer.reserve(1032)).toBe(-1);
  expect(reader.takeLost()).toBe(1);
  expect(put(writer, 1, 1024)).toBe(true);
  expect(take(reader)).toBe(1);
});

test('a sleeping reader is woken once, by the first commit', () => {
  const { writer, reader } = ring();
  expect(reader.sleep()).toBe(true);
  writer.reserve(16);
  expect(writer.commit(16)).toBe(true);
  writer.reserve(16);
  expect(writer.commit(16)).toBe(false);
});

test('a reader does not fall asleep on records that came meanwhile', () => {
  const { writer, reader } = ring();
  put(writer, 1);
  expect(reader.sleep()).toBe(false);
  expect(take(reader)).toBe(1);
  expect(reader.sleep()).toBe(true);
});

test('capacities that are no power of two are refused', () => {
  expect(() => createRingBuffer(1000)).toThrow('power of two');
  expect(() => createRingBuffer(1536)).toThrow('power of two');
});

test('what lies in the ring is known in bytes, across the wrap too', () => {
  const { writer, reader } = ring(1024);
  expect([reader.usedBytes(), reader.capacityBytes]).toEqual([0, 1024]);
  put(writer, 1, 400);
  put(writer, 2, 400);
  expect(reader.usedBytes()).toBe(800);
  take(reader);
  // 224 bytes to the end are skipped.
  put(writer, 3, 240);
  expect(reader.usedBytes()).toBe(400 + 224 + 240);
  take(reader);
  take(reader);
  expect(reader.usedBytes()).toBe(0);
});

test('the sum of losses goes on growing where the shared counter wraps', () => {
  const buffer = createRingBuffer(1024);
  const writer = createRingWriter(buffer);
  const reader = createRingReader(buffer);
  new Int32Array(buffer)[48] = 2 ** 31 - 1;
  expect(reader.takeLost()).toBe(2 ** 31 - 1);
  writer.reserve(2048);
  writer.reserve(2048);
  expect(reader.lost()).toBe(2 ** 31 + 1);
  expect(reader.takeLost()).toBe(2);
  expect(reader.lost()).toBe(2 ** 31 + 1);
  expect(reader.sleep()).toBe(true);
});
