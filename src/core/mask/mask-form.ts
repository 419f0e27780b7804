// Masks `name=value&…` (queries and form bodies) and path segments. Percent-encoding is undone for looking only; what is
// replaced becomes a surrogate, what is not stays as sent.
import { charClass, classOf, hintsOf } from './char-table.ts';
import type { ValueMasker } from './mask-value.ts';

/** Decoded text, or undefined when it is not valid percent-encoded UTF-8. */
function decoded(text: string): string | undefined {
  if (!text.includes('%') && !text.includes('+')) return text;
  try {
    return decodeURIComponent(text.replaceAll('+', ' '));
  } catch {
    return undefined;
  }
}

/** What would end or change the value when shown; surrogates contain none of it. */
function encoded(text: string): string {
  return text.replaceAll(/[%&#=+\s]/g, (char) => encodeURIComponent(char));
}

function maskValue(values: ValueMasker, raw: string): string {
  const direct = values.hinted(raw, hintsOf(raw, 0, raw.length), true);
  if (direct !== raw) return direct;
  const text = decoded(raw);
  if (text === undefined || text === raw) return raw;
  const masked = values.plain(text, true);
  return masked === text ? raw : encoded(masked);
}

function maskPair(values: ValueMasker, pair: string): string {
  const equals = pair.indexOf('=');
  if (equals < 0) return maskValue(values, pair);
  const name = pair.slice(0, equals);
  const value = pair.slice(equals + 1);
  const cls = values.classOfName(decoded(name) ?? name);
  const masked = cls === undefined ? maskValue(values, value) : values.named(cls, decoded(value) ?? value);
  return masked === value ? pair : `${name}=${masked}`;
}

/** A query without its question mark, or a form body. */
export function maskForm(values: ValueMasker, text: string): string {
  if (text === '') return text;
  if (!text.includes('&')) return maskPair(values, text);
  let out = '';
  for (let start = 0; start <= text.length;) {
    const stop = text.indexOf('&', start);
    const end = stop < 0 ? text.length : stop;
    if (start > 0) out += '&';
    out += maskPair(values, text.slice(start, end));
    start = end + 1;
  }
  return out;
}

/** One segment with its matrix parameters. */
function maskSegment(values: ValueMasker, segment: string): string {
  const [name = '', ...parameters] = segment.split(';');
  return [maskValue(values, name), ...parameters.map((parameter) => maskPair(values, parameter))].join(';');
}

/** Shorter segments without an `@`, an escape or a parameter hold nothing. */
const shortestSegment = 16;
const fewestDigits = 7;

/** True for the few paths that could hold something: one pass over the characters. */
function isSuspicious(path: string): boolean {
  let segment = 0;
  let digits = 0;
  for (let index = 0; index < path.length; index += 1) {
    const code = path.charCodeAt(index);
    if (code === 47) {
      segment = 0;
      continue;
    }
    if (code === 59 || code === 37 || code === 64) return true;
    segment += 1;
    digits += classOf(code) & charClass.digit;
    if (segment >= shortestSegment || digits >= fewestDigits) return true;
  }
  return false;
}

/** A path, segment by segment; returns the same string when there is nothing to mask. */
export function maskPath(values: ValueMasker, path: string): string {
  if (!isSuspicious(path)) return path;
  return path
    .split('/')
    .map((segment) => (segment.length < 6 ? segment : maskSegment(values, segment)))
    .join('/');
}
