// The two ends of a frame as key words for the table and as text for people. Knows no table.
import type { FrameView } from './frame.ts';
import { keyWords } from './tap-table.ts';

const addressWords = 4;
/** IPv4 mapped into IPv6 (RFC 4291 2.5.5.2). */
const mapped = 0xffff;

const word = (bytes: Uint8Array, at: number): number =>
  ((bytes[at] as number) << 24) |
  ((bytes[at + 1] as number) << 16) |
  ((bytes[at + 2] as number) << 8) |
  (bytes[at + 3] as number);

function writeAddress(key: Int32Array, at: number, bytes: Uint8Array, start: number, family: number): void {
  if (family === 4) {
    key[at] = key[at + 1] = 0;
    key[at + 2] = mapped;
    key[at + 3] = word(bytes, start);
    return;
  }
  for (let index = 0; index < addressWords; index += 1) key[at + index] = word(bytes, start + 4 * index);
}

function compare(bytes: Uint8Array, left: number, right: number, length: number): number {
  for (let at = 0; at < length; at += 1) {
    const difference = (bytes[left + at] as number) - (bytes[right + at] as number);
    if (difference !== 0) return difference;
  }
  return 0;
}

/** Fills `key` (`keyWords`) alike for both directions. True when the frame's source is the end that stands first. */
export function readKey(key: Int32Array, view: FrameView, bytes: Uint8Array): boolean {
  const { family, sourceStart, destinationStart, sourcePort, destinationPort } = view;
  const order = compare(bytes, sourceStart, destinationStart, family === 4 ? 4 : 16);
  const sourceFirst = order < 0 || (order === 0 && sourcePort <= destinationPort);
  writeAddress(key, 0, bytes, sourceFirst ? sourceStart : destinationStart, family);
  writeAddress(key, addressWords, bytes, sourceFirst ? destinationStart : sourceStart, family);
  key[keyWords - 1] = sourceFirst
    ? (sourcePort << 16) | destinationPort
    : (destinationPort << 16) | sourcePort;
  return sourceFirst;
}

/** An address of 4 or 16 bytes as the kernel writes it: `10.0.0.7`, `fd77::3` (RFC 5952), `::ffff:10.0.0.7`. */
export function addressText(bytes: Uint8Array, start: number, family: number): string {
  if (family === 4) return bytes.subarray(start, start + 4).join('.');
  const groups = Array.from(
    { length: 8 },
    (_, at) => ((bytes[start + 2 * at] as number) << 8) | (bytes[start + 2 * at + 1] as number),
  );
  if (groups.slice(0, 5).every((group) => group === 0) && groups[5] === mapped)
    return `::ffff:${bytes.subarray(start + 12, start + 16).join('.')}`;
  const zeros = longestZeros(groups);
  const text = (from: number, to: number): string =>
    groups
      .slice(from, to)
      .map((group) => group.toString(16))
      .join(':');
  return zeros.length < 2 ? text(0, 8) : `${text(0, zeros.start)}::${text(zeros.start + zeros.length, 8)}`;
}

function longestZeros(groups: readonly number[]): { readonly start: number; readonly length: number } {
  let best = { start: 0, length: 0 };
  for (let start = 0; start < groups.length; start += 1) {
    let length = 0;
    while (groups[start + length] === 0) length += 1;
    if (length > best.length) best = { start, length };
  }
  return best;
}

/** `10.0.0.7:80`, `[fd77::3]:80`. */
export const endText = (address: string, port: number): string =>
  address.includes(':') ? `[${address}]:${port}` : `${address}:${port}`;
