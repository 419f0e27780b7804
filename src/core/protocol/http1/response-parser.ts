// HTTP/1 answers from bytes: status line, then the shared head and body machinery. The reader must be told which kind of
// request is being answered, because HEAD and CONNECT change what follows the head.
import type { HeadView } from '../../model/head-view.ts';
import { bodyKind } from './body-reader.ts';
import { cr, lf, space, valueBytes, wordOf } from './byte-class.ts';
import type { BrokenCode } from './broken-code.ts';
import type { HeadPool } from './head-pool.ts';
import { http1Limits, type Http1Limits } from './limits.ts';
import { MessageParser, parsed, stage } from './message-parser.ts';
import { requestKind } from './request-parser.ts';

const versionPrefix = wordOf('HTTP/1.');
const digitZero = 48;
/** Positions in `HTTP/1.1 200 OK`: minor version, blank, three digits, then blank or CR. */
const place = { minor: 7, blank: 8, digits: 9, after: 12, reason: 13, lineFeed: 14 } as const;

/** Answers of one connection in turn; told by `answers` which kind of request each belongs to. */
export class ResponseParser extends MessageParser {
  status = 0;
  minor = 1;
  /** The server keeps the connection open after this answer. */
  keepAlive = true;
  /** Kind of the request that the next answer belongs to, one of `requestKind`; set it before its first byte. */
  answers: number = requestKind.plain;
  #place = 0;

  constructor(heads: HeadPool, limits: Http1Limits = http1Limits) {
    super(heads, limits);
  }

  protected override skip(_bytes: Uint8Array, start: number): number {
    this.#place = 0;
    this.status = 0;
    return start;
  }

  protected override rebase(view: HeadView): void {
    view.start = 0;
  }

  protected override endsWithStream(): boolean {
    return this.body.kind === bodyKind.eof;
  }

  protected override readLine(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    while (at < end) {
      if (this.#place === place.reason) {
        while (at < end && valueBytes[bytes[at] as number] === 1) at += 1;
        if (at === end) return at;
      }
      const byte = bytes[at] as number;
      const wrong = this.#read(byte);
      if (wrong !== '') return this.fail(byte === lf ? 'BARE_LF' : wrong, at);
      at += 1;
      if (this.#place > place.lineFeed) {
        this.lineDone();
        return at;
      }
    }
    return at;
  }

  /** Takes one byte at the current place; '' when it belongs there. */
  #read(byte: number): BrokenCode | '' {
    const now = this.#place;
    this.#place += 1;
    switch (now) {
      case place.minor:
        this.minor = byte - digitZero;
        return this.minor === 0 || this.minor === 1 ? '' : 'BAD_VERSION';
      case place.blank:
        return byte === space ? '' : 'BAD_VERSION';
      case place.digits:
        this.status = 0;
        return byte >= 49 && byte <= 57 ? this.#digit(byte) : 'BAD_STATUS';
      case place.digits + 1:
      case place.digits + 2:
        return byte >= 48 && byte <= 57 ? this.#digit(byte) : 'BAD_STATUS';
      case place.after:
        if (byte === cr) this.#place = place.lineFeed;
        return byte === cr || byte === space ? '' : 'BAD_STATUS';
      case place.reason:
        return byte === cr ? '' : 'STATUS_BYTE';
      case place.lineFeed:
        return byte === lf ? '' : 'BARE_CR';
      default:
        return byte === versionPrefix[now] ? '' : 'BAD_VERSION';
    }
  }

  #digit(byte: number): '' {
    this.status = this.status * 10 + byte - digitZero;
    return '';
  }

  protected override finish(view: HeadView): number {
    const { facts, status } = this;
    if (facts.code !== '') return this.failInHead(facts.code, facts.at);
    if (status < 200 && status !== 101) {
      this.stage = stage.idle;
      return parsed.interim;
    }
    this.keepAlive = this.minor === 1 ? !facts.close : facts.keepAlive && !facts.close;
    const tunnels = status === 101 || (this.answers === requestKind.connect && status < 300);
    if (tunnels) {
      this.stage = stage.opaque;
      return parsed.head;
    }
    if (this.minor === 0 && facts.chunked) return this.failInHead('TE_IN_1_0', view.end - 1);
    const empty = this.answers === requestKind.head || status === 204 || status === 304;
    if (empty) this.body.begin(bodyKind.none, 0);
    else if (facts.chunked) this.body.begin(bodyKind.chunked, 0);
    else if (facts.contentLength >= 0) this.body.begin(bodyKind.length, facts.contentLength);
    else this.body.begin(bodyKind.eof, 0);
    if (this.body.kind === bodyKind.eof) this.keepAlive = false;
    this.stage = this.body.done ? stage.end : stage.body;
    return parsed.head;
  }
}
