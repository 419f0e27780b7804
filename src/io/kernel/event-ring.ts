// A single-producer, single-consumer ring of variable-length records in shared memory: how events leave the worker without
// blocking it. Knows bytes only, not what is in a record. A record that does not fit is counted as lost, never waited for.
//
// Layout: a header of 64-byte lines (so that the two threads do not fight over one), then `capacity` bytes of records. Positions count
// 8-byte units and wrap at 2^32. A record starts with its length in bytes (Int32, a multiple of 8); a negative length skips to the end.

const headIndex = 0;
const tailIndex = 16;
const asleepIndex = 32;
const lostIndex = 48;
const headerBytes = 256;
const unitShift = 3;
const unitBytes = 1 << unitShift;

/** The three views of the record area that codecs write and read; offsets are bytes from its start, multiples of 8 for records. */
export interface RingViews {
  readonly bytes: Buffer;
  readonly ints: Int32Array;
  readonly floats: Float64Array;
}

/** The producer's end: reserve, write through the views, commit. */
export interface RingWriter extends RingViews {
  /** Byte offset of room for a record of at most `size` bytes (its first 8 belong to the ring), or -1 and one more lost. */
  reserve(size: number): number;
  /** Publish the reserved record with its real size. True when the reader sleeps and must be woken. */
  commit(size: number): boolean;
}

/** The consumer's end: next, read through the views, release. */
export interface RingReader extends RingViews {
  /** Byte offset of the oldest record, or -1 when there is none. It stays valid until `release`. */
  next(): number;
  /** Give the record returned by `next` back to the writer. */
  release(): void;
  /** Records lost since the last call. */
  takeLost(): number;
  /** Records lost since the ring was made. */
  lost(): number;
  /** What lies between writer and reader now, bytes. */
  usedBytes(): number;
  readonly capacityBytes: number;
  /** Ask to be woken by the next commit. False when records (or losses) came meanwhile: read on instead. */
  sleep(): boolean;
}

/** A zeroed ring for `capacityBytes` (a power of two, at least 1024) of records. */
export function createRingBuffer(capacityBytes: number): SharedArrayBuffer {
  if (capacityBytes < 1024 || (capacityBytes & (capacityBytes - 1)) !== 0)
    throw new Error(`the event ring needs a power of two of at least 1024 bytes, not ${capacityBytes}`);
  return new SharedArrayBuffer(headerBytes + capacityBytes);
}

interface Parts extends RingViews {
  readonly header: Int32Array;
  readonly capacityUnits: number;
}

function partsOf(buffer: SharedArrayBuffer): Parts {
  const capacity = buffer.byteLength - headerBytes;
  return {
    header: new Int32Array(buffer, 0, headerBytes / 4),
    bytes: Buffer.from(buffer, headerBytes, capacity),
    ints: new Int32Array(buffer, headerBytes, capacity / 4),
    floats: new Float64Array(buffer, headerBytes, capacity / 8),
    capacityUnits: capacity >> unitShift,
  };
}

class Writer implements RingWriter {
  readonly bytes: Buffer;
  readonly ints: Int32Array;
  readonly floats: Float64Array;
  readonly #header: Int32Array;
  readonly #capacityUnits: number;
  #head: number;
  #tail: number;
  #reservedAt = 0;

  constructor({ header, bytes, ints, floats, capacityUnits }: Parts) {
    this.bytes = bytes;
    this.ints = ints;
    this.floats = floats;
    this.#header = header;
    this.#capacityUnits = capacityUnits;
    this.#head = Atomics.load(header, headIndex);
    this.#tail = Atomics.load(header, tailIndex);
  }

  #hasRoom(units: number): boolean {
    if (((this.#head - this.#tail) | 0) + units <= this.#capacityUnits) return true;
    this.#tail = Atomics.load(this.#header, tailIndex);
    return ((this.#head - this.#tail) | 0) + units <= this.#capacityUnits;
  }

  reserve(size: number): number {
    const units = (size + unitBytes - 1) >> unitShift;
    const position = this.#head & (this.#capacityUnits - 1);
    const toEnd = this.#capacityUnits - position;
    const skip = units > toEnd ? toEnd : 0;
    if (units > this.#capacityUnits || !this.#hasRoom(units + skip)) {
      Atomics.add(this.#header, lostIndex, 1);
      return -1;
    }
    if (skip > 0) {
      this.ints[position << 1] = -(skip << unitShift);
      this.#head = (this.#head + skip) | 0;
      this.#reservedAt = 0;
    } else this.#reservedAt = position;
    return this.#reservedAt << unitShift;
  }

  commit(size: number): boolean {
    const header = this.#header;
    const units = (size + unitBytes - 1) >> unitShift;
    this.ints[this.#reservedAt << 1] = units << unitShift;
    this.#head = (this.#head + units) | 0;
    Atomics.store(header, headIndex, this.#head);
    return (
      Atomics.load(header, asleepIndex) === 1 && Atomics.compareExchange(header, asleepIndex, 1, 0) === 1
    );
  }
}

/** The producer's end; only one may exist per ring. */
export function createRingWriter(buffer: SharedArrayBuffer): RingWriter {
  return new Writer(partsOf(buffer));
}

/** The shared counter of losses wraps at 2^32; their sum here does not. */
function countLosses(header: Int32Array): {
  /** Since the last `take`. */
  readonly fresh: () => number;
  readonly take: () => number;
  readonly total: () => number;
} {
  let reported = 0;
  let before = 0;
  const fresh = (): number => (Atomics.load(header, lostIndex) - reported) | 0;
  return {
    fresh,
    take() {
      const count = fresh();
      reported = (reported + count) | 0;
      before += count;
      return count;
    },
    total: () => before + fresh(),
  };
}

/** The consumer's end; only one may exist per ring. */
export function createRingReader(buffer: SharedArrayBuffer): RingReader {
  const { header, bytes, ints, floats, capacityUnits } = partsOf(buffer);
  let tail = Atomics.load(header, tailIndex);
  let head = tail;
  const losses = countLosses(header);

  return {
    bytes,
    ints,
    floats,
    next() {
      if (head === tail) head = Atomics.load(header, headIndex);
      if (head === tail) return -1;
      const length = ints[(tail & (capacityUnits - 1)) << 1] ?? 0;
      if (length < 0) tail = (tail + (-length >> unitShift)) | 0;
      return (tail & (capacityUnits - 1)) << unitShift;
    },
    release() {
      const length = ints[(tail & (capacityUnits - 1)) << 1] ?? 0;
      tail = (tail + (length >> unitShift)) | 0;
      Atomics.store(header, tailIndex, tail);
    },
    takeLost: losses.take,
    lost: losses.total,
    usedBytes: () => ((Atomics.load(header, headIndex) - tail) | 0) * unitBytes,
    capacityBytes: capacityUnits * unitBytes,
    sleep() {
      Atomics.store(header, asleepIndex, 1);
      if (Atomics.load(header, headIndex) === tail && losses.fresh() === 0) return true;
      // When the writer took the flag first, its wake-up is on the way: sleeping is right after all.
      return Atomics.compareExchange(header, asleepIndex, 1, 0) !== 1;
    },
  };
}
