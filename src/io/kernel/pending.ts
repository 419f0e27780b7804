// Bytes that a socket would not take at once, in small blocks from one pool, so that an idle connection holds no memory and all of it
// is bounded. Knows no socket.
import type { Libc, NativeBuffer } from './libc.ts';

/** Size of a block: small, because most queues hold one small head while the upstream leg is still connecting. */
export const blockBytes = 16 * 1024;
/** Blocks kept for reuse when nothing is queued (4 MiB); more go back to the garbage collector. */
const keptBlocks = 256;

/** A piece of a queue; `start..end` is unwritten. */
export interface Block {
  readonly memory: NativeBuffer;
  start: number;
  end: number;
  next: Block | undefined;
}

/** A first-in, first-out run of bytes. Lives inside a leg. */
export interface Queue {
  first: Block | undefined;
  last: Block | undefined;
  bytes: number;
}

/** The blocks of all queues of one worker. */
export interface BlockPool {
  /** Memory held by queued blocks, bytes. */
  readonly heldBytes: number;
  /** Copy `bytes[start, end)` to the end of the queue. */
  push(queue: Queue, bytes: Uint8Array, start: number, end: number): void;
  /** The first `count` bytes of the queue were written; they are within its first block. */
  drop(queue: Queue, count: number): void;
  clear(queue: Queue): void;
}

/** A queue without bytes, and without memory. */
export const newQueue = (): Queue => ({ first: undefined, last: undefined, bytes: 0 });

/** An empty pool; blocks are made when first wanted. */
export function createBlockPool(libc: Pick<Libc, 'allocate'>): BlockPool {
  let free: Block | undefined;
  let freeCount = 0;
  let held = 0;

  function take(): Block {
    held += blockBytes;
    const block = free;
    if (!block) return { memory: libc.allocate(blockBytes), start: 0, end: 0, next: undefined };
    free = block.next;
    freeCount--;
    block.start = block.end = 0;
    block.next = undefined;
    return block;
  }

  function give(block: Block): void {
    held -= blockBytes;
    if (freeCount >= keptBlocks) return;
    block.next = free;
    free = block;
    freeCount++;
  }

  function removeFirst(queue: Queue, first: Block): void {
    queue.first = first.next;
    if (!queue.first) queue.last = undefined;
    give(first);
  }

  return {
    get heldBytes() {
      return held;
    },
    // eslint-disable-next-line max-params -- hot path: an options object would be allocated per chunk
    push(queue, bytes, start, end) {
      let at = start;
      while (at < end) {
        let block = queue.last;
        if (!block || block.end === blockBytes) {
          block = take();
          if (queue.last) queue.last.next = block;
          else queue.first = block;
          queue.last = block;
        }
        const part = Math.min(end - at, blockBytes - block.end);
        block.memory.bytes.set(bytes.subarray(at, at + part), block.end);
        block.end += part;
        at += part;
      }
      queue.bytes += end - start;
    },
    drop(queue, count) {
      const first = queue.first;
      if (!first) return;
      first.start += count;
      queue.bytes -= count;
      if (first.start === first.end) removeFirst(queue, first);
    },
    clear(queue) {
      for (let block = queue.first; block; block = queue.first) removeFirst(queue, block);
      queue.bytes = 0;
    },
  };
}
