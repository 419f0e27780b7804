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
}

/** One per connection. */
export function createDnsStream(take: TakeDnsMessage): DnsStream {
  let buffer = new Uint8Array(0);
  let gathered = 0;
  let skip = 0;
  let isLost = false;

  /** Appends up to `wanted` bytes in all; returns the new index. */
  function gather(
    from: { readonly bytes: Uint8Array; readonly end: number },
    at: number,
    wanted: number,
  ): number {
    const stop = Math.min(from.end, at + wanted - gathered);
    if (buffer.length < wanted) {
      const grown = new Uint8Array(Math.min(mostMessageBytes + lengthBytes, Math.max(firstBytes, wanted)));
      copyBytes(buffer, 0, gathered, grown, 0);
      buffer = grown;
    }
    copyBytes(from.bytes, at, stop, buffer, gathered);
    gathered += stop - at;
    return stop;
  }

  return {
    push: (bytes, start, end) => {
      const from = { bytes, end };
      let at = start;
      while (at < end && !isLost) {
        if (skip > 0) {
          const passed = Math.min(skip, end - at);
          skip -= passed;
          at += passed;
          continue;
        }
        if (gathered < lengthBytes) at = gather(from, at, lengthBytes);
        if (gathered < lengthBytes) break;
        const length = ((buffer[0] as number) << 8) | (buffer[1] as number);
        if (length > mostMessageBytes) {
          skip = length;
          gathered = 0;
          continue;
        }
        at = gather(from, at, lengthBytes + length);
        if (gathered < lengthBytes + length) break;
        gathered = 0;
        take(buffer, lengthBytes, lengthBytes + length);
      }
    },
    lose: () => {
      isLost = true;
      buffer = new Uint8Array(0);
      gathered = 0;
    },
  };
}
