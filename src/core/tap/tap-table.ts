// Connections by their two ends: open addressing over typed arrays, no string and no object per packet, and three lists by age. Knows indices, not
// what they stand for. Grows by doubling up to its limit, as a node has many pods and most have few connections.

/** Words of a key: two addresses of four words (IPv4 mapped), the lower end first, and both ports. */
export const keyWords = 9;

/** The lists: a SYN without an answer, open, over. */
export const ageList = { opening: 0, open: 1, closed: 2 } as const;

const lists = 3;
const firstCapacity = 64;
const none = -1;

/** Connections, each at an index that stays its own until it is removed. */
export class TapTable {
  readonly #limit: number;
  /** Random and odd: without knowing them nobody can choose ends that collide. */
  readonly #factors = new Int32Array(keyWords);
  #capacity = firstCapacity;
  #size = 0;
  /** Index + 1, 0 where empty; at most half of them are taken. */
  #slots = new Int32Array(2 * firstCapacity);
  #keys = new Int32Array(firstCapacity * keyWords);
  #hashes = new Int32Array(firstCapacity);
  #next = new Int32Array(firstCapacity);
  #previous = new Int32Array(firstCapacity);
  #list = new Int8Array(firstCapacity);
  #seen = new Float64Array(firstCapacity);
  readonly #heads = new Int32Array(lists).fill(none);
  readonly #tails = new Int32Array(lists).fill(none);
  /** First of the unused indices, linked by `#next`. */
  #free = 0;
  /** Slots looked at: what the cost test counts. */
  probes = 0;

  constructor(limit: number, seed: number) {
    this.#limit = Math.max(1, limit);
    let state = seed | 0;
    for (let at = 0; at < keyWords; at += 1) {
      state = (state + 0x9e3779b9) | 0;
      let mixed = Math.imul(state ^ (state >>> 16), 0x85ebca6b);
      mixed = Math.imul(mixed ^ (mixed >>> 13), 0xc2b2ae35);
      this.#factors[at] = (mixed ^ (mixed >>> 16)) | 1;
    }
    this.#linkFree(0);
  }

  get size(): number {
    return this.#size;
  }

  get isFull(): boolean {
    return this.#size >= this.#limit;
  }

  /** Index of the connection with this key, or -1. */
  find(key: Int32Array): number {
    const hash = this.#hash(key);
    const mask = this.#slots.length - 1;
    for (let slot = hash & mask; ; slot = (slot + 1) & mask) {
      this.probes += 1;
      const index = (this.#slots[slot] as number) - 1;
      if (index === none) return none;
      if (this.#hashes[index] === hash && this.#sameKey(index, key)) return index;
    }
  }

  /** A new index, at the end of `list`; the key must not be there yet and the table not full. */
  add(key: Int32Array, list: number, nowMs: number): number {
    if (this.#free === none) this.#grow();
    const index = this.#free;
    this.#free = this.#next[index] as number;
    this.#size += 1;
    this.#keys.set(key, index * keyWords);
    const hash = this.#hash(key);
    this.#hashes[index] = hash;
    this.#place(index, hash);
    this.#append(index, list, nowMs);
    return index;
  }

  /** Moves to the end of a list: a segment was seen. */
  touch(index: number, list: number, nowMs: number): void {
    this.#unlink(index);
    this.#append(index, list, nowMs);
  }

  listOf(index: number): number {
    return this.#list[index] as number;
  }

  /** Index that was touched longest ago, or -1. */
  oldest(list: number): number {
    return this.#heads[list] as number;
  }

  /** When it was touched last, ms. */
  seenAt(index: number): number {
    return this.#seen[index] as number;
  }

  remove(index: number): void {
    this.#unlink(index);
    this.#vacate(index);
    this.#next[index] = this.#free;
    this.#free = index;
    this.#size -= 1;
  }

  #hash(key: Int32Array): number {
    let sum = 0;
    for (let at = 0; at < keyWords; at += 1)
      sum = (sum + Math.imul(key[at] as number, this.#factors[at] as number)) | 0;
    // The high bits depend on all bits of the words, the low ones only on low ones.
    const mixed = Math.imul(sum ^ (sum >>> 15), this.#factors[0] as number);
    return mixed ^ (mixed >>> 16);
  }

  #sameKey(index: number, key: Int32Array): boolean {
    const from = index * keyWords;
    for (let at = 0; at < keyWords; at += 1) if (this.#keys[from + at] !== key[at]) return false;
    return true;
  }

  #place(index: number, hash: number): void {
    const mask = this.#slots.length - 1;
    let slot = hash & mask;
    while (this.#slots[slot] !== 0) slot = (slot + 1) & mask;
    this.#slots[slot] = index + 1;
  }

  /** Empties the slot and moves up those behind it that could not stand where they belong. */
  #vacate(index: number): void {
    const slots = this.#slots;
    const mask = slots.length - 1;
    let hole = (this.#hashes[index] as number) & mask;
    while (slots[hole] !== index + 1) hole = (hole + 1) & mask;
    for (let slot = (hole + 1) & mask; slots[slot] !== 0; slot = (slot + 1) & mask) {
      const home = (this.#hashes[(slots[slot] as number) - 1] as number) & mask;
      if (((slot - home) & mask) < ((slot - hole) & mask)) continue;
      slots[hole] = slots[slot] as number;
      hole = slot;
    }
    slots[hole] = 0;
  }

  #append(index: number, list: number, nowMs: number): void {
    const tail = this.#tails[list] as number;
    this.#list[index] = list;
    this.#seen[index] = nowMs;
    this.#previous[index] = tail;
    this.#next[index] = none;
    if (tail === none) this.#heads[list] = index;
    else this.#next[tail] = index;
    this.#tails[list] = index;
  }

  #unlink(index: number): void {
    const list = this.#list[index] as number;
    const before = this.#previous[index] as number;
    const after = this.#next[index] as number;
    if (before === none) this.#heads[list] = after;
    else this.#next[before] = after;
    if (after === none) this.#tails[list] = before;
    else this.#previous[after] = before;
  }

  #linkFree(from: number): void {
    for (let index = from; index < this.#capacity; index += 1)
      this.#next[index] = index + 1 < this.#capacity ? index + 1 : none;
    this.#free = from;
  }

  #grow(): void {
    const before = this.#capacity;
    this.#capacity = 2 * before;
    this.#keys = grown(this.#keys, new Int32Array(this.#capacity * keyWords));
    this.#hashes = grown(this.#hashes, new Int32Array(this.#capacity));
    this.#next = grown(this.#next, new Int32Array(this.#capacity));
    this.#previous = grown(this.#previous, new Int32Array(this.#capacity));
    this.#list = grown(this.#list, new Int8Array(this.#capacity));
    this.#seen = grown(this.#seen, new Float64Array(this.#capacity));
    this.#slots = new Int32Array(2 * this.#capacity);
    for (let index = 0; index < before; index += 1) this.#place(index, this.#hashes[index] as number);
    this.#linkFree(before);
  }
}

function grown<A extends { set(from: A): void }>(from: A, to: A): A {
  to.set(from);
  return to;
}
