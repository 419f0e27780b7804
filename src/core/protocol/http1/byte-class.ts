// Lookup tables over single bytes: which belong to a token, a field value, a target, a host. Source: RFC 9110 5.6.2, RFC 9112.

function tableOf(accept: (byte: number) => boolean): Uint8Array {
  const table = new Uint8Array(256);
  for (let byte = 0; byte < 256; byte += 1) table[byte] = accept(byte) ? 1 : 0;
  return table;
}

const isAlnum = (byte: number): boolean => /[0-9A-Za-z]/.test(String.fromCharCode(byte));
const isOneOf =
  (characters: string) =>
  (byte: number): boolean =>
    characters.includes(String.fromCharCode(byte));
const isTokenMark = isOneOf("!#$%&'*+-.^_`|~");
const isHostMark = isOneOf("-._~%!$&'()*+;=:[]");

/** 1 for bytes of a token (method, header name). */
export const tokenBytes = tableOf((byte) => isAlnum(byte) || isTokenMark(byte));
/** 1 for bytes of a field value, reason phrase or chunk extension: tab, printable ASCII, obs-text. */
export const valueBytes = tableOf((byte) => byte === 9 || (byte >= 32 && byte !== 127));
/**
 * Of a request target: 1 for printable ASCII without blank and `#`; 2 for bytes that must make up UTF-8 together, as clients
 * that do not percent-encode send it (outside RFC 9112, and read alike by servers); 0 for what ends it.
 */
export const targetBytes = Uint8Array.from({ length: 256 }, (_, byte) =>
  byte >= 128 ? 2 : byte > 32 && byte < 127 && byte !== 35 ? 1 : 0,
);
/** 1 for bytes of an authority without userinfo: host name, IP literal, port. No comma: it joins two hosts. */
export const hostBytes = tableOf((byte) => isAlnum(byte) || isHostMark(byte));
/** Value of a hexadecimal digit, 255 for every other byte. */
export const hexValue = Uint8Array.from({ length: 256 }, (_, byte) => {
  const value = Number.parseInt(String.fromCharCode(byte), 16);
  return Number.isNaN(value) ? 255 : value;
});

/** CR. */
export const cr = 13;
/** LF. */
export const lf = 10;
/** SP. */
export const space = 32;
/** HTAB. */
export const tab = 9;
/** The end of a field name; the start of a port. */
export const colon = 58;

/** True for the two blanks of HTTP. */
export const isBlank = (byte: number | undefined): boolean => byte === space || byte === tab;

/** Compares `bytes[start, end)` with a lower-case ASCII word, letters in any case. */
export function equalsWord(bytes: Uint8Array, start: number, end: number, word: Uint8Array): boolean {
  if (end - start !== word.length) return false;
  for (let at = 0; at < word.length; at += 1) {
    const expected = word[at] as number;
    const byte = bytes[start + at] as number;
    if (byte !== expected && (byte !== expected - 32 || expected < 97 || expected > 122)) return false;
  }
  return true;
}

/** A lower-case word as bytes, for `equalsWord`. */
export const wordOf = (text: string): Uint8Array => Uint8Array.from(text, (letter) => letter.charCodeAt(0));
