// Masks JSON as text, in one pass and without building it: what is not masked stays byte for byte, numbers stay numbers, and a
// window that ends in the middle of a value is masked like a whole one. Tolerates anything; it never throws.
import { charClass, classOf, hintsFrom, wordChars } from './char-table.ts';
import { credentialClasses } from './classes.ts';
import { isCard } from './checks.ts';
import type { NameClass } from './key-names.ts';
import { roleOf, type FieldRole } from './labels.ts';
import { maskText } from './mask-text.ts';
import type { ValueMasker } from './mask-value.ts';

/** Containers tracked; deeper ones inherit from this level. */
const deepest = 64;
/** JSON inside a string inside JSON: levels that are opened. */
const deepestNested = 2;

interface Scan {
  readonly text: string;
  readonly values: ValueMasker;
  readonly nested: number;
  at: number;
  /** Text before this index is already in `out`. */
  copied: number;
  out: string;
  depth: number;
  /** Containers open beyond `deepest`. */
  beyond: number;
  /** Class that every leaf of the container at this depth has, by the name it was found under. */
  readonly inherited: (NameClass | undefined)[];
  /** Class by the last name read in the current object. */
  named: NameClass | undefined;
  /** What the last name of the current object is for: naming another field, or carrying the value of what was named. */
  role: FieldRole | undefined;
  /** Class named by a label, by depth: `{"name": "password"`. */
  readonly labels: (NameClass | undefined)[];
}

const quote = 34;
const singleQuote = 39;
const slash = 47;
const longestLabel = 64;
const nameMark = /[:=>]/;
const backslash = 92;
const isBlank = (code: number): boolean => code === 32 || code === 9 || code === 10 || code === 13;

function replace(scan: Scan, start: number, end: number, by: string): void {
  scan.out += scan.text.slice(scan.copied, start) + by;
  scan.copied = end;
}

/** Class for a leaf here: by its own name, else by the container's. */
function classHere(scan: Scan): NameClass | undefined {
  const inherited = scan.inherited[scan.depth];
  if (scan.named !== undefined && scan.named !== 'maybe') return scan.named;
  return inherited ?? (scan.role === 'value' ? scan.labels[scan.depth] : undefined) ?? scan.named;
}

