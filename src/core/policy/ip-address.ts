// IP addresses and CIDR blocks as four 32-bit words, IPv4 mapped into IPv6, so that one comparison serves both. No sockets.

/** Four words, most significant first. */
export type AddressWords = readonly [number, number, number, number];

/** A block of addresses, IPv4 mapped into IPv6. */
export interface Cidr {
  readonly words: AddressWords;
  /** Leading bits that count, of 128. */
  readonly bits: number;
}

/** Words of `10.0.0.7`, `::1`, `fe80::1%eth0`, `[::1]`; undefined when the text is no address. */
export function parseAddress(text: string): AddressWords | undefined {
  const bare = text.replace(/^\[(.*)\]$/, '$1').replace(/%.*$/, '');
  if (!bare.includes(':')) {
    const four = parseV4(bare);
    return four === undefined ? undefined : [0, 0, 0xffff, four];
  }
  return parseV6(bare);
}

/** `10.0.0.0/8` or `fd00::/8`; undefined when it is neither. Brackets, a zone and leading zeros are no part of a block. */
export function parseCidr(text: string): Cidr | undefined {
  const [address = '', length = '', ...rest] = text.split('/');
  const words = parseAddress(address);
  if (words === undefined || rest.length > 0 || /[[\]%]/.test(address)) return undefined;
  if (!/^(0|[1-9][0-9]{0,2})$/.test(length)) return undefined;
  const isV4 = !address.includes(':');
  const bits = Number(length) + (isV4 ? 96 : 0);
  return bits > 128 ? undefined : { words, bits };
}

/** Whether the address's first `bits` bits are those of `block`. */
export function inCidr(address: AddressWords, block: ArrayLike<number>, bits: number): boolean {
  for (let word = 0; word < 4; word += 1) {
    const left = bits - word * 32;
    if (left <= 0) return true;
    const mask = left >= 32 ? -1 : ~(0xffffffff >>> left);
    if ((((address[word] ?? 0) ^ (block[word] ?? 0)) & mask) !== 0) return false;
  }
  return true;
}

/** The address of `ip:port` or `[ip]:port` as events write it; undefined when there is none. */
export function addressOf(endpoint: string | undefined): AddressWords | undefined {
  if (endpoint === undefined) return undefined;
  const bracket = /^\[(.+)\](?::\d+)?$/.exec(endpoint)?.[1];
  if (bracket !== undefined) return parseAddress(bracket);
  return parseAddress(endpoint) ?? parseAddress(endpoint.replace(/:\d{1,5}$/, ''));
}

/** The port of `ip:port` or `[ip]:port`; 0 when there is none. */
export function portOf(endpoint: string | undefined): number {
  const port = /^(?:\[.*\]|[^:]*):(\d{1,5})$/.exec(endpoint ?? '')?.[1];
  return port === undefined ? 0 : Number(port);
}

function parseV4(text: string): number | undefined {
  const parts = text.split('.');
  if (parts.length !== 4 || !parts.every((part) => /^(0|[1-9][0-9]{0,2})$/.test(part) && Number(part) < 256))
    return undefined;
  return parts.reduce((word, part) => ((word << 8) | Number(part)) >>> 0, 0);
}

function parseV6(text: string): AddressWords | undefined {
  const halves = text.split('::');
  if (halves.length > 2) return undefined;
  const groups = halves.map((half, at) => groupsOf(half, at === halves.length - 1));
  const [head, tail] = groups;
  if (head === undefined || groups.some((half) => half === undefined)) return undefined;
  const missing = 8 - head.length - (tail?.length ?? 0);
  if (halves.length === 2 ? missing < 1 : missing !== 0) return undefined;
  const all = [...head, ...Array.from({ length: missing }, () => 0), ...(tail ?? [])];
  const word = (at: number): number => (((all[at] ?? 0) << 16) | (all[at + 1] ?? 0)) >>> 0;
  return [word(0), word(2), word(4), word(6)];
}

/** 16-bit groups of one side of `::`; an IPv4 counts as two, and stands at the end of the whole address only (RFC 4291 2.2). */
function groupsOf(text: string, atEnd: boolean): number[] | undefined {
  if (text === '') return [];
  const parts = text.split(':');
  const last = parts[parts.length - 1] ?? '';
  const endsInV4 = atEnd && last.includes('.');
  const groups: number[] = [];
  for (const part of endsInV4 ? parts.slice(0, -1) : parts) {
    if (!/^[0-9a-fA-F]{1,4}$/.test(part)) return undefined;
    groups.push(Number.parseInt(part, 16));
  }
  if (!endsInV4) return groups;
  const four = parseV4(last);
  return four === undefined ? undefined : [...groups, four >>> 16, four & 0xffff];
}
