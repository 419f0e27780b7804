// What requests and responses have in common: a head gathered over reads, then a body; one event per `push`.
// Sans-io: takes spans, moves no byte unless a head straddles reads, scans each byte once. Never throws.
import { Buffer } from 'node:buffer';
import type { BrokenCode } from './broken-code.ts';
import { BodyReader } from './body-reader.ts';
import { FieldReader } from './field-reader.ts';
import { HeadFacts } from './head-facts.ts';
import { gatherInto, type HeadPool, type HeadScratch } from './head-pool.ts';
import type { Http1Limits } from './limits.ts';
import type { HeadView } from '../../model/head-view.ts';

/** What one `push` found. */
export const parsed = {
  /** Everything given was consumed (or, after `opaque`, nothing is); give more. */
  needMore: 0,
  /** A complete head: `view` and the parser's own fields hold until `releaseHead` or the next push. */
  head: 1,
  /** Body bytes at `dataStart..dataEnd` of the bytes given, framing removed. */
  data: 2,
  /** The message is complete. */
  end: 3,
  /** Malformed: `code` at stream offset `offset`. Nothing more will be read. */
  broken: 4,
  /** Response parser only: a complete 1xx head (`view` holds); the real answer is still to come. */
  interim: 5,
} as const;

/** Where in a message the parser stands. */
export const stage = { idle: 0, line: 1, fields: 2, body: 3, end: 4, opaque: 5, broken: 6 } as const;

/** The half of a parser that both directions share. Reused for every message of its direction. */
export abstract class MessageParser {
  /** Index after the last byte consumed by `push`. */
  position = 0;
  dataStart = 0;
  dataEnd = 0;
  code: BrokenCode | '' = '';
  /** Stream offset of the broken byte, counted over everything ever pushed. */
  offset = 0;
  /** Bytes of the head under way that came in earlier pushes (they lie in `gatheredBytes()`). */
  gathered = 0;
  /** Bytes scanned and bytes moved since the beginning: what the linearity test counts. */
  work = 0;
  readonly body: BodyReader;
  readonly facts: HeadFacts = new HeadFacts();
  protected readonly limits: Http1Limits;
  protected readonly fields: FieldReader = new FieldReader();
  protected stage: number = stage.idle;
  protected scratch: HeadScratch | undefined;
  /** Added to an index of the current bytes to get a recorded span position. */
  protected shift = 0;
  readonly #heads: HeadPool;
  #consumed = 0;
  #base = 0;
  #headOffset = 0;
  #whole = false;
  #from = 0;

  constructor(heads: HeadPool, limits: Http1Limits) {
    this.#heads = heads;
    this.limits = limits;
    this.body = new BodyReader(limits);
  }

  /** The first line is being read: consume up to and including its line feed, then `lineDone()`, or `fail`. */
  protected abstract readLine(bytes: Uint8Array, start: number, end: number): number;
  /** Bytes before a message that belong to none. */
  protected abstract skip(bytes: Uint8Array, start: number, end: number): number;
  /** The head is complete and its facts collected (they may hold a code): decide on the body, set `stage`, return the event. */
  protected abstract finish(view: HeadView): number;
  /** Span fields of the first line, moved when the head moves into the gather buffer. */
  protected abstract rebase(view: HeadView, by: number): void;

  /** The head in hand. Only after `head` or `interim`, before the next push. */
  get view(): HeadView {
    if (this.scratch === undefined) throw new Error('parser: no head in hand');
    return this.scratch.view;
  }

  /** True between two messages, with nothing of the next one read. */
  get idle(): boolean {
    return this.stage === stage.idle;
  }

  /** True when what broke was a complete head, so that `view` names its parts. */
  get brokenHeadIsWhole(): boolean {
    return this.stage === stage.broken && this.#whole;
  }

  /** After a broken head: where in the bytes last pushed those begin that `gatheredBytes` does not hold. */
  get rawStart(): number {
    return this.gathered > 0 ? this.position : this.#from;
  }

  /** True while a head is incomplete. */
  get inHead(): boolean {
    return this.stage === stage.line || this.stage === stage.fields;
  }

  /** Bytes of memory held for a head under way. */
  get scratchBytes(): number {
    return this.scratch === undefined ? 0 : this.scratch.view.headers.byteLength + this.scratch.gather.length;
  }

  /** Buffer holding the first `gathered` bytes of the head under way. */
  gatheredBytes(): Uint8Array {
    return this.scratch === undefined ? new Uint8Array(0) : this.scratch.gather;
  }

  /** The head has been dealt with; its scratch goes back to the pool. */
  releaseHead(): void {
    if (this.scratch === undefined || this.inHead) return;
    this.#whole = false;
    this.#heads.give(this.scratch);
    this.scratch = undefined;
    this.gathered = 0;
  }

  /** The connection is over: whatever was under way goes back to the pool. */
  discard(): void {
    this.stage = stage.broken;
    this.releaseHead();
  }

  /** Reads on; stops at the first event. Call again from `position` until it says `needMore`. */
  push(bytes: Uint8Array, start: number, end: number): number {
    this.#base = this.#consumed - start;
    this.position = start;
    let event: number;
    switch (this.stage) {
      case stage.body:
        event = this.#readBody(bytes, start, end);
        break;
      case stage.end:
        this.stage = stage.idle;
        event = parsed.end;
        break;
      case stage.opaque:
        return parsed.needMore;
      case stage.broken:
        return parsed.broken;
      default:
        event = this.#readHead(bytes, start, end);
        break;
    }
    this.#consumed += this.position - start;
    this.work += this.position - start;
    return event;
  }

