// Masks what a client may make as long as it likes, at a bounded cost: the beginning is read, the rest only counted. Knows nothing of
// what is masked but where it may be cut.
import { safeText } from './flow-event-bytes.ts';
import { visible } from './flow-event-visible.ts';

/** Most of one text that is masked and shown, in characters; of bytes from the wire as many are read. Masking costs 50-150 ns each. */
export const longestMasked = 4096;
/** As much is read where more was given: there is room for the note that counts the rest. */
const longestPart = longestMasked - 32;

/** A mask whose cost does not grow with what it is given. */
export interface BoundedMask {
  /** `bytes[start, end)`, made safe to show. */
  readonly ofBytes: (bytes: Buffer, start: number, end: number) => string;
  readonly ofText: (text: string) => string;
}

/**
 * Long text is cut after the last `separator` that still fits, never within a part: half a secret is not known as one. Without a
 * separator nothing of it is shown. The rest becomes `(16384 more)…`, counted as it was given: bytes or characters.
 */
export function createBoundedMask(
  mask: (text: string) => string,
  separator: '/' | '&' | undefined,
): BoundedMask {
  const finish = (text: string, unread: number): string => {
    const stop = stopOf(text, separator);
    const left = unread + text.length - stop;
    const masked = mask(stop === text.length ? text : text.slice(0, stop));
    if (left > 0) return `${masked.slice(0, longestPart)}(${left} more)…`;
    return masked.length <= longestMasked ? masked : `${masked.slice(0, longestMasked - 1)}…`;
  };
  return {
    ofBytes(bytes, start, end) {
      if (end - start <= longestMasked) return finish(safeText(bytes, start, end), 0);
      // A separator is one byte in UTF-8, so no character is parted either.
      const last = separator === undefined ? -1 : bytes.lastIndexOf(separator, start + longestPart - 1);
      const stop = Math.max(start, last + 1);
      return finish(safeText(bytes, start, stop), end - stop);
    },
    ofText(text) {
      const stop = stopOf(text, separator);
      return finish(visible(text.slice(0, stop)), text.length - stop);
    },
  };
}

/** Where what is read of a text ends. */
function stopOf(text: string, separator: string | undefined): number {
  if (text.length <= longestMasked) return text.length;
  return separator === undefined ? 0 : text.lastIndexOf(separator, longestPart - 1) + 1;
}
