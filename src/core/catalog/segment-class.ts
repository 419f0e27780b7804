// Tells names from identifiers: one look at the bytes of a path segment. Knows no tree and no string.

/** What a segment is. */
export const segmentClass = { literal: 0, id: 1, date: 2 } as const;

/** Longer than any name a person would give a resource; tokens and encoded blobs are. */
const longestName = 48;
const hyphen = 45;
const underscore = 95;

const isDigit = (byte: number): boolean => byte >= 48 && byte <= 57;
const isLetter = (byte: number): boolean => (byte >= 65 && byte <= 90) || (byte >= 97 && byte <= 122);
const isHex = (byte: number): boolean =>
  isDigit(byte) || (byte >= 65 && byte <= 70) || (byte >= 97 && byte <= 102);
/** `%`, `@`, braces: encoded data, mail addresses, and what would imitate a template. */
const isDataMark = (byte: number): boolean => byte === 37 || byte === 64 || byte === 123 || byte === 125;

/** Class of `bytes[start, end)`, a segment without slashes. */
export function classOf(bytes: Uint8Array, start: number, end: number): number {
  const length = end - start;
  let digits = 0;
  let hex = 0;
  let plain = 0;
  let changes = 0;
  let before = false;
  for (let at = start; at < end; at += 1) {
    const byte = bytes[at] as number;
    const digit = isDigit(byte);
    if (digit) digits += 1;
    if (digit || isLetter(byte) || byte === hyphen || byte === underscore) plain += 1;
    else if (isDataMark(byte)) return segmentClass.id;
    if (isHex(byte)) hex += 1;
    if (at > start && digit !== before) changes += 1;
    before = digit;
  }
  if (length > longestName) return segmentClass.id;
  if (digits === 0) return hex === length && length >= 32 ? segmentClass.id : segmentClass.literal;
  if (digits === length) return segmentClass.id;
  if (length >= 10 && isDate(bytes, start, end)) return segmentClass.date;
  return plain === length && looksLikeId({ bytes, start, end, digits, hex, changes })
    ? segmentClass.id
    : segmentClass.literal;
}

interface Counted {
  readonly bytes: Uint8Array;
  readonly start: number;
  readonly end: number;
  readonly digits: number;
  readonly hex: number;
  /** How often letters and digits take turns. */
  readonly changes: number;
}

/** UUID, hash, ULID, base62 and numbered names, by shape: all hold at least one digit here. */
function looksLikeId(seen: Counted): boolean {
  const { bytes, start, end, digits, hex, changes } = seen;
  const length = end - start;
  if (length === 36 && hex === 32 && bytes[start + 8] === hyphen) return true;
  if (hex === length && length >= 8 && (digits >= 2 || length >= 16)) return true;
  if (length >= 10 && digits >= 2 && changes >= 3) return true;
  return endsInNumber(bytes, start, end);
}

/** `order-1234` and `inv20261123` are numbered things; `v2`, `oauth2`, `s3`, `step-10` are names. */
function endsInNumber(bytes: Uint8Array, start: number, end: number): boolean {
  let at = end;
  while (at > start && isDigit(bytes[at - 1] as number)) at -= 1;
  const separated = at > start && (bytes[at - 1] === hyphen || bytes[at - 1] === underscore);
  return end - at >= (separated ? 3 : 4);
}

/** `2026-11-23`, alone or followed by a time. */
function isDate(bytes: Uint8Array, start: number, end: number): boolean {
  for (let at = 0; at < 10; at += 1) {
    const byte = bytes[start + at] as number;
    if (at === 4 || at === 7 ? byte !== hyphen : !isDigit(byte)) return false;
  }
  const month = ((bytes[start + 5] as number) - 48) * 10 + (bytes[start + 6] as number) - 48;
  const day = ((bytes[start + 8] as number) - 48) * 10 + (bytes[start + 9] as number) - 48;
  const timeFollows = end - start === 10 || ((bytes[start + 10] as number) | 32) === 116;
  return timeFollows && month >= 1 && month <= 12 && day >= 1 && day <= 31;
}
