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

class Pool implements BlockPool {
  heldBytes = 0;
  readonly #libc: Pick<Libc, 'allocate'>;
  #free: Block | undefined;
  #freeCount = 0;

  constructor(libc: Pick<Libc, 'allocate'>) {
    this.#libc = libc;
  }

  push(queue: Queue, bytes: Uint8Array, start: number, end: number): void {
    let at = start;
    while (at < end) {
      const block = this.#writable(queue);
      const part = Math.min(end - at, blockBytes - block.end);
      block.memory.bytes.set(bytes.subarray(at, at + part), block.end);
      block.end += part;
      at += part;
    }
    queue.bytes += end - start;
  }

  drop(queue: Queue, count: number): void {
    const { first } = queue;
    if (!first) return;
    first.start += count;
    queue.bytes -= count;
    if (first.start === first.end) this.#removeFirst(queue, first);
  }

  clear(queue: Queue): void {
    for (let block = queue.first; block; block = queue.first) this.#removeFirst(queue, block);
    queue.bytes = 0;
  }

  /** The last block of the queue, or a new one where that is full. */
  #writable(queue: Queue): Block {
    const { last } = queue;
    if (last && last.end < blockBytes) return last;
    const block = this.#take();
    if (last) last.next = block;
    else queue.first = block;
    queue.last = block;
    return block;
  }

  #take(): Block {
    this.heldBytes += blockBytes;
    const block = this.#free;
    if (!block) return { memory: this.#libc.allocate(blockBytes), start: 0, end: 0, next: undefined };
    this.#free = block.next;
    this.#freeCount--;
    block.start = block.end = 0;
    block.next = undefined;
    return block;
  }

  #removeFirst(queue: Queue, first: Block): void {
    queue.first = first.next;
    if (!queue.first) queue.last = undefined;
    this.heldBytes -= blockBytes;
    if (this.#freeCount >= keptBlocks) return;
    first.next = this.#free;
    this.#free = first;
    this.#freeCount++;
  }
}

/** An empty pool; blocks are made when first wanted. */
export function createBlockPool(libc: Pick<Libc, 'allocate'>): BlockPool {
  return new Pool(libc);
}
