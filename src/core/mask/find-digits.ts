// Cards, social security numbers and phone numbers in running text: one walk over groups of digits, then arithmetic.
// A plain integer is none of them unless it is a card by issuer, length and checksum: order ids must stay readable.
import { isCard, isSsn, passesLuhn } from './checks.ts';
import { isWord } from './char-table.ts';
import type { Span } from './span.ts';

/** Characters from the first digit to the last: the longest written phone or card number. */
const longestNumber = 40;
/** How far before a number a word such as "phone" still speaks about it. */
const contextChars = 40;
const phoneWords =
  /\b(?:phone|tel|telephone|call|calling|mobile|cell|cellphone|fax|contact|dial|whatsapp|sms|number is|reach me)\b/i;
const cardWords = /\b(?:card|cc)\b/i;

interface Groups {
  readonly start: number;
  readonly end: number;
  readonly digits: string;
  readonly lengths: readonly number[];
  /** Separators between the groups, in order. */
  readonly separators: readonly string[];
  readonly international: boolean;
  readonly parenthesis: boolean;
}

const isDigit = (code: number): boolean => code >= 48 && code <= 57;

/** Length of a separator at `at` that is followed by a digit: blank, dash, dot, or those around parentheses; else 0. */
function separatorLength(text: string, at: number): number {
  let index = at;
  while (index < at + 3) {
    const char = text.charAt(index);
    if (char !== ' ' && char !== '-' && char !== '.' && char !== '(' && char !== ')') break;
    index += 1;
  }
  return index > at && isDigit(text.charCodeAt(index)) ? index - at : 0;
}

function readGroups(text: string, firstDigit: number): Groups {
  const lengths: number[] = [];
  const separators: string[] = [];
  let digits = '';
  let at = firstDigit;
  let group = 0;
  while (at - firstDigit < longestNumber) {
    if (isDigit(text.charCodeAt(at))) {
      digits += text.charAt(at);
      group += 1;
      at += 1;
      continue;
    }
    const length = separatorLength(text, at);
    if (length === 0) break;
    separators.push(text.slice(at, at + length));
    lengths.push(group);
    group = 0;
    at += length;
  }
  lengths.push(group);
  let start = firstDigit;
  const parenthesis = text.charAt(start - 1) === '(';
  if (parenthesis) start -= 1;
  const international = text.charAt(start - 1) === '+';
  if (international) start -= 1;
  return { start, end: at, digits, lengths, separators, international, parenthesis };
}

/** The one separator used throughout, undefined when they differ or there is none. */
function uniform(groups: Groups): string | undefined {
  const [first] = groups.separators;
  return first !== undefined && groups.separators.every((separator) => separator === first)
    ? first
    : undefined;
}

function looksLikeCard(groups: Groups): boolean {
  if (groups.separators.length === 0) return isCard(groups.digits);
  const separator = uniform(groups);
  if (separator !== ' ' && separator !== '-') return false;
  const inner = groups.lengths.slice(0, -1);
  return groups.lengths.length <= 5 && inner.every((length) => length >= 4) && isCard(groups.digits);
}

function looksLikeSsn(groups: Groups): boolean {
  const separator = uniform(groups);
  return (
    (separator === '-' || separator === ' ') && groups.lengths.join() === '3,2,4' && isSsn(groups.digits)
  );
}

/** North American spelling: `415-555-2671`, `(415) 555-2671`, `1-415-555-2671`; area and exchange start with 2 to 9. */
function looksNorthAmerican(groups: Groups): boolean {
  const shape = groups.lengths.join();
  const national =
    shape === '3,3,4'
      ? groups.digits
      : shape === '1,3,3,4' && groups.digits.startsWith('1')
        ? groups.digits.slice(1)
        : '';
  return /^[2-9][0-9]{2}[2-9]/.test(national);
}

function looksLikeAddressOrDate(groups: Groups): boolean {
  const separator = uniform(groups);
  if (separator === '.' && groups.lengths.length === 4 && groups.lengths.every((length) => length <= 3))
    return true;
  const shape = groups.lengths.join();
  return shape.startsWith('4,2,2') || shape === '2,2,4';
}

/** National spelling with a trunk prefix: `0489 25 37 29`, nine to eleven digits in three or more groups. */
function looksNational(groups: Groups): boolean {
  const count = groups.digits.length;
  return (
    count >= 9 &&
    count <= 11 &&
    groups.digits.startsWith('0') &&
    groups.lengths.length >= 3 &&
    uniform(groups) !== undefined
  );
}

function looksLikePhone(text: string, groups: Groups): boolean {
  const count = groups.digits.length;
  if (groups.international) return count >= 8 && count <= 15;
  if (looksNorthAmerican(groups) || looksNational(groups)) return true;
  if (count < 7 || count > 13 || looksLikeAddressOrDate(groups)) return false;
  return phoneWords.test(text.slice(Math.max(0, groups.start - contextChars), groups.start));
}

function classify(text: string, groups: Groups): Span | undefined {
  const { start, end } = groups;
  const count = groups.digits.length;
  if (count < 7) return undefined;
  if (looksLikeCard(groups)) return { start, end, cls: 'card' };
  if (looksLikeSsn(groups)) return { start, end, cls: 'ssn' };
  if (looksLikePhone(text, groups)) return { start, end, cls: 'phone' };
  const before = count >= 12 && count <= 19 && passesLuhn(groups.digits);
  if (before && cardWords.test(text.slice(Math.max(0, start - contextChars), start)))
    return { start, end, cls: 'card' };
  return undefined;
}

/** Appends what `text` holds of these to `out`. Linear: each digit is read once, context looks back 40 characters. */
export function findDigits(text: string, out: Span[]): void {
  let at = 0;
  while (at < text.length) {
    if (!isDigit(text.charCodeAt(at))) {
      at += 1;
      continue;
    }
    const before = text.charCodeAt(at - 1);
    const glued = at > 0 && (isWord(before) || (before === 45 && isWord(text.charCodeAt(at - 2))));
    const groups = readGroups(text, at);
    const after = text.charCodeAt(groups.end);
    if (!glued && !isWord(after)) {
      const span = classify(text, groups);
      if (span) out.push(span);
    }
    at = groups.end;
    while (at < text.length && isDigit(text.charCodeAt(at))) at += 1;
  }
}
