// Who has which address, for the threads that carry or watch traffic: a compact table, looked up by the address's bytes without
// allocating, kept up by small updates. Peers are interned: their index is never reused, and the same object is the same peer.
import { parseAddress } from '../policy/ip-address.ts';
import type { Peer } from './identity.ts';

/** A change of the directory, as it crosses to a worker. */
export interface DirectoryUpdate {
  /** Grows with every update. */
  readonly generation: number;
  /** Index of the first of `peers`; all before are known. */
  readonly firstPeer: number;
  readonly peers: readonly Peer[];
  /** Four words an address, as `parseAddress` gives them (IPv4 mapped). */
  readonly addresses: Uint32Array;
  /** One an address: what it is now, `entryOf(...)`, or -1: nobody's any more. */
  readonly entries: Int32Array;
}

/** One thread's directory. */
export interface Directory {
  /** Of the last update; 0 before the first. */
  readonly generation: number;
  /** Addresses known. */
  readonly size: number;
  /** Puts an update in force. @throws our own bug when an update before it is missing. */
  apply(update: DirectoryUpdate): void;
  /** The entry of the address in 4 or 16 bytes from `at` on (network order; IPv4-mapped is IPv4), or -1. Allocates nothing. */
  find(family: 4 | 6, bytes: Uint8Array, at: number): number;
  /** The same for an address as text, without port. */
  entry(address: string): number;
  /** Index of the peer that has the address, or -1. */
  peerOf(address: string): number;
  peer(index: number): Peer | undefined;
}

/** A peer's index, and whether an agent enrols what is at the address: it enforces and reports what arrives there. */
export const entryOf = (peer: number, enrolled: boolean): number => peer * 2 + (enrolled ? 1 : 0);
/** Index of the peer of an entry; -1 of none. */
export const entryPeer = (entry: number): number => entry >> 1;
/** Whether its own agent reports what arrives there; false of no entry. */
export const isEnrolled = (entry: number): boolean => entry >= 0 && (entry & 1) === 1;

/** Slots at the start; a power of two, and so it stays. */
const firstSlots = 64;
const wordsPerAddress = 4;
const mappedPrefix = 0xffff;

class AddressDirectory implements Directory {
  generation = 0;
  size = 0;
  readonly #peers: Peer[] = [];
  #keys = new Uint32Array(firstSlots * wordsPerAddress);
  /** Entry + 1; 0 is an empty slot. */
  #entries = new Int32Array(firstSlots);

  apply({ generation, firstPeer, peers, addresses, entries }: DirectoryUpdate): void {
    if (firstPeer > this.#peers.length)
      throw new Error(
        `directory update ${generation} starts at peer ${firstPeer}, ${this.#peers.length} are known`,
      );
    for (const [index, peer] of peers.entries()) this.#peers[firstPeer + index] ??= peer;
    for (let index = 0; index < entries.length; index += 1) {
      const at = index * wordsPerAddress;
      const [a = 0, b = 0, c = 0, d = 0] = addresses.subarray(at, at + wordsPerAddress);
      const entry = entries[index] ?? -1;
      if (entry === -1) this.#remove(a, b, c, d);
      else this.#put(a, b, c, d, entry);
    }
    this.generation = generation;
  }

  find(family: 4 | 6, bytes: Uint8Array, at: number): number {
    const entry =
      family === 4
        ? this.#entries[this.#slotOf(0, 0, mappedPrefix, wordAt(bytes, at))]
        : this.#entries[
            this.#slotOf(
              wordAt(bytes, at),
              wordAt(bytes, at + 4),
              wordAt(bytes, at + 8),
              wordAt(bytes, at + 12),
            )
          ];
    return (entry ?? 0) - 1;
  }

  entry(address: string): number {
    const words = parseAddress(address);
    return words === undefined ? -1 : (this.#entries[this.#slotOf(...words)] ?? 0) - 1;
  }

  peerOf(address: string): number {
    return entryPeer(this.entry(address));
  }

  peer(index: number): Peer | undefined {
    return this.#peers[index];
  }

  /** Where the address is, or the empty slot where it would be. */
  #slotOf(a: number, b: number, c: number, d: number): number {
    const keys = this.#keys;
    const last = this.#entries.length - 1;
    let slot = hashOf(a, b, c, d) & last;
    for (;;) {
      const at = slot * wordsPerAddress;
      if (this.#entries[slot] === 0) return slot;
      if (keys[at] === a && keys[at + 1] === b && keys[at + 2] === c && keys[at + 3] === d) return slot;
      slot = (slot + 1) & last;
    }
  }

  #put(a: number, b: number, c: number, d: number, entry: number): void {
    let slot = this.#slotOf(a, b, c, d);
    if (this.#entries[slot] === 0) {
      if ((this.size + 1) * 2 > this.#entries.length) {
        this.#grow();
        slot = this.#slotOf(a, b, c, d);
      }
      this.#keys.set([a, b, c, d], slot * wordsPerAddress);
      this.size += 1;
    }
    this.#entries[slot] = entry + 1;
  }

  /** Those after it in the run move up, so that no search stops early. */
  #remove(a: number, b: number, c: number, d: number): void {
    let hole = this.#slotOf(a, b, c, d);
    if (this.#entries[hole] === 0) return;
    this.size -= 1;
    const last = this.#entries.length - 1;
    for (let slot = (hole + 1) & last; this.#entries[slot] !== 0; slot = (slot + 1) & last) {
      const at = slot * wordsPerAddress;
      const [e = 0, f = 0, g = 0, h = 0] = this.#keys.subarray(at, at + wordsPerAddress);
      const home = hashOf(e, f, g, h) & last;
      if (((slot - home) & last) < ((slot - hole) & last)) continue;
      this.#keys.copyWithin(hole * wordsPerAddress, at, at + wordsPerAddress);
      this.#entries[hole] = this.#entries[slot] ?? 0;
      hole = slot;
    }
    this.#entries[hole] = 0;
  }

  #grow(): void {
    const keys = this.#keys;
    const entries = this.#entries;
    this.#keys = new Uint32Array(keys.length * 2);
    this.#entries = new Int32Array(entries.length * 2);
    for (const [slot, value] of entries.entries()) {
      if (value === 0) continue;
      const at = slot * wordsPerAddress;
      const [a = 0, b = 0, c = 0, d = 0] = keys.subarray(at, at + wordsPerAddress);
      const free = this.#slotOf(a, b, c, d);
      this.#keys.set([a, b, c, d], free * wordsPerAddress);
      this.#entries[free] = value;
    }
  }
}

const wordAt = (bytes: Uint8Array, at: number): number =>
  (((bytes[at] ?? 0) << 24) |
    ((bytes[at + 1] ?? 0) << 16) |
    ((bytes[at + 2] ?? 0) << 8) |
    (bytes[at + 3] ?? 0)) >>>
  0;

/** Murmur3's finish over the four words. */
function hashOf(a: number, b: number, c: number, d: number): number {
  let hash = Math.imul(a, 0x85ebca6b) ^ Math.imul(b, 0xc2b2ae35) ^ Math.imul(c, 0x27d4eb2f) ^ d;
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return (hash ^ (hash >>> 16)) >>> 0;
}

/** An empty directory. */
export const createDirectory = (): Directory => new AddressDirectory();
