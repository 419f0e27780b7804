// HTTP/1 requests from bytes: request line, strict framing rules, then the shared head and body machinery.
// Knows one direction of one connection; whether a request may pass is not its business.
import type { HeadView } from '../../model/head-view.ts';
import { invalidUtf8At } from '../../model/valid-utf8.ts';
import { bodyKind } from './body-reader.ts';
import { cr, lf, space, targetBytes, tokenBytes, wordOf } from './byte-class.ts';
import type { BrokenCode } from './broken-code.ts';
import type { HeadPool, HeadScratch } from './head-pool.ts';
import { http1Limits, type Http1Limits } from './limits.ts';
import { MessageParser, parsed, stage } from './message-parser.ts';
import { splitTarget } from './request-target.ts';

const part = { method: 0, target: 1, version: 2 } as const;
const versionPrefix = wordOf('HTTP/1.');
/** `HTTP/1.x`, CR, LF. */
const versionLength = 10;
const hash = 35;
const digitZero = 48;
const headMethod = wordOf('HEAD');
const connectMethod = wordOf('CONNECT');
/** How much of an empty line has been dropped, in bytes. */
const blankLine = { none: 0, half: 1, whole: 2 } as const;

/** Methods whose answer is read differently. */
export const requestKind = { plain: 0, head: 1, connect: 2 } as const;

/** Requests of one connection in turn. The fields hold for the head in hand, from `parsed.head` to the next push. */
export class RequestParser extends MessageParser {
  /** Minor version, 0 or 1. */
  minor = 1;
  /** One of `requestKind`. */
  kind: number = requestKind.plain;
  /** The connection may carry another request after this one. */
  keepAlive = true;
  /** An upgrade is asked for (Connection and Upgrade agree). */
  wantsUpgrade = false;
  #part: number = part.method;
  #versionAt = 0;
  #blankLine: number = blankLine.none;
  /** The target holds bytes that must make up UTF-8. */
  #beyondAscii = false;

  constructor(heads: HeadPool, limits: Http1Limits = http1Limits) {
    super(heads, limits);
  }

  /** Bytes of an empty line that were dropped before the head in hand: CR, or CR LF. Kept when the head is broken. */
  get dropped(): number {
    return this.#blankLine;
  }

  /** One empty line before a request is no part of it (RFC 9112 2.2) and is dropped; a second one is malformed. */
  protected override skip(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    if (this.#blankLine === blankLine.none && at < end && bytes[at] === cr) {
      this.#blankLine = blankLine.half;
      at += 1;
    }
    if (this.#blankLine === blankLine.half && at < end) {
      if (bytes[at] !== lf) return this.fail('BARE_CR', at);
      this.#blankLine = blankLine.whole;
      at += 1;
    }
    return at;
  }

  protected override rebase(view: HeadView, by: number): void {
    view.start = 0;
    view.methodStart += by;
    view.methodEnd += by;
    view.targetStart += by;
    view.targetEnd += by;
  }

  protected override readLine(bytes: Uint8Array, start: number, end: number): number {
    const { view } = this.scratch as HeadScratch;
    let at = start;
    if (this.#part === part.method) {
      if (this.gathered === 0) {
        view.methodStart = start;
        this.#beyondAscii = false;
      }
      at = this.#method(bytes, at, end, view);
    }
    if (this.#part === part.target) at = this.#target(bytes, at, end, view);
    if (this.#part === part.version) at = this.#version(bytes, at, end);
    return at;
  }

  #method(bytes: Uint8Array, start: number, end: number, view: HeadView): number {
    const stop = Math.min(end, view.methodStart - this.shift + this.limits.methodBytes);
    let at = start;
    while (at < stop && tokenBytes[bytes[at] as number] === 1) at += 1;
    if (at === end) return at;
    if (bytes[at] !== space || at + this.shift === view.methodStart)
      return this.fail(codeOf(bytes[at], 'BAD_METHOD'), at);
    view.methodEnd = at + this.shift;
    view.targetStart = view.methodEnd + 1;
    this.#part = part.target;
    return at + 1;
  }

  #target(bytes: Uint8Array, start: number, end: number, view: HeadView): number {
    let at = start;
    for (; at < end; at += 1) {
      const kind = targetBytes[bytes[at] as number];
      if (kind === 0) break;
      if (kind === 2) this.#beyondAscii = true;
    }
    if (at === end) return at;
    const byte = bytes[at];
    if (byte === hash) return this.fail('FRAGMENT', at);
    if (byte !== space) return this.fail(byte === cr ? 'BAD_VERSION' : codeOf(byte, 'TARGET_BYTE'), at);
    view.targetEnd = at + this.shift;
    if (view.targetEnd === view.targetStart) return this.fail('BAD_TARGET', at);
    this.#part = part.version;
    this.#versionAt = 0;
    return at + 1;
  }

