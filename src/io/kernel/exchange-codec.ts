// One Exchange as one record of the event ring: encoded in the worker, decoded on main into one reused Exchange. Allocates nothing
// per record but the strings main needs. Knows neither sockets nor what an exchange means.
//
// Record: 8 bytes of the ring, `floatFields` as Float64, `intFields` as Int32, string lengths and references, then the bytes of the
// four buffers and of the strings. Words that recur (routes, codes) are sent once and afterwards by number.
import type { Decision, Exchange } from '../../core/model/exchange.ts';
import type { RingReader, RingViews, RingWriter } from './event-ring.ts';

/** Most distinct recurring words; later ones are sent in full each time. Bounds the table on both sides. */
export const wordLimit = 4096;
/** Longest word worth remembering, characters; with `wordLimit` it bounds the tables to about 1 MiB. */
export const wordLength = 256;

const floatBase = 8;
const floatCount = 9;
const intBase = floatBase + floatCount * 8;
/** Ints before those of the strings, then two for each word and one for each text. */
const textInts = 29;
const intCount = textInts + 4 * 2 + 4;
const fixedBytes = intBase + intCount * 4;

const flagRequestTruncated = 1;
const flagResponseTruncated = 2;
const flagLocal = 4;
const flagIndeterminate = 8;
const flagLight = 16;
const flagOpening = 32;
const flagAnnounced = 64;

/** Reference of a word that is spelled out and not to be remembered. */
const spelled = -1;

/** The worker's end of the codec; one per ring. */
export interface ExchangeEncoder {
  /** Write the exchange into the ring. True when main must be woken; a full ring counts it as lost. */
  encode(exchange: Exchange): boolean;
}

/** Main's end of the codec; one per ring. */
export interface ExchangeDecoder {
  /** Fill `into` from the record at `offset` (as `RingReader.next` returned it). */
  decode(offset: number, into: Exchange): void;
}

/** Plain ASCII is written here; anything else goes through Buffer. Returns the bytes written. */
function writeText(bytes: Buffer, at: number, text: string): number {
  const length = text.length;
  for (let index = 0; index < length; index++) {
    const code = text.charCodeAt(index);
    if (code > 127) return bytes.write(text, at, 'utf8');
    bytes[at + index] = code;
  }
  return length;
}

const maxTextBytes = (text: string): number => text.length * 3;

function copyBytes(ring: Buffer, at: number, source: Uint8Array, length: number): number {
  if (length === source.length) ring.set(source, at);
  else if (length < 48) for (let index = 0; index < length; index++) ring[at + index] = source[index] ?? 0;
  else ring.set(source.subarray(0, length), at);
  return at + length;
}

function encodeNumbers({ floats, ints }: RingViews, offset: number, exchange: Exchange): void {
  const f = (offset + floatBase) >> 3;
  floats[f] = exchange.connection;
  floats[f + 1] = exchange.startedAt;
  floats[f + 2] = exchange.firstByteAt;
  floats[f + 3] = exchange.endedAt;
  floats[f + 4] = exchange.requestBytes;
  floats[f + 5] = exchange.responseBytes;
  const i = (offset + intBase) >> 2;
  ints[i] = exchange.sequence;
  ints[i + 1] = exchange.listener;
  ints[i + 2] = exchange.generation;
  ints[i + 3] = exchange.protocol;
  ints[i + 4] = exchange.status;
  ints[i + 5] =
    (exchange.requestBodyTruncated ? flagRequestTruncated : 0) |
    (exchange.responseBodyTruncated ? flagResponseTruncated : 0) |
    (exchange.local ? flagLocal : 0) |
    (exchange.decision.indeterminate ? flagIndeterminate : 0) |
    (exchange.light ? flagLight : 0) |
    (exchange.opening ? flagOpening : 0) |
    (exchange.announced ? flagAnnounced : 0);
  ints[i + 6] = exchange.methodStart;
  ints[i + 7] = exchange.methodEnd;
  ints[i + 8] = exchange.pathStart;
  ints[i + 9] = exchange.pathEnd;
  ints[i + 10] = exchange.queryStart;
  ints[i + 11] = exchange.queryEnd;
  ints[i + 12] = exchange.hostStart;
  ints[i + 13] = exchange.hostEnd;
  ints[i + 14] = exchange.headLength;
  ints[i + 15] = exchange.requestBodyLength;
  ints[i + 16] = exchange.responseHeadLength;
  ints[i + 17] = exchange.responseBodyLength;
  ints[i + 26] = exchange.gear;
  ints[i + 27] = exchange.sourcePeer;
  ints[i + 28] = exchange.destinationPeer;
}