/** A label behind its value: `"value": "x", "name": "password"`. */
const laterLabel = /\s*,\s*["'](\w{1,16})["']\s*:\s*["']([^"'\\]{1,64})["']/y;

/** Class that the next field gives the value which ends before `scan.at`. */
function classAhead(scan: Scan): NameClass | undefined {
  laterLabel.lastIndex = scan.at;
  const [, name = '', label = ''] = laterLabel.exec(scan.text) ?? [];
  return roleOf(name) === 'label' ? scan.values.classOfName(label) : undefined;
}

function open(scan: Scan, isArray: boolean): void {
  const cls = classHere(scan);
  const passes = cls !== undefined && (isArray || credentialClasses.has(cls));
  scan.named = undefined;
  if (scan.depth >= deepest) {
    scan.beyond += 1;
    return;
  }
  scan.depth += 1;
  scan.inherited[scan.depth] = passes ? cls : undefined;
  scan.labels[scan.depth] = undefined;
  scan.role = undefined;
}

function close(scan: Scan): void {
  if (scan.beyond > 0) scan.beyond -= 1;
  else if (scan.depth > 0) scan.depth -= 1;
  scan.named = undefined;
  scan.role = undefined;
}

/** The string a token stands for, undefined when its escapes are broken. */
function unescaped(token: string): string | undefined {
  try {
    const value: unknown = JSON.parse(token);
    return typeof value === 'string' ? value : undefined;
  } catch {
    return undefined;
  }
}

function maskedText(scan: Scan, cls: NameClass | undefined, value: string, cut: boolean): string {
  const { values, nested } = scan;
  if (cls !== undefined) return values.named(cls, value);
  const first = value.trimStart().charAt(0);
  if ((first === '{' || first === '[') && nested < deepestNested) return maskJson(values, value, nested + 1);
  return nameMark.test(value) ? maskText(values, value) : values.plain(value, cut);
}

/** A string value between `start` (after its quote) and `end`. */
function maskString(
  scan: Scan,
  start: number,
  end: number,
  found: { escaped: boolean; hints: number; cut: boolean; marked: boolean },
): void {
  const { text, values } = scan;
  if (scan.role === 'label' && end - start <= longestLabel)
    scan.labels[scan.depth] = values.classOfName(text.slice(start, end));
  let cls = classHere(scan);
  if (cls === undefined && scan.role === 'value') cls = classAhead(scan);
  if (end === start || (cls === undefined && found.hints === 0 && !found.escaped && !found.marked)) return;
  const raw = text.slice(start, end);
  if (!found.escaped && (cls !== undefined || !found.marked)) {
    const masked = cls === undefined ? values.hinted(raw, found.hints, found.cut) : values.named(cls, raw);
    if (masked !== raw) replace(scan, start, end, masked);
    return;
  }
  const value = !found.escaped
    ? raw
    : (unescaped(`"${found.cut ? raw.replace(/\\(?:u[0-9a-fA-F]{0,3})?$/, '') : raw}"`) ?? raw);
  const masked = maskedText(scan, cls, value, found.cut);
  if (masked !== value) replace(scan, start, end, JSON.stringify(masked).slice(1, -1));
}

/** Passes a comment, which JSON does not have but its readers take; what it says is masked like text. */
function skipComment(scan: Scan): boolean {
  const { text, at } = scan;
  const isBlock = text.startsWith('/*', at);
  if (!isBlock && !text.startsWith('//', at)) return false;
  const found = text.indexOf(isBlock ? '*/' : '\n', at + 2);
  const end = found < 0 ? text.length : found + (isBlock ? 2 : 1);
  const comment = text.slice(at, end);
  const masked = maskText(scan.values, comment);
  if (masked !== comment) replace(scan, at, end, masked);
  scan.at = end;
  return true;
}

function skipBlanks(scan: Scan): void {
  for (;;) {
    while (isBlank(scan.text.charCodeAt(scan.at))) scan.at += 1;
    if (scan.text.charCodeAt(scan.at) !== slash || !skipComment(scan)) return;
  }
}

/** A colon behind a name: not that of a time or a URL, of which ordinary traffic is full. */
function isNameEnd(text: string, colon: number): boolean {
  return (
    text.charCodeAt(colon + 1) !== slash && (classOf(text.charCodeAt(colon - 1)) & charClass.digit) === 0
  );
}

function readString(scan: Scan): void {
  const { text } = scan;
  const opening = text.charCodeAt(scan.at);
  const start = scan.at + 1;
  let marked = false;
  let digits = 0;
  let seen = 0;
  let run = 0;
  let longest = 0;
  let escaped = false;
  let at = start;
  for (; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code === opening) break;
    if (code === 61 || code === 62 || (code === 58 && isNameEnd(text, at))) marked = true;
    if (code === backslash) {
      escaped = true;
      at += 1;
      continue;
    }
    const bits = classOf(code);
    seen |= bits;
    digits += bits & charClass.digit;
    run = (bits & wordChars) === 0 ? 0 : run + 1;
    if (run > longest) longest = run;
  }
  const end = Math.min(at, text.length);
  const cut = at >= text.length;
  scan.at = end + 1;
  skipBlanks(scan);
  if (!cut && text.charCodeAt(scan.at) === 58) {
    const name = text.slice(start, end);
    scan.named = scan.values.classOfName(escaped ? (unescaped(`"${name}"`) ?? name) : name);
    scan.role = roleOf(name);
    scan.at += 1;
    return;
  }
  maskString(scan, start, end, { escaped, hints: hintsFrom(digits, seen, longest), cut, marked });
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

/** A number, `true`, `null`, or text that should not be here. */
function readBare(scan: Scan): void {
  const { text, values } = scan;
  const start = scan.at;
  let end = start;
  while (end < text.length && !endsBare(text.charCodeAt(end))) end += 1;
  scan.at = Math.max(end, start + 1);
  const first = text.charCodeAt(start);
  const isNumber = first === 45 || (first >= 48 && first <= 57);
  const cls = classHere(scan);
  if (cls === undefined && end - start < 6) return;
  const raw = text.slice(start, end);
  if (raw === 'true' || raw === 'false' || raw === 'null') return;
  if (!isNumber || !/^-?[0-9]+(?:\.[0-9]+)?(?:[eE][+-]?[0-9]+)?$/.test(raw)) {
    const masked = cls === undefined ? values.plain(raw, true) : isNumber ? raw : values.named(cls, raw);
    if (masked !== raw) replace(scan, start, end, masked);
    return;
  }
  const cut = end === text.length && scan.depth > 0;
  const short = !cut && ((cls === 'card' && raw.length < 12) || (cls === 'phone' && raw.length < 6));
  const byValue = raw.length >= 12 && (cut || isCard(raw));
  if ((cls !== undefined && cls !== 'maybe' && !short) || byValue)
    replace(scan, start, end, values.surrogates.number(raw));
}

/** `text` with the values of JSON (or lines of JSON, or a cut-off beginning of it) masked. */
export function maskJson(values: ValueMasker, text: string, nested = 0): string {
  const scan: Scan = {
    text,
    values,
    nested,
    at: 0,
    copied: 0,
    out: '',
    depth: 0,
    beyond: 0,
    inherited: [undefined],
    named: undefined,
    role: undefined,
    labels: [undefined],
  };
  while (scan.at < text.length) {
    const code = text.charCodeAt(scan.at);
    if (code === quote || code === singleQuote) readString(scan);
    else if (code === 123 || code === 91) {
      open(scan, code === 91);
      scan.at += 1;
    } else if (code === 125 || code === 93) {
      close(scan);
      scan.at += 1;
    } else if (code === 44 || code === 58 || isBlank(code)) scan.at += 1;
    else if (code !== slash || !skipComment(scan)) readBare(scan);
  }
  return scan.copied === 0 ? text : scan.out + text.slice(scan.copied);
}
