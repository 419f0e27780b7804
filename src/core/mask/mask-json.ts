// Masks JSON as text, in one pass and without building it: what is not masked stays byte for byte, numbers stay numbers, and a
// window that ends in the middle of a value is masked like a whole one. Tolerates anything; it never throws.
import { charClass, charTable, classOf, hintsFrom, wordChars } from './char-table.ts';
import { isCard } from './checks.ts';
import {
  classAhead,
  classHere,
  closeContainer,
  finished,
  openContainer,
  replaceToken,
  startScan,
  type JsonScan,
} from './json-scan.ts';
import type { NameClass, NameMeaning } from './key-names.ts';
import { maskText } from './mask-text.ts';
import type { ValueMasker } from './mask-value.ts';

/** JSON inside a string inside JSON: levels that are opened. */
const deepestNested = 2;
const longestLabel = 64;
/** Longer names are rare enough for the slow way. */
const longestPlainName = 32;
const nameMark = /[:=>]/;

const quote = 34;
const singleQuote = 39;
const comma = 44;
const openBracket = 91;
const openBrace = 123;
const slash = 47;
const colon = 58;
const backslash = 92;
const isBlank = (code: number): boolean => code === 32 || code === 9 || code === 10 || code === 13;

/** Set for the characters that need more than counting inside a string. */
const special = 32;
const stringTable = Uint8Array.from(charTable, (bits, code) =>
  '"\'\\=:>@'.includes(String.fromCharCode(code)) ? bits | special : bits,
);

