// Bounded copies of what people will look at: heads whole, bodies up to a window and only where they are text.
// Writes into an exchange's own buffers, growing them when needed. Knows no policy and no sink.
import type { Exchange } from '../model/exchange.ts';
import type { HeadView } from '../model/head-view.ts';
import { equalsWord, wordOf } from '../protocol/http1/byte-class.ts';
import { copyBytes } from '../protocol/http1/copy-bytes.ts';
import type { HeadFacts } from '../protocol/http1/head-facts.ts';
import { captureLimits } from './new-exchange.ts';

/** Content types whose body may be shown; compared with the part before `;`. A row ending in `/` takes all its subtypes. */
const textTypes = [
  'application/json',
  'application/x-www-form-urlencoded',
  'application/graphql',
  'application/x-ndjson',
  'application/xml',
  'text/',
].map(wordOf);
/** Structured syntax suffixes that make any type text. */
const textSuffixes = ['+json', '+xml'].map(wordOf);
const semicolon = 59;

/** True when the head announces a body in JSON or text that is not compressed. */
export function isText(bytes: Uint8Array, facts: HeadFacts): boolean {
  const start = facts.contentTypeStart;
  let end = start;
  while (end < facts.contentTypeEnd && bytes[end] !== semicolon && bytes[end] !== 32) end += 1;
  if (start === end || facts.contentEncoded) return false;
  for (const type of textTypes) {
    const open = type[type.length - 1] === 47;
    if (equalsWord(bytes, start, open ? Math.min(end, start + type.length) : end, type)) return true;
  }
  for (const suffix of textSuffixes)
    if (end - start > suffix.length && equalsWord(bytes, end - suffix.length, end, suffix)) return true;
  return false;
}

/** First sizes of the buffers of heads; most heads fit. */
const firstRequestBytes = 1024;
const firstResponseBytes = 512;

function roomFor(buffer: Uint8Array, length: number, firstBytes: number): Uint8Array {
  if (buffer.length >= length) return buffer;
  return new Uint8Array(Math.max(length, 2 * buffer.length, firstBytes));
}

/** Copies a request head and moves its spans, so that they are offsets into `exchange.head`. */
export function captureRequestHead(exchange: Exchange, view: HeadView): void {
  const { bytes, start } = view;
  const length = view.end - start;
  exchange.head = roomFor(exchange.head, length, firstRequestBytes);
  copyBytes(bytes, start, view.end, exchange.head, 0);
  exchange.headLength = length;
  exchange.methodStart = view.methodStart - start;
  exchange.methodEnd = view.methodEnd - start;
  exchange.pathStart = view.pathStart - start;
  exchange.pathEnd = view.pathEnd - start;
  exchange.queryStart = view.queryStart - start;
  exchange.queryEnd = view.queryEnd - start;
  exchange.hostStart = view.hostStart - start;
  exchange.hostEnd = view.hostEnd - start;
}

/** Copies a response head whole; at most the parser's head limit (32 KiB). */
export function captureResponseHead(exchange: Exchange, bytes: Uint8Array, start: number, end: number): void {
  exchange.responseHead = roomFor(exchange.responseHead, end - start, firstResponseBytes);
  copyBytes(bytes, start, end, exchange.responseHead, 0);
  exchange.responseHeadLength = end - start;
}

/** Appends body data to the request's window. */
export function captureRequestBody(exchange: Exchange, bytes: Uint8Array, start: number, end: number): void {
  const limit = captureLimits.requestBodyBytes;
  const length = Math.min(end - start, limit - exchange.requestBodyLength);
  if (length < end - start) exchange.requestBodyTruncated = true;
  if (length === 0) return;
  if (exchange.requestBody.length < limit) exchange.requestBody = new Uint8Array(limit);
  copyBytes(bytes, start, start + length, exchange.requestBody, exchange.requestBodyLength);
  exchange.requestBodyLength += length;
}

/** Appends body data to the answer's window. */
export function captureResponseBody(exchange: Exchange, bytes: Uint8Array, start: number, end: number): void {
  const limit = captureLimits.responseBodyBytes;
  const length = Math.min(end - start, limit - exchange.responseBodyLength);
  if (length < end - start) exchange.responseBodyTruncated = true;
  if (length === 0) return;
  if (exchange.responseBody.length < limit) exchange.responseBody = new Uint8Array(limit);
  copyBytes(bytes, start, start + length, exchange.responseBody, exchange.responseBodyLength);
  exchange.responseBodyLength += length;
}
