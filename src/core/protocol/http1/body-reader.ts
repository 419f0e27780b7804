// Reads one message body: none, by length, chunked, or up to the end of the stream. Reports spans of data, keeps nothing.
import type { BrokenCode } from './broken-code.ts';
import { cr, hexValue, lf, valueBytes } from './byte-class.ts';
import { FieldReader } from './field-reader.ts';
import type { Http1Limits } from './limits.ts';

const step = { size: 0, extension: 1, sizeLf: 2, data: 3, dataCr: 4, dataLf: 5, trailers: 6 } as const;
const semicolon = 59;

/** How a body is delimited. */
export const bodyKind = { none: 0, length: 1, chunked: 2, eof: 3 } as const;

/** Finds the data in a body and its end: by length, chunked (RFC 9112 7.1), or by the end of the stream. One per parser, reused. */
export class BodyReader {
  done = true;
  code: BrokenCode | '' = '';
  /** Index of the offending byte when `code` is set. */
  at = 0;
  /** Span of body data (framing removed) found by the last `read`. */
  dataStart = 0;
  dataEnd = 0;
  kind: number = bodyKind.none;
  readonly #limits: Http1Limits;
  #remaining = 0;
  #step: number = step.size;
  #digits = 0;
  #extensionBytes = 0;
  #trailerBytes = 0;
  #trailers: FieldReader | undefined;

  constructor(limits: Http1Limits) {
    this.#limits = limits;
  }

  /** Start a body; `length` counts for `bodyKind.length` only. */
  begin(kind: number, length: number): void {
    this.kind = kind;
    this.code = '';
    this.#remaining = kind === bodyKind.chunked ? 0 : length;
    this.#step = step.size;
    this.#digits = 0;
    this.#extensionBytes = 0;
    this.#trailerBytes = 0;
    this.done = kind === bodyKind.none || (kind === bodyKind.length && length === 0);
  }

  /** Bytes still to come of a body by length; -1 when that is not known. */
  remaining(): number {
    if (this.done) return 0;
    return this.kind === bodyKind.length ? this.#remaining : -1;
  }

  /** Consumes until one span of data has been found, the body is done, an error, or `end`. Returns the new index. */
  read(bytes: Uint8Array, start: number, end: number): number {
    this.dataStart = this.dataEnd = start;
    if (this.kind === bodyKind.eof) {
      this.dataEnd = end;
      return end;
    }
    if (this.kind === bodyKind.chunked) return this.#chunked(bytes, start, end);
    const at = this.#take(start, end);
    this.done = this.#remaining === 0;
    return at;
  }

  /** `bytes` of the body were not seen. False, and nothing changes, unless all of them are known to be data. */
  pass(bytes: number): boolean {
    if (this.done || (this.kind === bodyKind.chunked && this.#step !== step.data)) return false;
    if (this.kind === bodyKind.eof) return true;
    if (bytes > this.#remaining) return false;
    this.#remaining -= bytes;
    if (this.#remaining > 0) return true;
    if (this.kind === bodyKind.chunked) this.#step = step.dataCr;
    else this.done = true;
    return true;
  }

  #take(start: number, end: number): number {
    const at = Math.min(end, start + this.#remaining);
    this.#remaining -= at - start;
    this.dataStart = start;
    this.dataEnd = at;
    return at;
  }

  #fail(code: BrokenCode, at: number): number {
    this.code = code;
    this.at = at;
    return at;
  }

  #chunked(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    while (at < end && this.code === '' && !this.done) {
      switch (this.#step) {
        case step.size:
          at = this.#size(bytes, at, end);
          break;
        case step.extension:
          at = this.#extension(bytes, at, end);
          break;
        case step.sizeLf:
          at = this.#expect(bytes, at, lf, 'BARE_CR');
          this.#startChunk();
          break;
        case step.data:
          at = this.#take(at, end);
          if (this.#remaining === 0) this.#step = step.dataCr;
          return at;
        case step.dataCr:
          at = this.#expect(bytes, at, cr, 'BAD_CHUNK_END');
          this.#step = step.dataLf;
          break;
        case step.dataLf:
          at = this.#expect(bytes, at, lf, 'BAD_CHUNK_END');
          this.#step = step.size;
          this.#digits = 0;
          break;
        default:
          at = this.#readTrailers(bytes, at, end);
          break;
      }
    }
    return at;
  }

  #startChunk(): void {
    if (this.#remaining > 0) {
      this.#step = step.data;
      return;
    }
    this.#step = step.trailers;
    this.#trailers ??= new FieldReader();
    this.#trailers.begin(undefined, this.#limits.trailers);
  }

  #expect(bytes: Uint8Array, at: number, byte: number, code: BrokenCode): number {
    return bytes[at] === byte ? at + 1 : this.#fail(code, at);
  }

  #size(bytes: Uint8Array, start: number, end: number): number {
    for (let at = start; at < end; at += 1) {
      const byte = bytes[at] as number;
      const digit = hexValue[byte] as number;
      if (digit === 255) return this.#sizeEnd(byte, at);
      this.#digits += 1;
      this.#remaining = this.#remaining * 16 + digit;
      if (this.#digits > this.#limits.chunkSizeDigits || this.#remaining > Number.MAX_SAFE_INTEGER)
        return this.#fail('CHUNK_SIZE_OVERFLOW', at);
    }
    return end;
  }

  #sizeEnd(byte: number, at: number): number {
    if (this.#digits > 0 && byte === cr) this.#step = step.sizeLf;
    else if (this.#digits > 0 && byte === semicolon) this.#step = step.extension;
    else return this.#fail(byte === lf ? 'BARE_LF' : 'BAD_CHUNK_SIZE', at);
    return at + 1;
  }

  #extension(bytes: Uint8Array, start: number, end: number): number {
    const stop = Math.min(end, start + this.#limits.chunkExtensionBytes - this.#extensionBytes);
    let at = start;
    while (at < stop && valueBytes[bytes[at] as number] === 1) at += 1;
    this.#extensionBytes += at - start;
    if (at === end) return at;
    const byte = bytes[at];
    if (byte === cr) {
      this.#step = step.sizeLf;
      return at + 1;
    }
    if (byte === lf) return this.#fail('BARE_LF', at);
    return this.#fail(at === stop ? 'CHUNK_EXTENSIONS_TOO_LONG' : 'CONTROL_BYTE', at);
  }

  #readTrailers(bytes: Uint8Array, start: number, end: number): number {
    const reader = this.#trailers as FieldReader;
    const stop = Math.min(end, start + this.#limits.trailerBytes - this.#trailerBytes);
    const at = reader.read(bytes, start, stop, 0);
    this.#trailerBytes += at - start;
    if (reader.code !== '') return this.#fail(reader.code, reader.at);
    this.done = reader.done;
    if (at === stop && stop < end && !reader.done) return this.#fail('TRAILERS_TOO_LARGE', at);
    return at;
  }
}
