// Header lines of a captured head as masked, bounded `[name, value]` pairs. Reads what the parser already accepted (or did not:
// a broken head is shown as far as it can be read); judges nothing.
import type { Header } from '../model/event.ts';
import type { Masker } from '../mask/masker.ts';
import { createByteCache, hashStart, hashStep, safeText } from './flow-event-bytes.ts';

/** What of a head an event carries. */
export const headerLimits = {
  /** Headers shown; the parser takes more. */
  count: 64,
  /** Characters of one value after masking. */
  valueChars: 1024,
  /** Characters of all names and values together. */
  totalChars: 16 * 1024,
} as const;

export interface HeaderReader {
  /** Headers of the head in `bytes[0, length)`, after its first line. The pairs may be shared between events: never change them. */
  read(bytes: Buffer, length: number): Header[];
}

const lineFeed = 10;
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

/** One reader per assembler: it remembers lines. */
export function createHeaderReader(masker: Masker): HeaderReader {
  const makeLine = (bytes: Buffer, start: number, end: number): Header | undefined => {
    let split = start;
    while (split < end && bytes[split] !== colon) split += 1;
    if (split === start || split === end) return undefined;
    let valueStart = split + 1;
    let valueEnd = end;
    let nameEnd = split;
    while (valueStart < valueEnd && isBlank(bytes[valueStart])) valueStart += 1;
    while (valueEnd > valueStart && isBlank(bytes[valueEnd - 1])) valueEnd -= 1;
    while (nameEnd > start && isBlank(bytes[nameEnd - 1])) nameEnd -= 1;
    const name = safeText(bytes, start, nameEnd).toLowerCase();
    return [cut(name), cut(masker.maskHeader(name, safeText(bytes, valueStart, valueEnd)))];
  };
  const lines = createByteCache(cachedLines, makeLine);
  return {
    read: (bytes, length) => {
      const headers: Header[] = [];
      let total = 0;
      let start = 0;
      let hash = hashStart;
      let isFirst = true;
      for (let index = 0; index <= length && headers.length < headerLimits.count; index += 1) {
        const byte = index === length ? lineFeed : (bytes[index] ?? 0);
        if (byte !== lineFeed) {
          if (byte !== 13) hash = hashStep(hash, byte);
          continue;
        }
        const end = index > start && bytes[index - 1] === 13 ? index - 1 : index;
        const header = isFirst || end === start ? undefined : lines.get(bytes, start, end, hash);
        isFirst = false;
        start = index + 1;
        hash = hashStart;
        if (header === undefined) continue;
        total += header[0].length + header[1].length;
        if (total > headerLimits.totalChars) break;
        headers.push(header);
      }
      return headers;
    },
  };
}
