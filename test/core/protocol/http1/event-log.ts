// Feeds bytes to a parser in given pieces and writes down what it says, in a form that must not depend on the pieces.
import { createHeadPool } from '../../../../src/core/protocol/http1/head-pool.ts';
import { parsed, type MessageParser } from '../../../../src/core/protocol/http1/message-parser.ts';
import { requestKind, RequestParser } from '../../../../src/core/protocol/http1/request-parser.ts';
import { ResponseParser } from '../../../../src/core/protocol/http1/response-parser.ts';
import { headerStride } from '../../../../src/core/model/head-view.ts';

export interface Feed {
  readonly side: 'request' | 'response';
  /** What the answer answers. */
  readonly kind?: keyof typeof requestKind;
  /** End the stream after the bytes. */
  readonly eof?: boolean;
  readonly headers?: boolean;
}

const quoted = (text: string): string =>
  JSON.stringify(text).replace(/[\u007f-\u00ff]/g, (c) => `\\x${c.charCodeAt(0).toString(16)}`);

function textOf(bytes: Uint8Array, start: number, end: number): string {
  return Buffer.from(bytes.subarray(start, end)).toString('latin1');
}

function headersOf(parser: MessageParser): string[] {
  const { view } = parser;
  return Array.from({ length: view.headerCount }, (_, index) => {
    const at = (which: number): number => view.headers[index * headerStride + which]!;
    return `  ${textOf(view.bytes, at(0), at(1))}: ${quoted(textOf(view.bytes, at(2), at(3)))}`;
  });
}

function requestHead(parser: RequestParser): string {
  const { view } = parser;
  const part = (start: number, end: number): string => quoted(textOf(view.bytes, start, end));
  const flags = [
    parser.keepAlive ? 'keep-alive' : 'close',
    ...(parser.wantsUpgrade ? ['upgrade'] : []),
    ...(parser.facts.expectContinue ? ['expect'] : []),
  ];
  return (
    `head ${part(view.methodStart, view.methodEnd)} path=${part(view.pathStart, view.pathEnd)}` +
    ` query=${part(view.queryStart, view.queryEnd)} host=${part(view.hostStart, view.hostEnd)}` +
    ` 1.${parser.minor} ${flags.join(' ')} bytes=${view.end - view.start}`
  );
}

function describe(parser: RequestParser | ResponseParser): string {
  if (parser instanceof RequestParser) return requestHead(parser);
  const { view } = parser;
  return `head ${parser.status} 1.${parser.minor} ${parser.keepAlive ? 'keep-alive' : 'close'} bytes=${view.end - view.start}`;
}

/** Collects events; data of neighbouring spans is joined. */
class Log {
  readonly lines: string[] = [];
  #data = '';

  add(...lines: string[]): void {
    if (this.#data !== '') this.lines.push(`data ${this.#data.length} ${quoted(this.#data)}`);
    this.#data = '';
    this.lines.push(...lines);
  }

  data(text: string): void {
    this.#data += text;
  }

  done(): readonly string[] {
    this.add();
    return this.lines;
  }
}

export function newParser(feed: Feed): RequestParser | ResponseParser {
  if (feed.side === 'request') return new RequestParser(createHeadPool());
  const parser = new ResponseParser(createHeadPool());
  parser.answers = requestKind[feed.kind ?? 'plain'];
  return parser;
}

function record(
  parser: RequestParser | ResponseParser,
  event: number,
  bytes: Uint8Array,
  log: Log,
  feed: Feed,
): void {
  if (event === parsed.head || event === parsed.interim) {
    log.add(event === parsed.head ? describe(parser) : `interim ${(parser as ResponseParser).status}`);
    if (feed.headers) log.add(...headersOf(parser));
    parser.releaseHead();
  } else if (event === parsed.data) log.data(textOf(bytes, parser.dataStart, parser.dataEnd));
  else if (event === parsed.end) log.add('end');
  else if (event === parsed.broken) log.add(`broken ${parser.code} at ${parser.offset}`);
}

/** The log of `bytes` cut at the given indices (ascending). */
export function logOf(bytes: Uint8Array, cuts: readonly number[], feed: Feed): readonly string[] {
  const parser = newParser(feed);
  const log = new Log();
  const edges = [0, ...cuts, bytes.length];
  let rest = 0;
  for (let piece = 1; piece < edges.length && !broken(log); piece += 1) {
    // A fresh copy at an odd place: spans into earlier pieces must not be needed.
    const length = edges[piece]! - edges[piece - 1]!;
    const chunk = new Uint8Array(length + 3);
    chunk.set(bytes.subarray(edges[piece - 1], edges[piece]), 3);
    let at = 3;
    let event: number;
    do {
      event = parser.push(chunk, at, chunk.length);
      at = parser.position;
      record(parser, event, chunk, log, feed);
    } while (event !== parsed.needMore && event !== parsed.broken);
    rest += chunk.length - at;
    chunk.fill(0xee);
  }
  if (feed.eof && !broken(log)) {
    const event = parser.end();
    record(parser, event, bytes, log, feed);
  }
  if (rest > 0 && !broken(log)) log.add(`opaque ${rest} bytes`);
  return log.done();
}

const broken = (log: Log): boolean => log.lines.at(-1)?.startsWith('broken') ?? false;

/** Every cut of `length` bytes that the house rules ask for: whole, byte by byte, and in two at each place. */
export function* cutsOf(length: number): Generator<readonly number[]> {
  yield [];
  yield Array.from({ length: Math.max(0, length - 1) }, (_, index) => index + 1);
  for (let at = 1; at < length; at += 1) yield [at];
}
