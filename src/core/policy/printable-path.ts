// A reading of a path as text for people: valid UTF-8 stays, everything that could disturb a terminal or a log is escaped.
import { Buffer } from 'node:buffer';

/** Longer paths are cut here, with an ellipsis. */
const maxShownBytes = 1024;

/** A kept `%2F`, controls, and Unicode format characters (bidi overrides among them) come out percent-escaped. */
export function printablePath(bytes: Uint8Array, start: number, end: number): string {
  const cut = Math.min(end, start + maxShownBytes);
  const text = Buffer.from(bytes.subarray(start, cut)).toString('utf8');
  const escaped = text
    .replaceAll('\0', '%2F')
    .replace(/[\p{Cc}\p{Cf}\p{Zl}\p{Zp}]/gu, (character) => encodeURIComponent(character));
  return cut < end ? `${escaped}…` : escaped;
}
