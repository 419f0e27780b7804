// The text of a batch frame, event by event: our servers put each event on a line of its own, which JSON allows and a newline
// inside a string cannot fake. Knows no schema; whatever has no such lines is for the ordinary parser.
import { isAscii } from 'node:buffer';

/** What a batch frame of ours begins and ends with; between two events stand a comma and a newline. */
export const batchHead = '{"type":"batch","events":[\n';
/** What a batch frame of ours ends with. */
export const batchTail = '\n]}';

const newline = 10;
const comma = 44;
const head = Buffer.from(batchHead);
const tail = Buffer.from(batchTail);

/** True for bytes that begin and end as `batchHead` and `batchTail`; what is between is not looked at. */
export function hasBatchLines(bytes: Buffer): boolean {
  const from = bytes.length - tail.length;
  return (
    from > head.length &&
    bytes.compare(head, 0, head.length, 0, head.length) === 0 &&
    bytes.compare(tail, 0, tail.length, from) === 0
  );
}

/**
 * Calls `visit` with each line until it says false, and tells whether it never did. The string is its own and shares no memory with the frame, so that one event that is kept does
 * not keep the others. `narrow` when it is ASCII: a byte of memory a character.
 */
export function everyBatchLine(bytes: Buffer, visit: (line: string, narrow: boolean) => boolean): boolean {
  const end = bytes.length - tail.length;
  const ascii = isAscii(bytes);
  for (let at = head.length; at < end;) {
    const found = bytes.indexOf(newline, at);
    const stop = found < 0 || found > end ? end : found;
    const last = stop < end && bytes[stop - 1] === comma ? stop - 1 : stop;
    const line = bytes.toString(ascii ? 'latin1' : 'utf8', at, last);
    if (!visit(line, line.length === last - at)) return false;
    at = stop + 1;
  }
  return true;
}
