// Splits a filter's text into brackets, connectives and terms with their offsets. Knows no field's meaning; never throws.
import type { FilterOp } from './filter.ts';

/** Bounds of one filter: a person's line, not a program. */
export const filterLimits = { textLength: 1000, terms: 64, depth: 24 } as const;

/** A part of the filter's text, in UTF-16 units: `[start, end)`. */
export interface Span {
  readonly start: number;
  readonly end: number;
}

/** One value of a comma list. */
export interface ValuePart extends Span {
  readonly value: string;
  readonly regex: boolean;
}

/** One word, operator or bracket of a filter, with where it stands. */
export type Token =
  | ({ readonly type: '(' | ')' | 'and' | 'or' | 'not' } & Span)
  | ({ readonly type: 'word'; readonly text: string } & Span)
  | ({
      readonly type: 'field';
      readonly name: string;
      readonly op: FilterOp;
      readonly parts: readonly ValuePart[];
    } & Span);

/** What is wrong with a filter and where. */
export interface FilterError extends Span {
  readonly code: string;
  readonly message: string;
}

/** All tokens, or the first error. */
export type LexResult =
  | { readonly ok: true; readonly tokens: readonly Token[] }
  | { readonly ok: false; readonly error: FilterError };

const blank = /\s/;
const fieldStart = /([A-Za-z][A-Za-z0-9_-]*)(>=|<=|!=|[:=<>~])/y;

class Complaint extends Error {
  readonly detail: FilterError;
  constructor(detail: FilterError) {
    super(detail.message);
    this.detail = detail;
  }
}

/** End of a quoted string that opens at `at`, and its text with `\"` and `\\` undone. */
function readQuoted(text: string, at: number): { readonly value: string; readonly end: number } {
  let value = '';
  for (let i = at + 1; i < text.length; i++) {
    const char = text[i] ?? '';
    if (char === '"') return { value, end: i + 1 };
    const next = text[i + 1];
    if (char === '\\' && (next === '"' || next === '\\')) {
      value += next;
      i++;
    } else value += char;
  }
  throw new Complaint({
    code: 'FILTER_QUOTE',
    message: 'A quotation mark has no partner: add the closing ".',
    start: at,
    end: text.length,
  });
}

/** End of a run that stops at blanks, at an unmatched bracket, and at commas when `list`. */
function bareEnd(text: string, at: number, list: boolean): number {
  let depth = 0;
  let i = at;
  for (; i < text.length; i++) {
    const char = text[i] ?? '';
    if (blank.test(char) || (list && char === ',')) break;
    if (char === '(') depth++;
    else if (char === ')' && --depth < 0) break;
  }
  return i;
}

/** A regex's closing `~` is optional and not part of it. */
const withoutClosingMark = (pattern: string): string =>
  pattern.length > 1 && pattern.endsWith('~') ? pattern.slice(0, -1) : pattern;

function readPart(text: string, at: number, alwaysRegex: boolean): ValuePart {
  const marked = !alwaysRegex && text[at] === '~';
  const from = marked ? at + 1 : at;
  const regex = alwaysRegex || marked;
  if (text[from] === '"') {
    const quoted = readQuoted(text, from);
    return { value: quoted.value, regex, start: at, end: quoted.end };
  }
  const end = bareEnd(text, from, !regex);
  const raw = text.slice(from, end);
  return { value: regex ? withoutClosingMark(raw) : raw, regex, start: at, end };
}

function readParts(text: string, at: number, regex: boolean): readonly ValuePart[] {
  const parts = [readPart(text, at, regex)];
  for (let last = parts[0]; last && !last.regex && text[last.end] === ','; last = parts.at(-1))
    parts.push(readPart(text, last.end + 1, false));
  return parts;
}

function readTerm(text: string, at: number): Token {
  fieldStart.lastIndex = at;
  const found = fieldStart.exec(text);
  if (found?.[1] !== undefined) {
    const parts = readParts(text, at + found[0].length, found[2] === '~');
    const end = parts.at(-1)?.end ?? at + found[0].length;
    return { type: 'field', name: found[1], op: found[2] as FilterOp, parts, start: at, end };
  }
  if (text[at] === '~') {
    const parts = readParts(text, at, false);
    return { type: 'field', name: 'text', op: '~', parts, start: at, end: parts[0]?.end ?? at + 1 };
  }
  if (text[at] === '"') {
    const quoted = readQuoted(text, at);
    return { type: 'word', text: quoted.value, start: at, end: quoted.end };
  }
  const end = bareEnd(text, at, false);
  const word = text.slice(at, end);
  const lower = word.toLowerCase();
  if (lower === 'and' || lower === '&&') return { type: 'and', start: at, end };
  if (lower === 'or' || lower === '||') return { type: 'or', start: at, end };
  if (lower === 'not') return { type: 'not', start: at, end };
  return { type: 'word', text: word, start: at, end };
}

function readToken(text: string, at: number): Token {
  const char = text[at];
  if (char === '(' || char === ')') return { type: char, start: at, end: at + 1 };
  if (char === '!' && text[at + 1] !== undefined && !blank.test(text[at + 1] ?? ''))
    return { type: 'not', start: at, end: at + 1 };
  return readTerm(text, at);
}

function lexAll(text: string): Token[] {
  const tokens: Token[] = [];
  let at = 0;
  while (at < text.length) {
    if (blank.test(text[at] ?? '')) {
      at++;
      continue;
    }
    const token = readToken(text, at);
    tokens.push(token);
    at = Math.max(token.end, at + 1);
    if (tokens.length > filterLimits.terms * 4)
      throw new Complaint({
        code: 'FILTER_TOO_LONG',
        message: 'The filter has too many parts.',
        start: token.start,
        end: token.end,
      });
  }
  return tokens;
}

/** All tokens of `text`, or the first complaint. */
export function lexFilter(text: string): LexResult {
  if (text.length > filterLimits.textLength)
    return {
      ok: false,
      error: {
        code: 'FILTER_TOO_LONG',
        message: `The filter is longer than ${filterLimits.textLength} characters.`,
        start: filterLimits.textLength,
        end: text.length,
      },
    };
  try {
    return { ok: true, tokens: lexAll(text) };
  } catch (error) {
    if (error instanceof Complaint) return { ok: false, error: error.detail };
    throw error;
  }
}