/** The string a token stands for, undefined when its escapes are broken. */
function unescaped(token: string): string | undefined {
  try {
    const value: unknown = JSON.parse(token);
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}

function maskedText(scan: JsonScan, cls: NameClass | undefined, value: string): string {
  const { values, nested } = scan;
  if (cls !== undefined) return values.named(cls, value);
  const first = value.trimStart().charAt(0);
  if ((first === '{' || first === '[') && nested < deepestNested) return maskJson(values, value, nested + 1);
  return nameMark.test(value) ? maskText(values, value) : values.plain(value, scan.cut);
}

/** A string with escapes, or one that may hold names of its own. */
function maskStructured(scan: JsonScan, cls: NameClass | undefined, raw: string): void {
  const value = !scan.escaped
    ? raw
    : (unescaped(`"${scan.cut ? raw.replace(/\\(?:u[0-9a-fA-F]{0,3})?$/, '') : raw}"`) ?? raw);
  const masked = maskedText(scan, cls, value);
  if (masked !== value) replaceToken(scan, JSON.stringify(masked).slice(1, -1));
}

/** The string that was read last, as a value. */
function maskString(scan: JsonScan): void {
  const { text, values, start, end } = scan;
  if (scan.role === 'label' && end - start <= longestLabel)
    scan.labels[scan.depth] = values.classOfName(text.slice(start, end));
  let cls = classHere(scan);
  if (cls === undefined && scan.role === 'value') cls = classAhead(scan);
  if (end === start || (cls === undefined && scan.hints === 0 && !scan.escaped && !scan.marked)) return;
  const raw = text.slice(start, end);
  if (scan.escaped || (cls === undefined && scan.marked)) {
    maskStructured(scan, cls, raw);
    return;
  }
  const masked = cls === undefined ? values.hinted(raw, scan.hints, scan.cut) : values.named(cls, raw);
  if (masked !== raw) replaceToken(scan, masked);
}

/** End of the comment at `at`; `at` itself when none stands there. */
function commentEnd(text: string, at: number): number {
  const isBlock = text.startsWith('/*', at);
  if (!isBlock && !text.startsWith('//', at)) return at;
  const found = text.indexOf(isBlock ? '*/' : '\n', at + 2);
  return found < 0 ? text.length : found + (isBlock ? 2 : 1);
}

/** Passes a comment, which JSON does not have but its readers take; what it says is masked like text. */
function skipComment(scan: JsonScan): boolean {
  const { text, at } = scan;
  const end = commentEnd(text, at);
  if (end === at) return false;
  const comment = text.slice(at, end);
  const masked = maskText(scan.values, comment);
  if (masked !== comment) {
    scan.start = at;
    scan.end = end;
    replaceToken(scan, masked);
  }
  scan.at = end;
  return true;
}

/** First character behind blanks and comments from `from` on, or the length of the text; masks nothing. */
function nextSignificant({ text, codes }: JsonScan, from: number): number {
  let at = from;
  for (;;) {
    while (isBlank(codes[at] ?? 0)) at += 1;
    if (codes[at] !== slash) return at;
    const end = commentEnd(text, at);
    if (end === at) return at;
    at = end;
  }
}

/** A colon behind a name: not that of a time or a URL, of which ordinary traffic is full. */
function isNameEnd(codes: Uint16Array, at: number): boolean {
  return codes[at + 1] !== slash && (classOf(codes[at - 1] ?? 0) & charClass.digit) === 0;
}

/** Finds the end of the string whose quote stands at `scan.at`, and takes the first look at it on the way. */
function scanString(scan: JsonScan): void {
  const { codes } = scan;
  const { length } = scan.text;
  const opening = codes[scan.at];
  const start = scan.at + 1;
  let digits = 0;
  let seen = 0;
  let longest = 0;
  let runStart = start;
  let escaped = false;
  let marked = false;
  let at = start;
  for (; at < length; at += 1) {
    const code = codes[at] ?? 0;
    const bits = code < 128 ? (stringTable[code] ?? 0) : 0;
    digits += bits & charClass.digit;
    if ((bits & special) !== 0) {
      if (code === opening) break;
      seen |= bits;
      if (code === backslash) {
        escaped = true;
        // The escaped character is no part of the run, which goes on behind it.
        runStart += 2;
        at += 1;
        continue;
      }
      if (code === 61 || code === 62 || (code === 58 && isNameEnd(codes, at))) marked = true;
    }
    if ((bits & wordChars) === 0) {
      if (at - runStart > longest) longest = at - runStart;
      runStart = at + 1;
    }
  }
  scan.start = start;
  scan.end = Math.min(at, length);
  scan.cut = at >= length;
  scan.escaped = escaped;
  scan.marked = marked;
  scan.hints = hintsFrom(digits, seen, Math.max(longest, scan.end - runStart));
}

function takeMeaning(scan: JsonScan, { cls, role }: NameMeaning): void {
  scan.named = cls;
  scan.role = role;
}

/** The quick way through nearly all names: short, without escapes, the colon at once. False, and nothing read, for all others. */
function readPlainName(scan: JsonScan): boolean {
  const { codes } = scan;
  const opening = codes[scan.at];
  const start = scan.at + 1;
  const limit = Math.min(scan.text.length, start + longestPlainName);
  let at = start;
  while (at < limit && codes[at] !== opening && codes[at] !== backslash) at += 1;
  if (codes[at] !== opening || codes[at + 1] !== colon || at >= limit) return false;
  takeMeaning(scan, scan.values.names.meaningAt(codes, start, at));
  scan.at = at + 2;
  return true;
}

/** A name, which the colon behind it tells from a value. */
function readName(scan: JsonScan): void {
  const { names } = scan.values;
  const name = scan.text.slice(scan.start, scan.end);
  takeMeaning(scan, names.meaningOf(scan.escaped ? (unescaped(`"${name}"`) ?? name) : name));
}

/** Comments behind the string are left to the walk: masked before it, they would let it through as it is. */
function readString(scan: JsonScan): void {
  scanString(scan);
  scan.at = scan.end + 1;
  const { codes, at } = scan;
  const next = codes[at] === colon ? at : nextSignificant(scan, at);
  if (!scan.cut && codes[next] === colon) readName(scan);
  else maskString(scan);
}

const endsBare = (code: number): boolean =>
  code === 44 ||
  code === 93 ||
  code === 125 ||
  code === 91 ||
  code === 123 ||
  code === quote ||
  code === singleQuote ||
  code === 58 ||
  isBlank(code);

const jsonNumber = /^-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/;

/** A number, `true`, `null`, or text that should not be here. */
function readBare(scan: JsonScan): void {
  const { text, codes } = scan;
  const start = scan.at;
  let end = start;
  while (end < text.length && !endsBare(codes[end] ?? 0)) end += 1;
  scan.at = Math.max(end, start + 1);
  const cls = classHere(scan);
  if (cls === undefined && end - start < 6) return;
  const raw = text.slice(start, end);
  if (raw === 'true' || raw === 'false' || raw === 'null') return;
  scan.start = start;
  scan.end = end;
  if (jsonNumber.test(raw)) maskNumber(scan, cls, raw);
  else maskBare(scan, cls, raw);
}

function maskNumber(scan: JsonScan, cls: NameClass | undefined, raw: string): void {
  const cut = scan.end === scan.text.length && scan.depth > 0;
  const short = !cut && ((cls === 'card' && raw.length < 12) || (cls === 'phone' && raw.length < 6));
  const byName = cls !== undefined && cls !== 'maybe' && !short;
  if (byName || (raw.length >= 12 && (cut || isCard(raw))))
    replaceToken(scan, scan.values.surrogates.number(raw));
}

/** Text without quotes; what begins like a number under a telling name stays, or a broken number would change its type. */
function maskBare(scan: JsonScan, cls: NameClass | undefined, raw: string): void {
  const { values } = scan;
  const masked =
    cls === undefined ? values.plain(raw, true) : /^[-0-9]/.test(raw) ? raw : values.named(cls, raw);
  if (masked !== raw) replaceToken(scan, masked);
}

/** `text` with the values of JSON (or lines of JSON, or a cut-off beginning of it) masked. */
export function maskJson(values: ValueMasker, text: string, nested = 0): string {
  const scan = startScan(values, text, nested);
  const { codes } = scan;
  let before = 0;
  while (scan.at < text.length) {
    const code = codes[scan.at] ?? 0;
    if (isBlank(code)) {
      scan.at += 1;
      continue;
    }
    if (code === quote || code === singleQuote) {
      const mayBeName = before === comma || before === openBrace;
      if (!mayBeName || !readPlainName(scan)) readString(scan);
    } else if (code === openBrace || code === openBracket) {
      openContainer(scan, code === openBracket);
      scan.at += 1;
    } else if (code === 125 || code === 93) {
      closeContainer(scan);
      scan.at += 1;
    } else if (code === comma || code === colon) scan.at += 1;
    else if (code !== slash || !skipComment(scan)) readBare(scan);
    before = code;
  }
  return finished(scan);
}
