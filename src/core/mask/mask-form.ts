// Masks `name=value&…` (queries and form bodies) and path segments. Percent-encoding is undone for looking only; what is
// replaced becomes a surrogate, what is not stays as sent.
import { alnum, charClass, classOf, hintsOf } from './char-table.ts';
import { credentialClasses } from './classes.ts';
import { findSensitive } from './find.ts';
import type { NameClass } from './key-names.ts';
import { isBareUuid, isHexKey, looksIssued, looksLikeToken } from './looks.ts';
import { maskText } from './mask-text.ts';
import type { ValueMasker } from './mask-value.ts';
import { replaceSpans } from './span.ts';

/** Encodings inside each other that are undone: a URL in a URL in a URL. */
const deepest = 3;

/** Decoded text; what is not valid percent-encoded UTF-8 is decoded as far as it is ASCII. */
function decoded(text: string): string {
  if (!text.includes('%')) return text;
  try {
    return decodeURIComponent(text);
  } catch {
    return text.replaceAll(/%([2-7][0-9a-f])/gi, (_all, hex: string) =>
      String.fromCharCode(parseInt(hex, 16)),
    );
  }
}

/** Decoded until it stays as it is. */
function fullyDecoded(text: string): string {
  let out = decoded(text.replaceAll('+', ' '));
  for (let level = 1; level < deepest && out.includes('%'); level += 1) out = decoded(out);
  return out;
}