function encodeDecision({ floats, ints }: RingViews, offset: number, decision: Decision): void {
  const f = (offset + floatBase) >> 3;
  floats[f + 6] = decision.retryAfterMs;
  floats[f + 7] = decision.limitRemaining;
  floats[f + 8] = decision.shadowRetryAfterMs;
  const i = (offset + intBase) >> 2;
  ints[i + 18] = decision.action;
  ints[i + 19] = decision.policy;
  ints[i + 20] = decision.rule;
  ints[i + 21] = decision.answer;
  ints[i + 22] = decision.limitBurst;
  ints[i + 23] = decision.shadowAction;
  ints[i + 24] = decision.shadowPolicy;
  ints[i + 25] = decision.shadowRule;
}

function decodeNumbers({ floats, ints }: RingViews, offset: number, into: Exchange): void {
  const f = (offset + floatBase) >> 3;
  into.connection = floats[f] ?? 0;
  into.startedAt = floats[f + 1] ?? 0;
  into.firstByteAt = floats[f + 2] ?? 0;
  into.endedAt = floats[f + 3] ?? 0;
  into.requestBytes = floats[f + 4] ?? 0;
  into.responseBytes = floats[f + 5] ?? 0;
  const i = (offset + intBase) >> 2;
  into.sequence = ints[i] ?? 0;
  into.listener = ints[i + 1] ?? 0;
  into.generation = ints[i + 2] ?? 0;
  into.protocol = ints[i + 3] ?? 0;
  into.status = ints[i + 4] ?? 0;
  const flags = ints[i + 5] ?? 0;
  into.requestBodyTruncated = (flags & flagRequestTruncated) !== 0;
  into.responseBodyTruncated = (flags & flagResponseTruncated) !== 0;
  into.local = (flags & flagLocal) !== 0;
  into.light = (flags & flagLight) !== 0;
  into.opening = (flags & flagOpening) !== 0;
  into.announced = (flags & flagAnnounced) !== 0;
  into.decision.indeterminate = (flags & flagIndeterminate) !== 0;
  into.methodStart = ints[i + 6] ?? 0;
  into.methodEnd = ints[i + 7] ?? 0;
  into.pathStart = ints[i + 8] ?? 0;
  into.pathEnd = ints[i + 9] ?? 0;
  into.queryStart = ints[i + 10] ?? 0;
  into.queryEnd = ints[i + 11] ?? 0;
  into.hostStart = ints[i + 12] ?? 0;
  into.hostEnd = ints[i + 13] ?? 0;
  into.headLength = ints[i + 14] ?? 0;
  into.requestBodyLength = ints[i + 15] ?? 0;
  into.responseHeadLength = ints[i + 16] ?? 0;
  into.responseBodyLength = ints[i + 17] ?? 0;
  into.gear = ints[i + 26] ?? 0;
  into.sourcePeer = ints[i + 27] ?? 0;
  into.destinationPeer = ints[i + 28] ?? 0;
}

function decodeDecision({ floats, ints }: RingViews, offset: number, into: Decision): void {
  const f = (offset + floatBase) >> 3;
  into.retryAfterMs = floats[f + 6] ?? 0;
  into.limitRemaining = floats[f + 7] ?? 0;
  into.shadowRetryAfterMs = floats[f + 8] ?? 0;
  const i = (offset + intBase) >> 2;
  into.action = ints[i + 18] ?? 0;
  into.policy = ints[i + 19] ?? 0;
  into.rule = ints[i + 20] ?? 0;
  into.answer = ints[i + 21] ?? 0;
  into.limitBurst = ints[i + 22] ?? 0;
  into.shadowAction = ints[i + 23] ?? 0;
  into.shadowPolicy = ints[i + 24] ?? 0;
  into.shadowRule = ints[i + 25] ?? 0;
}

/** Most bytes the record of an exchange can take. */
function boundOf(exchange: Exchange): number {
  return (
    fixedBytes +
    exchange.headLength +
    exchange.requestBodyLength +
    exchange.responseHeadLength +
    exchange.responseBodyLength +
    maxTextBytes(exchange.route) +
    maxTextBytes(exchange.broken) +
    maxTextBytes(exchange.opaque) +
    maxTextBytes(exchange.cut) +
    maxTextBytes(exchange.clientAddress) +
    maxTextBytes(exchange.destinationAddress) +
    maxTextBytes(exchange.blockId) +
    maxTextBytes(exchange.normalisedPath)
  );
}

class Encoder implements ExchangeEncoder {
  readonly #ring: RingWriter;
  readonly #words = new Map<string, number>([['', 0]]);
  /** Where the next bytes and the next int of the record go. */
  #at = 0;
  #slot = 0;

  constructor(ring: RingWriter) {
    this.#ring = ring;
  }

