// Path templates as policies write them: `/orders/{id}`, `/admin/*`, `/admin/**`, `/adm*`. Turns one into segments, or says
// in a sentence what is wrong. No regular expression is ever built from a template.
import { Buffer } from 'node:buffer';
import { decodeOnce } from './normalise-path.ts';

/** One segment of a template: these bytes, or any one segment. */
export type PatternSegment =
  { readonly type: 'literal'; readonly bytes: Uint8Array } | { readonly type: 'one' };

/**
 * `exact`: the path ends after the segments. `below`: at least one more segment, whatever it is (`/admin/*`).
 * `here-or-below`: both (`/admin/**`). `prefix`: the next segment starts with `prefix`, then anything (`/adm*`).
 */
export type PatternTail =
  | { readonly type: 'exact' | 'below' | 'here-or-below' }
  | { readonly type: 'prefix'; readonly prefix: Uint8Array };

/** A path template, parsed. */
export interface PathPattern {
  readonly segments: readonly PatternSegment[];
  readonly tail: PatternTail;
}

/** The pattern, or why the text is none: a clause that follows "it". */
export type ParsedPattern =
  { readonly ok: true; readonly pattern: PathPattern } | { readonly ok: false; readonly message: string };

/** What is wrong with a template, in clauses that follow "it"; the API server says the same of what CEL can see. */
export const pathSays = {
  start: 'must start with /',
  query: 'has a query or fragment; a path is matched without them',
  star: 'may have * only at its end; one whole segment is {name}',
  brace: 'has { or } inside a segment; a {name} stands for one whole segment',
  parameter: 'has a {name} of other characters than letters, digits, _, . and -',
  joined: 'may not join {name} and * in one segment; write /{name}/*',
  empty: 'has an empty segment (//); write it with single slashes',
  dots: 'has a . or .. segment; write the path it leads to',
  backslash: 'has a backslash; write /',
  control: 'has a control character',
} as const;

const wrong = (message: string): ParsedPattern => ({ ok: false, message });

/** Parses a template. A literal is decoded once, like a request's path, and must be in normal form already. */
export function parsePathPattern(text: string): ParsedPattern {
  if (!text.startsWith('/')) return wrong(pathSays.start);
  if (/[?#]/.test(text)) return wrong(pathSays.query);
  const { body, tail } = splitTail(text);
  if (body.includes('*')) return wrong(pathSays.star);
  const parts = body === '' ? [] : body.slice(1).split('/');
  const segments: PatternSegment[] = [];
  for (const [index, part] of parts.entries()) {
    const segment = parseSegment(part, index === parts.length - 1 && tail === 'exact');
    if (typeof segment === 'string') return wrong(segment);
    segments.push(segment);
  }
  if (tail !== 'prefix') return { ok: true, pattern: { segments, tail: { type: tail } } };
  const prefix = segments.pop();
  if (prefix?.type !== 'literal') return wrong(pathSays.joined);
  return { ok: true, pattern: { segments, tail: { type: 'prefix', prefix: prefix.bytes } } };
}

function splitTail(text: string): { body: string; tail: PatternTail['type'] } {
  if (text.endsWith('/**')) return { body: text.slice(0, -3), tail: 'here-or-below' };
  if (text.endsWith('/*')) return { body: text.slice(0, -2), tail: 'below' };
  if (text.endsWith('*')) return { body: text.slice(0, -1), tail: 'prefix' };
  return { body: text, tail: 'exact' };
}

function parseSegment(part: string, mayBeEmpty: boolean): PatternSegment | string {
  if (/^\{[^{}]*\}$/.test(part))
    return /^\{[A-Za-z0-9_.-]*\}$/.test(part) ? { type: 'one' } : pathSays.parameter;
  if (/[{}]/.test(part)) return pathSays.brace;
  if (part === '' && !mayBeEmpty) return pathSays.empty;
  const bytes = Buffer.from(part, 'utf8');
  const decoded = new Uint8Array(bytes.length);
  const length = decodeOnce(bytes, 0, bytes.length, decoded, 0);
  if (length < 0) return `has a segment ("${part}") with a control character or bytes that are not UTF-8`;
  return checkLiteral(decoded.subarray(0, length));
}

function checkLiteral(decoded: Uint8Array): PatternSegment | string {
  if (/^\.\.?$/.test(Buffer.from(decoded).toString())) return pathSays.dots;
  if (decoded.includes(0x5c)) return pathSays.backslash;
  return { type: 'literal', bytes: Uint8Array.from(decoded) };
}
