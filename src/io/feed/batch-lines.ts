// The text of a batch frame, event by event: our servers put each event on a line of its own, which JSON allows and a newline
// inside a string cannot fake. Knows no schema; whatever has no such lines is for the ordinary parser.
import { isAscii } from 'node:buffer';

/** What a batch frame of ours begins and ends with; between two events stand a comma and a newline. */
export const batchHead = '{"type":"batch","events":[\n';
/** What a batch frame of ours ends with. */
export const batchTail = '\n]}';

/** Numbers of a batch: the first of its flows and losses, of this start of the server. */
export interface BatchNumbers {
  readonly epoch: string;
  readonly first: number;
}

/** What a batch with numbers begins with. @param epoch letters and digits, at most 100. */
export const numberedHead = ({ epoch, first }: BatchNumbers): string =>
  `{"type":"batch","epoch":"${epoch}","first":${first},"events":[\n`;

/** Where the lines of a batch begin, and its numbers. */
export interface BatchLines {
  readonly start: number;
  readonly numbers?: BatchNumbers;
}

const newline = 10;
const comma = 44;
const head = Buffer.from(batchHead);
const tail = Buffer.from(batchTail);
/** No head of ours is longer. */
const longestHead = 160;
const headPattern = /^\{"type":"batch","epoch":"([0-9A-Za-z-]{1,100})","first":([0-9]{1,15}),"events":\[\n/;

function startOf(bytes: Buffer): BatchLines | undefined {
  if (bytes.compare(head, 0, head.length, 0, Math.min(head.length, bytes.length)) === 0)
    return { start: head.length };
  const [own, epoch, first] = headPattern.exec(bytes.toString('latin1', 0, longestHead)) ?? [];
  return own === undefined || epoch === undefined
    ? undefined
    : { start: own.length, numbers: { epoch, first: Number(first) } };
}

/** Of bytes that begin as a batch of ours and end as `batchTail`; what is between is not looked at. */
export function batchLinesOf(bytes: Buffer): BatchLines | undefined {
  const from = bytes.length - tail.length;
  if (from < 0 || bytes.compare(tail, 0, tail.length, from) !== 0) return undefined;
  const lines = startOf(bytes);
  return lines !== undefined && from > lines.start ? lines : undefined;
}

/**
 * Calls `visit` with each line until it says false, and tells whether it never did. The string is its own and shares no memory with the frame, so that one event that is kept does
 * not keep the others. `narrow` when it is ASCII: a byte of memory a character.
 */
export function everyBatchLine(
  bytes: Buffer,
  start: number,
  visit: (line: string, narrow: boolean) => boolean,
): boolean {
  const end = bytes.length - tail.length;
  const ascii = isAscii(bytes);
  for (let at = start; at < end;) {
    const found = bytes.indexOf(newline, at);
    const stop = found < 0 || found > end ? end : found;
    const last = stop < end && bytes[stop - 1] === comma ? stop - 1 : stop;
    const line = bytes.toString(ascii ? 'latin1' : 'utf8', at, last);
    if (!visit(line, line.length === last - at)) return false;
    at = stop + 1;
  }
  return true;
}
