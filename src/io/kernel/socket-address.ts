// sockaddr_in and sockaddr_in6 in native memory, from and to text. Knows no socket. Names are not resolved here: addresses only.
import { isIP } from 'node:net';
import { AppError } from '../../core/model/app-error.ts';
import { family } from './linux.ts';
import type { Libc, NativeBuffer } from './libc.ts';

/** Bytes of sockaddr_in6, the larger of the two. */
export const socketAddressBytes = 28;

/** A struct sockaddr in native memory. */
export interface SocketAddress {
  readonly family: number;
  readonly length: number;
  readonly memory: NativeBuffer;
}

/** A dotted tail (`::ffff:10.0.0.7`) as two words of hex digits; any other spelling as it is. */
function withoutDots(host: string): string {
  const tail = /\d+\.\d+\.\d+\.\d+$/.exec(host);
  if (tail === null) return host;
  const [a = 0, b = 0, c = 0, d = 0] = tail[0].split('.').map(Number);
  return `${host.slice(0, tail.index)}${(a * 256 + b).toString(16)}:${(c * 256 + d).toString(16)}`;
}

function ipv6Words(host: string): number[] {
  const [withoutZone = ''] = host.split('%');
  const mapped = withoutDots(withoutZone);
  const [left = '', right] = mapped.split('::');
  const words = (part: string): number[] =>
    part === '' ? [] : part.split(':').map((text) => parseInt(text, 16));
  const before = words(left);
  const after = right === undefined ? [] : words(right);
  return [...before, ...new Array<number>(8 - before.length - after.length).fill(0), ...after];
}

/** `localhost` and any literal IPv4 or IPv6 address; rejects other names with AppError. */
export function toSocketAddress(libc: Pick<Libc, 'allocate'>, host: string, port: number): SocketAddress {
  const literal = host === 'localhost' ? '127.0.0.1' : host.replace(/^\[(.*)\]$/, '$1');
  const version = isIP(literal);
  if (version === 0)
    throw new AppError({
      code: 'ADDRESS_NOT_LITERAL',
      family: 'usage',
      message: `The address ${host}:${port} is not a literal IP address.`,
      hint: 'Write an IPv4 or IPv6 address; the data plane does not resolve names.',
    });
  const memory = libc.allocate(socketAddressBytes);
  const { view } = memory;
  view.setUint16(0, version === 4 ? family.inet : family.inet6, true);
  view.setUint16(2, port);
  if (version === 4)
    for (const [index, part] of literal.split('.').entries()) view.setUint8(4 + index, Number(part));
  else for (const [index, word] of ipv6Words(literal).entries()) view.setUint16(8 + index * 2, word);
  return { family: version === 4 ? family.inet : family.inet6, length: version === 4 ? 16 : 28, memory };
}

/** Port of the sockaddr in `view`. */
export const portOf = (view: DataView): number => view.getUint16(2);

/** Start and length of the longest run of two or more zero words (RFC 5952); length 0 when there is none. */
function longestZeroRun(words: readonly number[]): { readonly start: number; readonly length: number } {
  let best = { start: 0, length: 0 };
  let start = 0;
  for (const [index, word] of words.entries()) {
    if (word !== 0) start = index + 1;
    else if (index - start + 1 > Math.max(best.length, 1)) best = { start, length: index - start + 1 };
  }
  return best;
}

function ipv6Text(view: DataView): string {
  const words = Array.from({ length: 8 }, (_unused, index) => view.getUint16(8 + index * 2));
  if (words.slice(0, 5).every((word) => word === 0) && words[5] === 0xffff)
    return [12, 13, 14, 15].map((index) => view.getUint8(8 + index)).join('.');
  const text = (part: readonly number[]): string => part.map((word) => word.toString(16)).join(':');
  const { start, length } = longestZeroRun(words);
  if (length === 0) return text(words);
  return `${text(words.slice(0, start))}::${text(words.slice(start + length))}`;
}

/** `127.0.0.1:80` or `[::1]:80`, as events show it; IPv4-mapped addresses as IPv4. */
export function addressText(view: DataView): string {
  const port = view.getUint16(2);
  if (view.getUint16(0, true) === family.inet)
    return `${view.getUint8(4)}.${view.getUint8(5)}.${view.getUint8(6)}.${view.getUint8(7)}:${port}`;
  const host = ipv6Text(view);
  return host.includes(':') ? `[${host}]:${port}` : `${host}:${port}`;
}
