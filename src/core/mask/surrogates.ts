// Keyed surrogates: equal values give equal surrogates under one key, and nobody without the key can test a guess.
// Bounded cache, because one HMAC costs more than masking a whole ordinary flow.
import { createHmac } from 'node:crypto';
import type { MaskClass } from './classes.ts';
import { passesLuhn } from './checks.ts';

/** Entries of one cache generation; two generations are kept, so a value in use is never hashed twice in a row. */
const generationEntries = 4096;
/** Characters of one cache generation: keeps long tokens from growing the cache. */
const generationChars = 1 << 20;
/** Longer values are hashed each time. */
const cachedLength = 2048;

/** Makes surrogates under one key: the same value gets the same one, and none can be read back. */
export interface Surrogates {
  /** `<class:hhhhhhhh>`; the digest is over the normalised value, so one value has one digest in every class. */
  readonly text: (cls: MaskClass, value: string) => string;
  /** A JSON number of the same length and shape, never a valid card number. */
  readonly number: (literal: string) => string;
}

/** Spelling differences that do not make another value: case of an address, blanks and dashes of a number. */
function normalise(cls: MaskClass, value: string): string {
  switch (cls) {
    case 'email':
      return value.toLowerCase();
    case 'card':
    case 'ssn':
      return value.replaceAll(/[ -]/g, '');
    case 'phone':
      return value.replaceAll(/[^0-9+]/g, '');
    case 'iban':
      return value.replaceAll(' ', '').toUpperCase();
    default:
      return value;
  }
}

/** Text without a reference to the string it was cut from (a slice would keep a whole body alive). */
function detached(value: string): string {
  return Buffer.from(value, 'utf16le').toString('utf16le');
}

function cachedBy(make: (value: string) => string): (value: string) => string {
  let young = new Map<string, string>();
  let old = new Map<string, string>();
  let chars = 0;
  return (value) => {
    const hit = young.get(value);
    if (hit !== undefined) return hit;
    const made = old.get(value) ?? make(value);
    if (value.length > cachedLength) return made;
    chars += value.length;
    if (young.size >= generationEntries || chars > generationChars) {
      old = young;
      young = new Map();
      chars = value.length;
    }
    young.set(detached(value), made);
    return made;
  };
}

const digitZero = 48;
const isDigit = (code: number): boolean => code >= 48 && code <= 57;

/** Replaces the digits of a JSON number by those of `digest`, keeping sign, point, exponent and leading zero. */
function redigit(literal: string, digest: Uint8Array): string {
  const exponent = literal.search(/[eE]/);
  const end = exponent < 0 ? literal.length : exponent;
  let out = '';
  let first = true;
  for (let index = 0; index < end; index += 1) {
    const code = literal.charCodeAt(index);
    if (!isDigit(code)) {
      out += literal.charAt(index);
      continue;
    }
    const byte = digest[index % digest.length] ?? 0;
    const zeroAhead = first && code === digitZero;
    out += zeroAhead ? '0' : String(first ? 1 + (byte % 9) : byte % 10);
    first = false;
  }
  if (out.length >= 12 && passesLuhn(out)) {
    const last = (out.charCodeAt(out.length - 1) - digitZero + 1) % 10;
    out = out.slice(0, -1) + String(last);
  }
  return out + literal.slice(end);
}

/** Key: at least 16 bytes. The caches belong to the returned object. */
export function createSurrogates(key: Uint8Array): Surrogates {
  const digestOf = (value: string): Buffer => createHmac('sha256', key).update(value).digest();
  const byClass = new Map<MaskClass, (value: string) => string>();
  const numbers = cachedBy((literal) => redigit(literal, digestOf(literal)));
  const forClass = (cls: MaskClass): ((value: string) => string) => {
    const known = byClass.get(cls);
    if (known) return known;
    const made = cachedBy((value) => `<${cls}:${digestOf(normalise(cls, value)).toString('hex', 0, 4)}>`);
    byClass.set(cls, made);
    return made;
  };
  return {
    text: (cls, value) => forClass(cls)(value),
    number: numbers,
  };
}
