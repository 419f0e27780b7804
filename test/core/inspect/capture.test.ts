// What of an exchange is kept for people: whole heads, windows of text bodies, nothing of the rest, and no growth.
import { expect, test } from 'vitest';
import { captureLimits } from '../../../src/core/inspect/new-exchange.ts';
import type { Exchange } from '../../../src/core/model/exchange.ts';
import { createStage, deliver } from './playbook.ts';

function exchangeOf(request: string, response: string, piece = 1_000_000): Exchange {
  const stage = createStage();
  for (const [side, text] of [
    ['client', request],
    ['upstream', response],
  ] as const) {
    const bytes = Buffer.from(text, 'latin1');
    for (let at = 0; at < bytes.length; at += piece) deliver(stage, side, bytes.subarray(at, at + piece));
  }
  return stage.exchanges[0]!;
}

const text = (bytes: Uint8Array, length: number): string =>
  Buffer.from(bytes.subarray(0, length)).toString('latin1');
const post = (type: string, body: string, more = ''): string =>
  `POST /orders/7?a=b HTTP/1.1\r\nHost: shop\r\nContent-Type: ${type}\r\n${more}Content-Length: ${body.length}\r\n\r\n${body}`;
const answer = (type: string, body: string): string =>
  `HTTP/1.1 201 Created\r\nContent-Type: ${type}\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
const requestBody = (exchange: Exchange): string => text(exchange.requestBody, exchange.requestBodyLength);
const responseBody = (exchange: Exchange): string => text(exchange.responseBody, exchange.responseBodyLength);

test.each([1, 7, 1_000_000])('heads are kept whole and their parts named, in pieces of %i bytes', (piece) => {
  const request = post('application/json', '{"a":1}');
  const exchange = exchangeOf(request, answer('text/plain', 'made'), piece);
  const part = (start: number, end: number): string => text(exchange.head.subarray(start), end - start);
  expect(text(exchange.head, exchange.headLength)).toBe(request.slice(0, request.indexOf('\r\n\r\n') + 4));
  expect(part(exchange.methodStart, exchange.methodEnd)).toBe('POST');
  expect(part(exchange.pathStart, exchange.pathEnd)).toBe('/orders/7');
  expect(part(exchange.queryStart, exchange.queryEnd)).toBe('a=b');
  expect(part(exchange.hostStart, exchange.hostEnd)).toBe('shop');
  expect(text(exchange.responseHead, exchange.responseHeadLength)).toMatch(/^HTTP\/1\.1 201 [^]*\r\n\r\n$/);
  expect([requestBody(exchange), responseBody(exchange)]).toEqual(['{"a":1}', 'made']);
  expect([exchange.requestBodyTruncated, exchange.responseBodyTruncated]).toEqual([false, false]);
});

test('of a chunked body the data is kept, not the framing', () => {
  const exchange = exchangeOf(
    'POST / HTTP/1.1\r\nHost: x\r\nContent-Type: application/json\r\nTransfer-Encoding: chunked\r\n\r\n3\r\n{"a\r\n4\r\n":1}\r\n0\r\n\r\n',
    'HTTP/1.1 200 OK\r\nContent-Type: application/problem+json\r\nTransfer-Encoding: chunked\r\n\r\n2\r\n{}\r\n0\r\n\r\n',
    3,
  );
  expect([requestBody(exchange), responseBody(exchange)]).toEqual(['{"a":1}', '{}']);
});

test.each([1000, 4096, 1_000_000])(
  'a long body is kept up to the window and marked, in pieces of %i',
  (piece) => {
    const long = 'x'.repeat(10_000);
    const exchange = exchangeOf(
      post('text/csv', long),
      answer('application/json; charset=utf-8', long),
      piece,
    );
    expect(requestBody(exchange)).toBe(long.slice(0, captureLimits.requestBodyBytes));
    expect(responseBody(exchange)).toBe(long.slice(0, captureLimits.responseBodyBytes));
    expect([exchange.requestBodyTruncated, exchange.responseBodyTruncated]).toEqual([true, true]);
  },
);

test('a body of exactly the window is whole', () => {
  const exact = 'x'.repeat(captureLimits.requestBodyBytes);
  const exchange = exchangeOf(post('text/plain', exact), answer('text/plain', ''));
  expect([exchange.requestBodyLength, exchange.requestBodyTruncated]).toEqual([exact.length, false]);
});

test.each([
  ['application/octet-stream', '', 0],
  ['image/png', '', 0],
  ['multipart/form-data; boundary=x', '', 0],
  ['application/json', 'Content-Encoding: gzip\r\n', 0],
  ['APPLICATION/JSON;charset=utf-8', '', 4],
  ['application/x-www-form-urlencoded', '', 4],
  ['application/vnd.api+json', '', 4],
  ['text/html', '', 4],
])('a %s body %s keeps %i bytes', (type, more, length) => {
  expect(exchangeOf(post(type, 'abcd', more), answer('text/plain', '')).requestBodyLength).toBe(length);
});

test('a large head does not leave a large buffer behind', () => {
  const stage = createStage();
  const send = (extra: string): void => {
    deliver(stage, 'client', Buffer.from(`GET / HTTP/1.1\r\nHost: x\r\n${extra}\r\n`));
    deliver(stage, 'upstream', Buffer.from(`HTTP/1.1 200 OK\r\n${extra}Content-Length: 0\r\n\r\n`));
  };
  send(`X: ${'y'.repeat(30_000)}\r\n`);
  send('');
  const [large, small] = stage.exchanges;
  expect(large!.headLength).toBeGreaterThan(30_000);
  expect(small!.head.length).toBeLessThan(9_000);
  expect(small!.responseHead.length).toBeLessThan(9_000);
});