  #version(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    while (at < end && this.#versionByte(bytes[at] as number)) {
      at += 1;
      this.#versionAt += 1;
      if (this.#versionAt < versionLength) continue;
      this.#part = part.method;
      this.lineDone();
      return at;
    }
    if (at === end) return at;
    return this.fail(this.#versionAt === 9 ? 'BARE_CR' : codeOf(bytes[at], 'BAD_VERSION'), at);
  }

  #versionByte(byte: number): boolean {
    switch (this.#versionAt) {
      case 7:
        this.minor = byte - digitZero;
        return this.minor === 0 || this.minor === 1;
      case 8:
        return byte === cr;
      case 9:
        return byte === lf;
      default:
        return byte === versionPrefix[this.#versionAt];
    }
  }

  protected override finish(view: HeadView): number {
    const { facts } = this;
    this.kind = kindOf(view);
    this.keepAlive = this.minor === 1 ? !facts.close : facts.keepAlive && !facts.close;
    this.wantsUpgrade = this.minor === 1 && facts.upgrade && facts.upgradeListed;
    const hasBody = facts.chunked || facts.contentLength > 0;
    const wrong = splitTarget(view, facts, this.kind === requestKind.connect);
    if (facts.code !== '') return this.failInHead(facts.code, facts.at);
    if (this.minor === 0 && facts.chunked) return this.failInHead('TE_IN_1_0', view.end - 1);
    if (this.minor === 1 && !facts.hasHost) return this.failInHead('MISSING_HOST', view.end - 1);
    const strange = this.#strangeByteAt(view);
    if (strange >= 0) return this.failInHead('TARGET_BYTE', strange);
    if (wrong !== '') return this.failInHead(wrong, view.targetStart);
    if (hasBody && this.kind === requestKind.connect)
      return this.failInHead('CONNECT_WITH_BODY', view.end - 1);
    if (facts.chunked) this.body.begin(bodyKind.chunked, 0);
    else this.body.begin(facts.contentLength > 0 ? bodyKind.length : bodyKind.none, facts.contentLength);
    this.#blankLine = blankLine.none;
    this.stage = this.body.done ? stage.end : stage.body;
    return parsed.head;
  }

  /** Where the target is not UTF-8, or -1. The whole head is at hand: a sequence may have come in pieces. */
  #strangeByteAt({ bytes, targetStart, targetEnd }: HeadView): number {
    if (!this.#beyondAscii) return -1;
    this.#beyondAscii = false;
    return invalidUtf8At(bytes, targetStart, targetEnd);
  }
}

const codeOf = (byte: number | undefined, code: BrokenCode): BrokenCode => (byte === lf ? 'BARE_LF' : code);

function kindOf(view: HeadView): number {
  const { bytes, methodStart, methodEnd } = view;
  const length = methodEnd - methodStart;
  if (length === headMethod.length && startsWith(bytes, methodStart, headMethod)) return requestKind.head;
  if (length === connectMethod.length && startsWith(bytes, methodStart, connectMethod))
    return requestKind.connect;
  return requestKind.plain;
}

function startsWith(bytes: Uint8Array, start: number, word: Uint8Array): boolean {
  for (let at = 0; at < word.length; at += 1) if (bytes[start + at] !== word[at]) return false;
  return true;
}