/** What would end or change the value when shown; surrogates contain none of it. */
function encoded(text: string): string {
  return text.replaceAll(/[%&#=+;\s]/g, (char) => encodeURIComponent(char));
}

/** Marks between a name and its value, or around the parts of a URL. */
const structured = /[=:?#<]/;

/** A value once decoded; never taken apart as a URL again, or hostile nesting would cost more than its length. */
function maskDecoded(values: ValueMasker, text: string): string {
  return structured.test(text) ? maskText(values, text) : values.plain(text, true);
}

function maskValue(values: ValueMasker, raw: string): string {
  const direct = values.hinted(raw, hintsOf(raw, 0, raw.length), true);
  if (direct !== raw) return structured.test(direct) ? maskText(values, direct) : direct;
  if (!/[%+=:]/.test(raw)) return raw;
  const text = fullyDecoded(raw);
  const masked = maskDecoded(values, text);
  return masked === text ? raw : encoded(masked);
}

/** `x=1;password=y`: the old second separator. The first part is a value, the others are pairs. */
function maskParts(values: ValueMasker, raw: string): string {
  if (!raw.includes(';')) return maskValue(values, raw);
  const parts = raw.split(';');
  const masked = parts.map((part, index) =>
    index > 0 && part.includes('=') ? maskPair(values, part) : maskValue(values, part),
  );
  return masked.join(';');
}

function maskPair(values: ValueMasker, pair: string): string {
  const equals = pair.indexOf('=');
  if (equals < 0) return maskValue(values, pair);
  const name = pair.slice(0, equals);
  const value = pair.slice(equals + 1);
  const cls = values.classOfName(name.includes('%') ? fullyDecoded(name) : name);
  const masked = cls === undefined ? maskParts(values, value) : named(values, cls, value);
  return masked === value ? pair : `${name}=${masked}`;
}

function named(values: ValueMasker, cls: NameClass, value: string): string {
  const text = /[%+]/.test(value) ? decoded(value.replaceAll('+', ' ')) : value;
  const masked = values.named(cls, text);
  if (masked !== text) return masked;
  return cls === 'maybe' ? maskParts(values, value) : value;
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
  const first = name.includes('=') ? maskPair(values, name) : maskValue(values, name);
  return [first, ...parameters.map((parameter) => maskPair(values, parameter))].join(';');
}

/** Words before a segment that proves something by itself, beside the names of credentials. */
const proofWords: ReadonlySet<string> = new Set([
  'reset',
  'verify',
  'confirm',
  'activate',
  'invite',
  'unsubscribe',
  'magic',
]);
/** Words before a hash of content: it names bytes and lets nobody in. */
const contentWords =
  /^(?:commits?|blobs?|objects?|trees?|manifests?|layers?|sha(?:1|256|512)?|md5|digests?|hash(?:es)?|checksums?|etags?|traces?|spans?|assets|static)$/i;

/** A segment that only its predecessor gives away, or a bare hexadecimal key. */
function isSecretAfter(values: ValueMasker, before: string, segment: string): boolean {
  if (segment.length < shortestProof || segment.includes('<')) return false;
  const isHex = isHexKey(segment);
  if (isHex && contentWords.test(before)) return false;
  if (proofWords.has(before.toLowerCase())) return looksIssued(segment);
  const cls = values.classOfName(before);
  if (cls === undefined || cls === 'maybe' || !credentialClasses.has(cls))
    return isHex && !isBareUuid(segment);
  return looksLikeToken(segment);
}

/** Shorter segments without an `@`, an escape or a parameter hold nothing. */
const shortestSegment = 16;
const shortestProof = 8;
const fewestDigits = 7;

/** True for the few paths that could hold something: one pass over the characters. */
function isSuspicious(path: string): boolean {
  let segment = 0;
  let digits = 0;
  let letters = 0;
  let own = 0;
  for (let index = 0; index < path.length; index += 1) {
    const code = path.charCodeAt(index);
    if (code === 47) {
      segment = 0;
      letters = 0;
      own = 0;
      continue;
    }
    if (code === 59 || code === 37 || code === 61 || code === 64) return true;
    segment += 1;
    const bits = classOf(code);
    if ((bits & charClass.digit) !== 0) {
      digits += 1;
      own += 1;
    } else if ((bits & alnum) !== 0) letters += 1;
    if (segment >= shortestSegment || digits >= fewestDigits) return true;
    if (segment >= shortestProof && own > 0 && letters > 0) return true;
  }
  return false;
}

/** A path, segment by segment; returns the same string when there is nothing to mask. */
export function maskPath(values: ValueMasker, path: string): string {
  if (!isSuspicious(path)) return path;
  let before = '';
  return withoutUsers(values, path)
    .split('/')
    .map((segment) => {
      const previous = before;
      before = segment;
      if (segment.length < 6) return segment;
      if (isSecretAfter(values, previous, segment)) return values.named('token', segment);
      return maskSegment(values, segment);
    })
    .join('/');
}

/** An absolute target (`http://user:password@host/`) without its user part. */
function withoutUsers(values: ValueMasker, text: string): string {
  if (!text.includes('://') || !text.includes('@')) return text;
  const spans = findSensitive(text).filter(({ cls }) => cls === 'basic');
  return replaceSpans(text, spans, (cls, value) => values.named(cls, value));
}

/** A URL or a text with one: its path, its query and its fragment. */
export function maskUrl(values: ValueMasker, text: string): string {
  const hash = text.indexOf('#');
  const url = hash < 0 ? text : text.slice(0, hash);
  const fragment = hash < 0 ? '' : `#${maskForm(values, text.slice(hash + 1))}`;
  const question = url.indexOf('?');
  const head = question < 0 ? url : url.slice(0, question);
  const authority = head.indexOf('//');
  const slash = authority < 0 ? 0 : head.indexOf('/', authority + 2);
  const pathStart = slash < 0 ? head.length : slash;
  const before = maskAuthority(values, head.slice(0, pathStart));
  const path = maskPath(values, head.slice(pathStart));
  const query = question < 0 ? '' : `?${maskForm(values, url.slice(question + 1))}`;
  return before + path + query + fragment;
}

/** No key or token is shorter. */
const longLabel = /[A-Za-z0-9_-]{16,63}/g;

/** A label of a host that was issued to let someone in; told by its form, as a surrogate that is a label again. */
function maskLabels(values: ValueMasker, text: string): string {
  return text.replaceAll(longLabel, (label) => {
    const [span] = findSensitive(label);
    if (span === undefined || !credentialClasses.has(span.cls)) return label;
    return values.surrogates.text(span.cls, label.toLowerCase()).slice(1, -1).replace(':', '-');
  });
}

/** `host:port`, with or without scheme: everything before the last `@` is a user part. */
export function maskAuthority(values: ValueMasker, text: string): string {
  const at = text.lastIndexOf('@');
  if (at < 0) return maskLabels(values, text);
  const scheme = text.indexOf('//');
  const start = scheme < 0 || scheme > at ? 0 : scheme + 2;
  return (
    text.slice(0, start) + values.named('basic', text.slice(start, at)) + maskLabels(values, text.slice(at))
  );
}