  encode(exchange: Exchange): boolean {
    const ring = this.#ring;
    const offset = ring.reserve(boundOf(exchange));
    if (offset < 0) return false;
    encodeNumbers(ring, offset, exchange);
    encodeDecision(ring, offset, exchange.decision);
    let at = copyBytes(ring.bytes, offset + fixedBytes, exchange.head, exchange.headLength);
    at = copyBytes(ring.bytes, at, exchange.requestBody, exchange.requestBodyLength);
    at = copyBytes(ring.bytes, at, exchange.responseHead, exchange.responseHeadLength);
    this.#at = copyBytes(ring.bytes, at, exchange.responseBody, exchange.responseBodyLength);
    this.#slot = ((offset + intBase) >> 2) + textInts;
    this.#word(exchange.route);
    this.#word(exchange.broken);
    this.#word(exchange.opaque);
    this.#word(exchange.cut);
    this.#text(exchange.clientAddress);
    this.#text(exchange.destinationAddress);
    this.#text(exchange.blockId);
    this.#text(exchange.normalisedPath);
    return ring.commit(this.#at - offset);
  }

  #text(value: string): void {
    const { bytes, ints } = this.#ring;
    const length = value === '' ? 0 : writeText(bytes, this.#at, value);
    ints[this.#slot++] = length;
    this.#at += length;
  }

  /** Two ints: the reference (>= 0 known, -1 spelled, -2-n spelled and from now on n) and the length. */
  #word(value: string): void {
    const { ints } = this.#ring;
    const words = this.#words;
    const known = words.get(value);
    if (known !== undefined) {
      ints[this.#slot++] = known;
      ints[this.#slot++] = 0;
      return;
    }
    if (words.size < wordLimit && value.length <= wordLength) {
      ints[this.#slot++] = -2 - words.size;
      words.set(value, words.size);
    } else ints[this.#slot++] = spelled;
    this.#text(value);
  }
}

/** The worker's end. */
export function createExchangeEncoder(ring: RingWriter): ExchangeEncoder {
  return new Encoder(ring);
}

/** A buffer of the reused Exchange, grown when the worker's limits are larger than main's. */
function roomFor(buffer: Uint8Array, length: number): Uint8Array {
  return buffer.length >= length ? buffer : new Uint8Array(length);
}

/** Connections whose address is remembered, a power of two. */
const rememberedAddresses = 4096;

interface Address {
  readonly connection: number;
  readonly text: string;
}
type Addresses = (Address | undefined)[];

const newAddresses = (): Addresses => new Array<Address | undefined>(rememberedAddresses).fill(undefined);

class Decoder implements ExchangeDecoder {
  readonly #ring: RingReader;
  readonly #words: string[] = [''];
  readonly #clients = newAddresses();
  readonly #destinations = newAddresses();
  /** Where the next bytes and the next int of the record are. */
  #at = 0;
  #slot = 0;

  constructor(ring: RingReader) {
    this.#ring = ring;
  }

  decode(offset: number, into: Exchange): void {
    decodeNumbers(this.#ring, offset, into);
    decodeDecision(this.#ring, offset, into.decision);
    this.#at = offset + fixedBytes;
    into.head = this.#copyOut(into.head, into.headLength);
    into.requestBody = this.#copyOut(into.requestBody, into.requestBodyLength);
    into.responseHead = this.#copyOut(into.responseHead, into.responseHeadLength);
    into.responseBody = this.#copyOut(into.responseBody, into.responseBodyLength);
    this.#slot = ((offset + intBase) >> 2) + textInts;
    into.route = this.#word();
    into.broken = this.#word();
    into.opaque = this.#word();
    into.cut = this.#word();
    into.clientAddress = this.#address(this.#clients, into.connection);
    into.destinationAddress = this.#address(this.#destinations, into.connection);
    into.blockId = this.#text();
    into.normalisedPath = this.#text();
  }

  #nextInt(): number {
    return this.#ring.ints[this.#slot++] ?? 0;
  }

  #text(): string {
    const length = this.#nextInt();
    if (length === 0) return '';
    this.#at += length;
    return this.#ring.bytes.toString('utf8', this.#at - length, this.#at);
  }

  #word(): string {
    const reference = this.#nextInt();
    const value = this.#text();
    if (reference >= 0) return this.#words[reference] ?? '';
    if (reference !== spelled) this.#words[-2 - reference] = value;
    return value;
  }

  /** The address of one end: the same for every exchange of a connection, so read once while that one is remembered. */
  #address(addresses: Addresses, connection: number): string {
    const index = connection & (rememberedAddresses - 1);
    const known = addresses[index];
    if (known?.connection === connection && known.text.length === (this.#ring.ints[this.#slot] ?? 0)) {
      this.#at += this.#nextInt();
      return known.text;
    }
    const read = this.#text();
    addresses[index] = { connection, text: read };
    return read;
  }

  /** The next bytes, in `target` or in a larger buffer where that is too small. */
  #copyOut(target: Uint8Array, length: number): Uint8Array {
    const room = roomFor(target, length);
    if (length > 0) this.#ring.bytes.copy(room, 0, this.#at, this.#at + length);
    this.#at += length;
    return room;
  }
}

/** Main's end. One decoder per ring: it remembers the words the encoder sent. */
export function createExchangeDecoder(ring: RingReader): ExchangeDecoder {
  return new Decoder(ring);
}
