// What was delivered lately of one direction, as hashes: a retransmission that says something else than the first copy is told. A checksum that
// the receiver finds wrong makes it drop the first copy and take the second, and a tap cannot check checksums (frame.ts): so this is the only
// trace of that evasion. Bounded: the last few segments, the first bytes of each.

const kept = 4;
const words = 3;
/** Request heads are shorter; the end of a large body is not worth a look at every byte. */
const hashedBytes = 1500;

/** FNV-1a, 32 bit: chance finds a collision once in 4 billion; who constructs one gains a missing warning. */
function hashOf(bytes: Uint8Array, start: number, end: number): number {
  let hash = 0x811c9dc5;
  for (let at = start; at < end; at += 1) hash = Math.imul(hash ^ (bytes[at] as number), 0x01000193);
  return hash;
}

/** Of one direction; 48 bytes. */
export class DeliveredDigests {
  /** Sequence, hashed length, hash; oldest overwritten first. */
  readonly #rows = new Int32Array(kept * words);
  #next = 0;

  /** `bytes[start, end)` were delivered, beginning at `sequence`. */
  remember(sequence: number, bytes: Uint8Array, start: number, end: number): void {
    const length = Math.min(end - start, hashedBytes);
    const row = this.#next;
    this.#rows[row] = sequence;
    this.#rows[row + 1] = length;
    this.#rows[row + 2] = hashOf(bytes, start, start + length);
    this.#next = (row + words) % this.#rows.length;
  }

  /** Whether `bytes[start, end)`, sent again from `sequence` on, contradict what was delivered there, as far as that is known. */
  contradicts(sequence: number, bytes: Uint8Array, start: number, end: number): boolean {
    for (let row = 0; row < this.#rows.length; row += words) {
      const length = this.#rows[row + 1] as number;
      const offset = ((this.#rows[row] as number) - sequence) | 0;
      if (length === 0 || offset < 0 || offset + length > end - start) continue;
      const from = start + offset;
      if (hashOf(bytes, from, from + length) !== this.#rows[row + 2]) return true;
    }
    return false;
  }
}
