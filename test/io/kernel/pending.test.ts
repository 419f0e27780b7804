import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { NativeBuffer } from '../../../src/io/kernel/libc.ts';
import { blockBytes, createBlockPool, newQueue, type Queue } from '../../../src/io/kernel/pending.ts';

const allocate = (bytes: number): NativeBuffer => {
  const memory = new ArrayBuffer(bytes);
  return { bytes: Buffer.from(memory), view: new DataView(memory), address: 0 };
};

/** What a socket that takes `most` bytes per write would get. */
function drain(pool: ReturnType<typeof createBlockPool>, queue: Queue, most: number): Buffer {
  const parts: Buffer[] = [];
  for (let block = queue.first; block; block = queue.first) {
    const count = Math.min(most, block.end - block.start);
    parts.push(Buffer.from(block.memory.bytes.subarray(block.start, block.start + count)));
    pool.drop(queue, count);
  }
  return Buffer.concat(parts);
}

test('bytes come out as they went in, however they are cut on either side', () => {
  fc.assert(
    fc.property(
      fc.array(fc.integer({ min: 0, max: 3 * blockBytes }), { maxLength: 6 }),
      fc.integer({ min: 512, max: 2 * blockBytes }),
      (sizes, most) => {
        const pool = createBlockPool({ allocate });
        const queue = newQueue();
        const source = Buffer.from(
          Uint8Array.from({ length: 3 * blockBytes + 7 }, (_unused, index) => index * 31),
        );
        for (const size of sizes) pool.push(queue, source, 7, 7 + size);
        expect(queue.bytes).toBe(sizes.reduce((sum, size) => sum + size, 0));
        expect(pool.heldBytes).toBeGreaterThanOrEqual(queue.bytes);
        expect(drain(pool, queue, most)).toEqual(
          Buffer.concat(sizes.map((size) => source.subarray(7, 7 + size))),
        );
        expect([queue.bytes, pool.heldBytes]).toEqual([0, 0]);
      },
    ),
    { numRuns: 60 },
  );
});

test('clearing gives every block back and leaves a usable queue', () => {
  const pool = createBlockPool({ allocate });
  const queue = newQueue();
  pool.push(queue, new Uint8Array(5 * blockBytes), 0, 5 * blockBytes);
  pool.clear(queue);
  expect([queue.bytes, pool.heldBytes]).toEqual([0, 0]);
  pool.push(queue, Buffer.from('after'), 0, 5);
  expect(drain(pool, queue, 100).toString()).toBe('after');
});

test('blocks are reused: pushing and draining again allocates nothing', () => {
  let allocations = 0;
  const pool = createBlockPool({ allocate: (bytes) => (allocations++, allocate(bytes)) });
  const queue = newQueue();
  for (let round = 0; round < 100; round++) {
    pool.push(queue, new Uint8Array(2 * blockBytes), 0, 2 * blockBytes);
    drain(pool, queue, blockBytes);
  }
  expect(allocations).toBe(2);
});
