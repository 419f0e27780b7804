// DNS over TCP (RFC 1035 4.2.2): messages with their length before them, put together from pieces. Bounded; never throws.
import { copyBytes } from '../http1/copy-bytes.ts';

/** Answers with addresses are far smaller; longer ones (zone transfers) are passed over. */
const mostMessageBytes = 8 * 1024;
const firstBytes = 512;
const lengthBytes = 2;

/** Who takes the messages; the bytes are valid during the call. */
export type TakeDnsMessage = (bytes: Uint8Array, start: number, end: number) => void;

/** One direction of one connection. */
export interface DnsStream {
  push(bytes: Uint8Array, start: number, end: number): void;
  /** Bytes were not seen: where messages begin is not known any more, and nothing further is read. */
  lose(): void;
  /** Bytes of memory held for a message under way. */
  readonly kept: number;
}

class StreamReader implements DnsStream {
  readonly #take: TakeDnsMessage;
  #buffer = new Uint8Array(0);
  #gathered = 0;
  /** Bytes of a message that is passed over. */
  #skip = 0;
  #isLost = false;

  constructor(take: TakeDnsMessage) {
    this.#take = take;
  }

  push(bytes: Uint8Array, start: number, end: number): void {
    const from = { bytes, end };
    let at = start;
    while (at < end && !this.#isLost) at = this.#skip > 0 ? this.#pass(at, end) : this.#read(from, at);
  }

  lose(): void {
    this.#isLost = true;
    this.#buffer = new Uint8Array(0);
    this.#gathered = 0;
  }

  get kept(): number {
    return this.#buffer.length;
  }

  #pass(at: number, end: number): number {
    const passed = Math.min(this.#skip, end - at);
    this.#skip -= passed;
    return at + passed;
  }

  /** Reads on in the length or in the message; hands the message over when it is whole. Returns the new index. */
  #read(from: Piece, start: number): number {
    const at = this.#gather(from, start, lengthBytes);
    if (this.#gathered < lengthBytes) return at;
    const length = ((this.#buffer[0] as number) << 8) | (this.#buffer[1] as number);
    if (length > mostMessageBytes) {
      this.#skip = length;
      this.#gathered = 0;
      return at;
    }
    const next = this.#gather(from, at, lengthBytes + length);
    if (this.#gathered < lengthBytes + length) return next;
    this.#gathered = 0;
    this.#take(this.#buffer, lengthBytes, lengthBytes + length);
    return next;
  }

  /** Appends until `wanted` bytes are there in all, as far as the piece goes; returns the new index. */
  #gather(from: Piece, at: number, wanted: number): number {
    const stop = Math.min(from.end, at + Math.max(0, wanted - this.#gathered));
    if (this.#buffer.length < wanted) {
      const grown = new Uint8Array(Math.min(mostMessageBytes + lengthBytes, Math.max(firstBytes, wanted)));
      copyBytes(this.#buffer, 0, this.#gathered, grown, 0);
      this.#buffer = grown;
    }
    copyBytes(from.bytes, at, stop, this.#buffer, this.#gathered);
    this.#gathered += stop - at;
    return stop;
  }
}

/** What one push brought. */
interface Piece {
  readonly bytes: Uint8Array;
  readonly end: number;
}

/** One per connection. */
export function createDnsStream(take: TakeDnsMessage): DnsStream {
  return new StreamReader(take);
}
