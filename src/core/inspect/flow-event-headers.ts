// Header lines of a captured head as masked, bounded `[name, value]` pairs. Reads what the parser already accepted (or did not:
// a broken head is shown as far as it can be read); judges nothing.
import type { Header } from '../model/event.ts';
import type { Masker } from '../mask/masker.ts';
import { createByteCache, sampledHash, safeText } from './flow-event-bytes.ts';
import { traceOf, traceOfPlainLine } from './flow-event-trace.ts';
import { ownText } from './flow-text.ts';
import { lightHeaders, lineKindOf, lineKinds, traceHeaders } from './light-headers.ts';
import { headWordsOf, type HeadWords } from './light-words.ts';

/** What of a head an event carries. */
export const headerLimits = {
  /** Headers shown; the parser takes more. */
  count: 64,
  /** Characters of one value after masking. */
  valueChars: 1024,
  /** Characters of all names and values together. */
  totalChars: 16 * 1024,
} as const;

/** Reads the heads of messages; one per assembler, for it remembers lines. */
export interface HeaderReader {
  /** Headers of the head in `bytes[0, length)`, after its first line. The pairs may be shared between events: never change them. */
  read(bytes: Buffer, length: number): Header[];
  /** Only `lightHeaders`; their trace goes into `trace`. Returns `before` itself when they are the same again. */
  readLight(bytes: Buffer, length: number, before: HeadWords, trace: Int32Array): HeadWords;
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

/** The light headers of one head, collected into a list that is used again and again. */
interface LightCollection {
  /** Forgets what was found. */
  begin(): void;
  /** False when no more may be added. */
  add(header: Header): boolean;
  /** `before` when the same pairs were found, in the same order. */
  words(before: HeadWords): HeadWords;
}

function createLightCollection(): LightCollection {
  const found: Header[] = [];
  let count = 0;
  let total = 0;
  const isAs = (headers: readonly Header[]): boolean => {
    if (headers.length !== count) return false;
    for (let index = 0; index < count; index += 1) if (headers[index] !== found[index]) return false;
    return true;
  };
  return {
    begin: () => {
      count = 0;
      total = 0;
    },
    add: (header) => {
      total += header[0].length + header[1].length;
      if (total > headerLimits.totalChars) return false;
      found[count] = header;
      count += 1;
      return count < headerLimits.count;
    },
    words: (before) => (isAs(before.headers) ? before : headWordsOf(found.slice(0, count))),
  };
}

/** Where the line that starts at `start` ends, its line feed not included. */
function feedAfter(bytes: Buffer, start: number, length: number): number {
  const found = bytes.indexOf(lineFeed, start);
  return found < 0 || found >= length ? length : found;
}

/** One reader per assembler: it remembers lines. */
export function createHeaderReader(masker: Masker): HeaderReader {
  const lines = createByteCache(cachedLines, (bytes, start, end): Header | undefined => {
    const pair = pairOf(bytes, start, end);
    return pair && [ownText(cut(pair[0])), ownText(cut(masker.maskHeader(pair[0], pair[1])))];
  });
  const lineOf = (bytes: Buffer, start: number, end: number): Header | undefined =>
    lines.get(bytes, start, end, sampledHash(bytes, start, end));
  const light = createLightCollection();
  return {
    read: (bytes, length) => {
      const collection = createCollection();
      eachLine(bytes, length, (line, start, end) => collection.add(lineOf(line, start, end)));
      return collection.headers;
    },
    readLight: (bytes, length, before, trace) => {
      light.begin();
      trace.fill(0);
      let traces: Header[] | undefined;
      let hasPlainTrace = false;
      let isFull = false;
      let start = feedAfter(bytes, 0, length) + 1;
      while (start < length && !isFull) {
        const feed = feedAfter(bytes, start, length);
        const end = feed > start && bytes[feed - 1] === carriageReturn ? feed - 1 : feed;
        const kind = lineKindOf(bytes, start, end);
        if (kind === lineKinds.kept) {
          const header = lineOf(bytes, start, end);
          if (header !== undefined && lightHeaders.has(header[0])) isFull = !light.add(header);
        } else if (kind === lineKinds.trace && !hasPlainTrace) {
          hasPlainTrace = traceOfPlainLine(bytes, start, end, trace);
          if (!hasPlainTrace) (traces ??= []).push(...tracePair(bytes, start, end));
        }
        start = feed + 1;
      }
      if (!hasPlainTrace && traces !== undefined) traceOf(traces, trace);
      return light.words(before);
    },
  };
}

/** The line as a pair where its name is one of `traceHeaders`. */
function tracePair(bytes: Buffer, start: number, end: number): readonly Header[] {
  const pair = pairOf(bytes, start, end);
  return pair && traceHeaders.has(pair[0]) ? [pair] : [];
}
