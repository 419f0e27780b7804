// Whether a segment begins like a request or like a final answer: for streams of which something was not seen. Looks only; the parser judges.
import { targetBytes, tokenBytes, wordOf } from '../protocol/http1/byte-class.ts';

const version = wordOf('HTTP/1.');
const space = 32;
const carriageReturn = 13;
/** Of a request line: methods as in http1/limits.ts, targets as servers take them. */
const mostMethodBytes = 32;
const mostTargetBytes = 8 * 1024;

function hasVersion(bytes: Uint8Array, at: number, end: number): boolean {
  if (at + version.length >= end) return false;
  for (let index = 0; index < version.length; index += 1)
    if (bytes[at + index] !== version[index]) return false;
  const minor = bytes[at + version.length];
  return minor === 48 || minor === 49;
}

/** A whole request line stands at `start`. */
export function beginsRequest(bytes: Uint8Array, start: number, end: number): boolean {
  let at = start;
  const methodStop = Math.min(end, start + mostMethodBytes);
  while (at < methodStop && tokenBytes[bytes[at] as number] === 1) at += 1;
  if (at === start || at >= end || bytes[at] !== space) return false;
  at += 1;
  const target = at;
  const targetStop = Math.min(end, target + mostTargetBytes);
  while (at < targetStop && targetBytes[bytes[at] as number] !== 0) at += 1;
  if (at === target || at >= end || bytes[at] !== space) return false;
  at += 1;
  return hasVersion(bytes, at, end) && bytes[at + version.length + 1] === carriageReturn;
}

/** An answer that is not interim (1xx) begins at `start`. */
export function beginsFinalAnswer(bytes: Uint8Array, start: number, end: number): boolean {
  if (!hasVersion(bytes, start, end)) return false;
  const blank = start + version.length + 1;
  const hundreds = bytes[blank + 1] ?? 0;
  return blank + 1 < end && bytes[blank] === space && hundreds >= 50 && hundreds <= 57;
}