  /** `bytes` of the stream were not seen. False, and nothing changes, unless they lie wholly in the data of the body in hand. */
  pass(bytes: number): boolean {
    if (this.stage !== stage.body || !this.body.pass(bytes)) return false;
    this.#consumed += bytes;
    if (this.body.done) this.stage = stage.end;
    return true;
  }

  /** The stream ended. `end` when that completes a message, `broken` inside one, else `needMore`. */
  end(): number {
    this.position = 0;
    if (this.inHead) return this.#failAt('EOF_IN_HEAD', this.#consumed);
    if (this.stage !== stage.body) return this.stage === stage.broken ? parsed.broken : parsed.needMore;
    if (this.endsWithStream()) {
      this.stage = stage.idle;
      return parsed.end;
    }
    return this.#failAt('EOF_IN_BODY', this.#consumed);
  }

  /** True when the body in hand is delimited by the end of the stream. */
  protected endsWithStream(): boolean {
    return false;
  }

  protected lineDone(): void {
    this.stage = stage.fields;
    const scratch = this.scratch as HeadScratch;
    this.fields.begin(scratch.view.headers, this.limits.headers);
  }

  /** Broken at index `at` of the bytes being pushed. */
  protected fail(code: BrokenCode, at: number): number {
    this.#failAt(code, this.#base + at);
    return at;
  }

  /** Broken at index `at` of the complete head. */
  protected failInHead(code: BrokenCode, at: number): number {
    const scratch = this.scratch as HeadScratch;
    return this.#failAt(code, this.#headOffset + at - scratch.view.start);
  }

  #failAt(code: BrokenCode, offset: number): number {
    this.stage = stage.broken;
    this.code = code;
    this.offset = offset;
    return parsed.broken;
  }

  #readBody(bytes: Uint8Array, start: number, end: number): number {
    const { body } = this;
    this.position = body.read(bytes, start, end);
    this.dataStart = body.dataStart;
    this.dataEnd = body.dataEnd;
    if (body.code !== '') return this.#failAt(body.code, this.#base + body.at);
    if (body.done) this.stage = stage.end;
    if (this.dataEnd > this.dataStart) return parsed.data;
    if (!body.done) return parsed.needMore;
    this.stage = stage.idle;
    return parsed.end;
  }

  #readHead(bytes: Uint8Array, start: number, end: number): number {
    let at = start;
    if (this.stage === stage.idle) {
      at = this.position = this.skip(bytes, start, end);
      this.#from = at;
      if (this.code !== '') return parsed.broken;
      if (at === end) return parsed.needMore;
      this.#beginHead(at);
    }
    const from = at;
    this.#from = from;
    const stop = Math.min(end, from + this.limits.headBytes - this.gathered);
    this.shift = this.gathered === 0 ? 0 : this.gathered - from;
    if (this.stage === stage.line) at = this.readLine(bytes, at, stop);
    if (this.stage === stage.fields) {
      at = this.fields.read(bytes, at, stop, this.shift);
      if (this.fields.code !== '') this.fail(this.fields.code, this.fields.at);
    }
    this.position = at;
    const complete = this.stage === stage.fields && this.fields.done;
    if (!complete && this.stage !== stage.broken && at === stop && stop < end)
      this.fail('HEAD_TOO_LARGE', at);
    return complete ? this.#complete(bytes, from, at) : this.#incomplete(bytes, from, at);
  }

  #beginHead(at: number): void {
    this.releaseHead();
    this.scratch = this.#heads.take();
    this.gathered = 0;
    this.#headOffset = this.#base + at;
    this.scratch.view.start = at;
    this.#whole = false;
    this.stage = stage.line;
  }

  #incomplete(bytes: Uint8Array, from: number, at: number): number {
    if (this.stage !== stage.broken || this.gathered > 0) this.#gather(bytes, from, at);
    return this.stage === stage.broken ? parsed.broken : parsed.needMore;
  }

  #gather(bytes: Uint8Array, from: number, at: number): void {
    const scratch = this.scratch as HeadScratch;
    if (this.gathered === 0) {
      this.rebase(scratch.view, -from);
      const { headers } = scratch.view;
      const used = Math.min((this.fields.count + 1) * 4, headers.length);
      if (this.stage === stage.fields)
        for (let row = 0; row < used; row += 1) headers[row] = (headers[row] as number) - from;
    }
    this.work += gatherInto(scratch, this.gathered, { bytes, start: from, end: at });
    this.gathered += at - from;
  }

  #complete(bytes: Uint8Array, from: number, at: number): number {
    const { view } = this.scratch as HeadScratch;
    if (this.gathered === 0) {
      view.bytes = bytes;
      view.start = from;
      view.end = at;
    } else {
      this.#gather(bytes, from, at);
      view.bytes = this.gatheredBytes();
      view.start = 0;
      view.end = this.gathered;
    }
    view.headerCount = this.fields.count;
    this.#whole = true;
    this.facts.collect(view);
    return this.finish(view);
  }
}

/** Text of a span, one character per byte: for logs and tests, never on the hot path. */
export function latin1(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + start, end - start).toString('latin1');
}
