// DNS messages (RFC 1035 4.1): the question, and from an answer the addresses that its name has, through aliases. Whatever the counts in the
// header say, what is read is bounded by the message and by named limits. Never throws; malformed is undefined.
import { newNameCursor, readName, type NameCursor, type NameSource } from './dns-name.ts';

const headerBytes = 12;
/** TYPE, CLASS, TTL and RDLENGTH. */
const recordBytes = 10;
/** Real answers hold a handful; round robins some dozens. */
const mostRecords = 64;
/** Resolvers follow about a dozen aliases. */
const mostAliases = 16;
const type = { a: 1, cname: 5, aaaa: 28 } as const;
const internet = 1;
const queryResponse = 0x8000;
/** Of a TTL only 31 bits count (RFC 2181 8). */
const mostTtl = 0x7fffffff;

/** One address of the name asked for. */
export interface DnsAddress {
  /** Index in the bytes given, and 4 or 6. */
  readonly start: number;
  readonly family: 4 | 6;
  /** The least time to live on the way to it, seconds. */
  readonly ttlSeconds: number;
}

/** What of a message matters here. */
export interface DnsMessage {
  readonly id: number;
  readonly isResponse: boolean;
  /** 0: no error. */
  readonly code: number;
  /** The name asked for, lower case. */
  readonly name: string;
  readonly questionType: number;
  /** Of a response: addresses of that name. */
  readonly addresses: readonly DnsAddress[];
}

interface Alias {
  readonly owner: string;
  readonly target: string;
  readonly ttlSeconds: number;
}

interface Owned extends DnsAddress {
  readonly owner: string;
}

const half = (bytes: Uint8Array, at: number): number =>
  ((bytes[at] as number) << 8) | (bytes[at + 1] as number);

/** Reads `bytes[start, end)`; undefined when that is no message with exactly one question, or a name or record of it is malformed. */
export function readDnsMessage(bytes: Uint8Array, start: number, end: number): DnsMessage | undefined {
  if (end - start < headerBytes || end > bytes.length || start < 0) return undefined;
  const source: NameSource = { bytes, start, end };
  const cursor = newNameCursor();
  const flags = half(bytes, start + 2);
  if (half(bytes, start + 4) !== 1 || !readName(source, start + headerBytes, cursor)) return undefined;
  const { name, next } = cursor;
  if (next + 4 > end) return undefined;
  const isResponse = (flags & queryResponse) !== 0;
  const head = {
    id: half(bytes, start),
    isResponse,
    code: flags & 15,
    name,
    questionType: half(bytes, next),
  };
  if (!isResponse || half(bytes, next + 2) !== internet) return { ...head, addresses: [] };
  const count = Math.min(half(bytes, start + 6), mostRecords);
  const addresses = readAnswers(source, next + 4, { name, count, cursor });
  return addresses === undefined ? undefined : { ...head, addresses };
}

function readAnswers(
  source: NameSource,
  from: number,
  asked: { readonly name: string; readonly count: number; readonly cursor: NameCursor },
): readonly DnsAddress[] | undefined {
  const { bytes, end } = source;
  const { cursor } = asked;
  const aliases: Alias[] = [];
  const owned: Owned[] = [];
  let at = from;
  for (let index = 0; index < asked.count; index += 1) {
    if (!readName(source, at, cursor)) return undefined;
    const owner = cursor.name;
    const record = cursor.next;
    const data = record + recordBytes;
    if (data > end || data + half(bytes, record + 8) > end) return undefined;
    const length = half(bytes, record + 8);
    const ttl = ((half(bytes, record + 4) << 16) | half(bytes, record + 6)) >>> 0;
    const ttlSeconds = ttl > mostTtl ? 0 : ttl;
    const kind = half(bytes, record + 2) === internet ? half(bytes, record) : 0;
    if (kind === type.cname) {
      if (!readName(source, data, cursor)) return undefined;
      aliases.push({ owner, target: cursor.name, ttlSeconds });
    } else if (kind === type.a && length === 4) owned.push({ owner, start: data, family: 4, ttlSeconds });
    else if (kind === type.aaaa && length === 16) owned.push({ owner, start: data, family: 6, ttlSeconds });
    at = data + length;
  }
  return addressesOf(asked.name, aliases, owned);
}

/** The addresses of a name and of what it is an alias of. Records about other names prove nothing and are left out. */
function addressesOf(
  name: string,
  aliases: readonly Alias[],
  owned: readonly Owned[],
): readonly DnsAddress[] {
  const names = new Map([[name, mostTtl]]);
  let current = name;
  for (let step = 0; step < mostAliases; step += 1) {
    const alias = aliases.find(({ owner }) => owner === current);
    if (alias === undefined || names.has(alias.target)) break;
    names.set(alias.target, Math.min(names.get(current) ?? mostTtl, alias.ttlSeconds));
    current = alias.target;
  }
  return owned.flatMap(({ owner, start, family, ttlSeconds }) => {
    const least = names.get(owner);
    return least === undefined ? [] : [{ start, family, ttlSeconds: Math.min(least, ttlSeconds) }];
  });
}
