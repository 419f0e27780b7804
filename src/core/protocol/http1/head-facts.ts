// What the header fields of one complete head say about framing and the connection: one pass, spans and numbers only.
// Strict: anything two readers could understand differently is a code. Knows neither request nor status line.
import { headerStride, type HeadView } from '../../model/head-view.ts';
import type { BrokenCode } from './broken-code.ts';
import { colon, equalsWord, hostBytes, isBlank, wordOf } from './byte-class.ts';
import { contentLengthDigits } from './limits.ts';

/** Header names with a meaning for us; all differ in length, so the length finds the row. */
const known = [
  'host',
  'expect',
  'upgrade',
  'connection',
  'content-type',
  'content-length',
  'content-encoding',
  'transfer-encoding',
];
const wordByLength: (Uint8Array | undefined)[] = Array.from({ length: 18 }, (_, length) => {
  const name = known.find((word) => word.length === length);
  return name === undefined ? undefined : wordOf(name);
});
const chunkedWord = wordOf('chunked');
const continueWord = wordOf('100-continue');
const closeWord = wordOf('close');
const keepAliveWord = wordOf('keep-alive');
const upgradeWord = wordOf('upgrade');
const h2cWord = wordOf('h2c');
const comma = 44;
const percent = 37;
const openBracket = 91;
const closeBracket = 93;
/** Between the name and the version of an upgrade's protocol (RFC 9110 7.8). */
const solidus = 47;

/** Filled anew by `collect` for each head; spans are indices into the view's bytes. */
export class HeadFacts {
  /** -1 when absent. */
  contentLength = -1;
  chunked = false;
  /** `Connection` lists close, keep-alive, upgrade. */
  close = false;
  keepAlive = false;
  upgradeListed = false;
  /** `Upgrade` is present; one of its protocols is h2c. */
  upgrade = false;
  upgradeH2c = false;
  expectContinue = false;
  hasHost = false;
  hostStart = 0;
  hostEnd = 0;
  contentTypeStart = 0;
  contentTypeEnd = 0;
  /** `Content-Encoding` is present: the body is not readable as it is. */
  contentEncoded = false;
  /** What is wrong, and the index of the header that is. */
  code: BrokenCode | '' = '';
  at = 0;

  #clear(view: HeadView): void {
    this.contentLength = -1;
    this.chunked = this.close = this.keepAlive = this.upgradeListed = false;
    this.upgrade = this.upgradeH2c = this.expectContinue = this.hasHost = this.contentEncoded = false;
    this.hostStart = this.hostEnd = view.end;
    this.contentTypeStart = this.contentTypeEnd = view.end;
    this.code = '';
  }

  /** Reads all headers of the view, trimming the blanks after each value in place. */
  collect(view: HeadView): void {
    this.#clear(view);
    const { bytes, headers } = view;
    const last = view.headerCount * headerStride;
    for (let row = 0; row < last; row += headerStride) {
      const start = headers[row + 2] as number;
      let end = headers[row + 3] as number;
      while (end > start && isBlank(bytes[end - 1])) end -= 1;
      headers[row + 3] = end;
      const nameStart = headers[row] as number;
      const nameEnd = headers[row + 1] as number;
      const word = nameEnd - nameStart < 18 ? wordByLength[nameEnd - nameStart] : undefined;
      if (word === undefined || !equalsWord(bytes, nameStart, nameEnd, word)) continue;
      this.#take(word.length, bytes, start, end);
      if (this.code === '') continue;
      this.at = nameStart;
      return;
    }
    if (this.contentLength >= 0 && this.chunked) {
      this.code = 'CL_AND_TE';
      this.at = view.end - 1;
    }
  }

  /** One header with a meaning, by the length of its name. */
  #take(length: number, bytes: Uint8Array, start: number, end: number): void {
    switch (length) {
      case 4:
        this.#host(bytes, start, end);
        break;
      case 6:
        if (this.expectContinue || !equalsWord(bytes, start, end, continueWord)) this.code = 'BAD_EXPECT';
        this.expectContinue = true;
        break;
      case 7:
        this.upgrade = true;
        if (listHas(bytes, start, end, h2cWord, solidus)) this.upgradeH2c = true;
        break;
      case 10:
        if (listHas(bytes, start, end, closeWord)) this.close = true;
        if (listHas(bytes, start, end, keepAliveWord)) this.keepAlive = true;
        if (listHas(bytes, start, end, upgradeWord)) this.upgradeListed = true;
        break;
      case 12:
        this.contentTypeStart = start;
        this.contentTypeEnd = end;
        break;
      case 14:
        this.#contentLength(bytes, start, end);
        break;
      case 16:
        this.contentEncoded = true;
        break;
      default:
        if (this.chunked || !equalsWord(bytes, start, end, chunkedWord)) this.code = 'BAD_TE';
        this.chunked = true;
        break;
    }
  }

  #host(bytes: Uint8Array, start: number, end: number): void {
    if (this.hasHost) this.code = 'DUPLICATE_HOST';
    else if (!isAuthority(bytes, start, end)) this.code = 'BAD_HOST';
    this.hasHost = true;
    this.hostStart = start;
    this.hostEnd = end;
  }

  #contentLength(bytes: Uint8Array, start: number, end: number): void {
    if (this.contentLength >= 0) {
      this.code = 'DUPLICATE_CL';
      return;
    }
    let length = 0;
    for (let at = start; at < end; at += 1) {
      const digit = (bytes[at] as number) - 48;
      if (digit < 0 || digit > 9) this.code = 'BAD_CL';
      length = length * 10 + digit;
    }
    if (start === end || end - start > contentLengthDigits) this.code = 'BAD_CL';
    this.contentLength = length;
  }
}

/**
 * True for `host[:port]`: a port of digits or none, and no colon in the host but within brackets. An empty one is fine (RFC 9110
 * 7.2). Percent-escapes are not: who decodes them serves another host than who does not.
 */
export function isAuthority(bytes: Uint8Array, start: number, end: number): boolean {
  let port = -1;
  let bracketed = false;
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at] as number;
    if (hostBytes[byte] !== 1 || byte === percent) return false;
    if (port >= 0 && (byte < 48 || byte > 57)) return false;
    if (byte === openBracket) bracketed = true;
    else if (byte === closeBracket) bracketed = false;
    else if (byte === colon && !bracketed) port = at;
  }
  return true;
}

/**
 * True when the comma-separated list in `bytes[start, end)` holds the lower-case word, letters in any case; what follows
 * the byte `cut` in a member is left out.
 */
function listHas(bytes: Uint8Array, start: number, end: number, word: Uint8Array, cut = comma): boolean {
  let from = start;
  for (let at = start; at <= end; at += 1) {
    if (at < end && bytes[at] !== comma) continue;
    let to = at;
    for (let mark = from; mark < to; mark += 1) if (bytes[mark] === cut) to = mark;
    while (from < to && isBlank(bytes[from])) from += 1;
    while (to > from && isBlank(bytes[to - 1])) to -= 1;
    if (equalsWord(bytes, from, to, word)) return true;
    from = at + 1;
  }
  return false;
}
