// Header lines of a captured head as masked, bounded `[name, value]` pairs. Reads what the parser already accepted (or did not:
// a broken head is shown as far as it can be read); judges nothing.
import type { Header } from '../model/event.ts';
import type { Masker } from '../mask/masker.ts';
import { createByteCache, sampledHash, safeText } from './flow-event-bytes.ts';
import { traceIdOf, traceOfPlainLine } from './flow-event-trace.ts';
import { lightFirstBytes, lightHeaders, traceHeaders } from './light-headers.ts';

/** What of a head an event carries. */
export const headerLimits = {
  /** Headers shown; the parser takes more. */
  count: 64,
  /** Characters of one value after masking. */
  valueChars: 1024,
  /** Characters of all names and values together. */
  totalChars: 16 * 1024,
} as const;

/** What a light event keeps of a request's head. */
export interface LightHead {
  readonly headers: readonly Header[];
  readonly traceId: string | undefined;
}

export interface HeaderReader {
  /** Headers of the head in `bytes[0, length)`, after its first line. The pairs may be shared between events: never change them. */
  read(bytes: Buffer, length: number): Header[];
  /** Only `lightHeaders` and the trace id. Returns `before.headers` itself when they are the same again. */
  readLight(bytes: Buffer, length: number, before: readonly Header[]): LightHead;
}

const lineFeed = 10;
const carriageReturn = 13;
const colon = 58;
const isBlank = (byte: number | undefined): boolean => byte === 32 || byte === 9 || byte === 13;
/** Distinct header lines in use at a time; about a hundred per kind of client. */
const cachedLines = 2048;

function cut(value: string): string {
  return value.length <= headerLimits.valueChars ? value : `${value.slice(0, headerLimits.valueChars - 1)}…`;
}

/** Finds a header by its lower-case name; undefined when absent. */
export function headerValue(headers: readonly Header[], name: string): string | undefined {
  for (const header of headers) if (header[0] === name) return header[1];
  return undefined;
}

/** `name: value` of one line as text, the name in lower case; undefined when it is none. */
function pairOf(bytes: Buffer, start: number, end: number): Header | undefined {
  let split = start;
  while (split < end && bytes[split] !== colon) split += 1;
  if (split === start || split === end) return undefined;
  let valueStart = split + 1;
  let valueEnd = end;
  let nameEnd = split;
  while (valueStart < valueEnd && isBlank(bytes[valueStart])) valueStart += 1;
  while (valueEnd > valueStart && isBlank(bytes[valueEnd - 1])) valueEnd -= 1;
  while (nameEnd > start && isBlank(bytes[nameEnd - 1])) nameEnd -= 1;
  return [safeText(bytes, start, nameEnd).toLowerCase(), safeText(bytes, valueStart, valueEnd)];
}

/** Calls `take` for every line after the first that is not empty, until it says stop. */
function eachLine(
  bytes: Buffer,
  length: number,
  take: (bytes: Buffer, start: number, end: number) => boolean,
): void {
  let start = 0;
  for (let isFirst = true; start < length; isFirst = false) {
    const found = bytes.indexOf(lineFeed, start);
    const feed = found < 0 || found >= length ? length : found;
    const end = feed > start && bytes[feed - 1] === carriageReturn ? feed - 1 : feed;
    if (!isFirst && end > start && !take(bytes, start, end)) return;
    start = feed + 1;
  }
}

const same = (some: readonly Header[], others: readonly Header[]): boolean =>
  some.length === others.length && some.every((header, index) => header === others[index]);

/** Collects pairs within the limits. */
function createCollection(): {
  headers: Header[];
  add(header: Header | undefined): boolean;
} {
  let total = 0;
  const collection = {
    headers: [] as Header[],
    add(header: Header | undefined): boolean {
      if (header === undefined) return true;
      total += header[0].length + header[1].length;
      if (total > headerLimits.totalChars) return false;
      collection.headers.push(header);
      return collection.headers.length < headerLimits.count;
    },
  };
  return collection;
}

/** One reader per assembler: it remembers lines. */
export function createHeaderReader(masker: Masker): HeaderReader {
  const lines = createByteCache(cachedLines, (bytes, start, end): Header | undefined => {
    const pair = pairOf(bytes, start, end);
    return pair && [cut(pair[0]), cut(masker.maskHeader(pair[0], pair[1]))];
  });
  const lineOf = (bytes: Buffer, start: number, end: number): Header | undefined =>
    lines.get(bytes, start, end, sampledHash(bytes, start, end));
  return {
    read: (bytes, length) => {
      const collection = createCollection();
      eachLine(bytes, length, (line, start, end) => collection.add(lineOf(line, start, end)));
      return collection.headers;
    },
    readLight: (bytes, length, before) => {
      const collection = createCollection();
      let traces: Header[] | undefined;
      let plainTrace: string | undefined;
      eachLine(bytes, length, (line, start, end) => {
        if (lightFirstBytes[line[start] ?? 0] === 0) return true;
        if (isTraceLine(line, start, end)) {
          plainTrace ??= traceOfPlainLine(line, start, end);
          if (plainTrace !== undefined) return true;
          const pair = pairOf(line, start, end);
          if (pair && traceHeaders.has(pair[0])) (traces ??= []).push(pair);
          return true;
        }
        const header = lineOf(line, start, end);
        return header !== undefined && lightHeaders.has(header[0]) ? collection.add(header) : true;
      });
      return {
        headers: same(collection.headers, before) ? before : collection.headers,
        traceId: plainTrace ?? (traces && traceIdOf(traces)),
      };
    },
  };
}

/** `t…` or `x-b…`, `x-t…`: told by bytes, because the values differ with every request and must not fill the cache. */
function isTraceLine(bytes: Buffer, start: number, end: number): boolean {
  const first = (bytes[start] ?? 0) | 32;
  if (first === 116) return true;
  if (first !== 120 || end - start < 3) return false;
  const third = (bytes[start + 2] ?? 0) | 32;
  return third === 98 || third === 116;
}
