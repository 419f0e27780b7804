// Reads a section of header or trailer fields up to and including its empty line, resumable at any byte.
// Records spans; knows nothing of what a header means.
import { headerStride } from '../../model/head-view.ts';
import { cr, isBlank, lf, colon, tokenBytes, valueBytes } from './byte-class.ts';
import type { BrokenCode } from './broken-code.ts';

const step = { lineStart: 0, name: 1, blanks: 2, value: 3, valueLf: 4, lastLf: 5 } as const;

/** Reads one section after the other; `begin` makes it ready for the next. Strict as RFC 9112 5 (no folding, no blank before the colon). */
export class FieldReader {
  /** The empty line has been read. */
  done = false;
  /** What is wrong, at index `at` of the bytes last given. */
  code: BrokenCode | '' = '';
  at = 0;
  count = 0;
  #step: number = step.lineStart;
  #nameEmpty = true;
  #headers: Int32Array | undefined;
  #limit = 0;

  /** Start a section of at most `limit` fields; spans go into `headers`, or nowhere. */
  begin(headers: Int32Array | undefined, limit: number): void {
    this.done = false;
    this.code = '';
    this.count = 0;
    this.#step = step.lineStart;
    this.#headers = headers;
    this.#limit = limit;
  }

  /** Consumes up to the end of the section, an error or `end`; recorded spans are indices plus `shift`. Returns the new index. */
  read(bytes: Uint8Array, start: number, end: number, shift: number): number {
    let at = start;
    while (at < end) {
      switch (this.#step) {
        case step.lineStart:
          at = this.#lineStart(bytes, at, shift);
          break;
        case step.name:
          at = this.#name(bytes, at, end, shift);
          break;
        case step.blanks:
          while (at < end && isBlank(bytes[at])) at += 1;
          if (at < end) {
            this.#record(2, at + shift);
            this.#step = step.value;
          }
          break;
        case step.value:
          at = this.#value(bytes, at, end, shift);
          break;
        case step.valueLf:
          at = this.#lineFeed(bytes, at);
          if (this.code === '') {
            this.count += 1;
            this.#step = step.lineStart;
          }
          break;
        default:
          at = this.#lineFeed(bytes, at);
          this.done = this.code === '';
          break;
      }
      if (this.done || this.code !== '') return at;
    }
    return at;
  }

  #record(which: number, value: number): void {
    if (this.#headers !== undefined) this.#headers[this.count * headerStride + which] = value;
  }

  #fail(code: BrokenCode, at: number): number {
    this.code = code;
    this.at = at;
    return at;
  }

  #lineStart(bytes: Uint8Array, at: number, shift: number): number {
    const byte = bytes[at];
    if (byte === cr) {
      this.#step = step.lastLf;
      return at + 1;
    }
    if (isBlank(byte)) return this.#fail('OBS_FOLD', at);
    if (byte === lf) return this.#fail('BARE_LF', at);
    if (this.count >= this.#limit) return this.#fail('TOO_MANY_HEADERS', at);
    this.#record(0, at + shift);
    this.#nameEmpty = true;
    this.#step = step.name;
    return at;
  }

  #name(bytes: Uint8Array, start: number, end: number, shift: number): number {
    let at = start;
    while (at < end && tokenBytes[bytes[at] as number] === 1) at += 1;
    if (at > start) this.#nameEmpty = false;
    if (at === end) return at;
    const byte = bytes[at] as number;
    if (byte === colon && !this.#nameEmpty) {
      this.#record(1, at + shift);
      this.#step = step.blanks;
      return at + 1;
    }
    if (isBlank(byte)) return this.#fail('SPACE_BEFORE_COLON', at);
    if (byte === lf) return this.#fail('BARE_LF', at);
    if (byte !== cr && (byte < 32 || byte === 127)) return this.#fail('CONTROL_BYTE', at);
    return this.#fail('BAD_HEADER_NAME', at);
  }

  #value(bytes: Uint8Array, start: number, end: number, shift: number): number {
    let at = start;
    while (at < end && valueBytes[bytes[at] as number] === 1) at += 1;
    if (at === end) return at;
    const byte = bytes[at];
    if (byte === lf) return this.#fail('BARE_LF', at);
    if (byte !== cr) return this.#fail('CONTROL_BYTE', at);
    this.#record(3, at + shift);
    this.#step = step.valueLf;
    return at + 1;
  }

  #lineFeed(bytes: Uint8Array, at: number): number {
    return bytes[at] === lf ? at + 1 : this.#fail('BARE_CR', at);
  }
}
