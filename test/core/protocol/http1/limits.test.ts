// What is too long to write down as a case: every limit, one byte below and one above, and the cost of a slow sender.
import { expect, test } from 'vitest';
import { createHeadPool } from '../../../../src/core/protocol/http1/head-pool.ts';
import { http1Limits } from '../../../../src/core/protocol/http1/limits.ts';
import { parsed } from '../../../../src/core/protocol/http1/message-parser.ts';
import { RequestParser } from '../../../../src/core/protocol/http1/request-parser.ts';
import { logOf } from './event-log.ts';

const request = { side: 'request' } as const;
const bytewise = (length: number): number[] => Array.from({ length: length - 1 }, (_, index) => index + 1);

function check(text: string, last: RegExp): void {
  const bytes = Buffer.from(text, 'latin1');
  const whole = logOf(bytes, [], request);
  expect(whole.at(-1)).toMatch(last);
  expect(logOf(bytes, bytewise(bytes.length), request)).toEqual(whole);
  expect(logOf(bytes, [Math.floor(bytes.length / 2)], request)).toEqual(whole);
}

const head = (extra: string): string => `POST / HTTP/1.1\r\nHost: x\r\n${extra}\r\n`;
const chunked = (rest: string): string => head('Transfer-Encoding: chunked\r\n') + rest;

test('a head may be as long as the limit and not a byte longer', () => {
  const empty = head('X: \r\n').length;
  const fits = head(`X: ${'a'.repeat(http1Limits.headBytes - empty)}\r\n`);
  expect(fits.length).toBe(http1Limits.headBytes);
  check(fits, /^end$/);
  check(fits.replace('X: ', 'X: a'), new RegExp(`^broken HEAD_TOO_LARGE at ${http1Limits.headBytes}$`));
});

test('a request target that never ends stops at the head limit', () => {
  check(`GET /${'a'.repeat(http1Limits.headBytes)}`, /^broken HEAD_TOO_LARGE at 32768$/);
});

test('as many headers as the limit and not one more', () => {
  const lines = (count: number): string => head('A: b\r\n'.repeat(count - 1));
  check(lines(http1Limits.headers), /^end$/);
  check(lines(http1Limits.headers + 1), /^broken TOO_MANY_HEADERS/);
});

test('chunk extensions are counted over the whole message', () => {
  const chunk = (length: number): string => `1;${'e'.repeat(length)}\r\nx\r\n`;
  const half = http1Limits.chunkExtensionBytes / 2;
  check(chunked(`${chunk(half)}${chunk(half)}0\r\n\r\n`), /^end$/);
  check(chunked(`${chunk(half)}${chunk(half)}${chunk(1)}0\r\n\r\n`), /^broken CHUNK_EXTENSIONS_TOO_LONG/);
});

test('a trailer section may be as long as the limit and not longer', () => {
  const fill = http1Limits.trailerBytes - 'T: \r\n\r\n'.length;
  check(chunked(`0\r\nT: ${'a'.repeat(fill)}\r\n\r\n`), /^end$/);
  check(chunked(`0\r\nT: ${'a'.repeat(fill + 1)}\r\n\r\n`), /^broken TRAILERS_TOO_LARGE/);
});

test('a head dripped byte by byte costs a constant factor of reading it whole', () => {
  const work = (length: number, piece: number): number => {
    const bytes = Buffer.from(head(`X: ${'a'.repeat(length)}\r\n`));
    const parser = new RequestParser(createHeadPool());
    for (let at = 0; at < bytes.length; at += piece) {
      const end = Math.min(at + piece, bytes.length);
      let from = at;
      while (parser.push(bytes, from, end) !== parsed.needMore) from = parser.position;
    }
    return parser.work / bytes.length;
  };
  expect(work(16_000, 20_000)).toBe(1);
  // Scanned once, moved into the gather buffer once, and moved again at most twice in all while that buffer doubles.
  expect(work(1_000, 1)).toBeLessThan(4);
  expect(work(16_000, 1)).toBeLessThan(4);
  expect(work(16_000, 7)).toBeLessThan(4);
});

test('a chunked body dripped byte by byte is scanned once and never moved', () => {
  const bytes = Buffer.from(chunked(`${'5;x=y\r\nhello\r\n'.repeat(500)}0\r\nT: u\r\n\r\n`));
  const parser = new RequestParser(createHeadPool());
  let ended = false;
  for (let at = 0; at < bytes.length; at += 1) {
    let from = at;
    for (let event = parser.push(bytes, from, at + 1); event !== parsed.needMore;) {
      ended ||= event === parsed.end;
      from = parser.position;
      event = parser.push(bytes, from, at + 1);
    }
  }
  expect(ended).toBe(true);
  expect(parser.work).toBeLessThan(bytes.length + 3 * 200);
});
