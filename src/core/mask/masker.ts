// Masks secrets and personal data at capture: headers, queries, paths and body windows. Keyed, typed surrogates keep equality
// and type, so what was masked can still be counted, joined and filtered. Knows no exchange and no event.
import { maskCsv } from './mask-csv.ts';
import { maskForm, maskPath } from './mask-form.ts';
import { maskHeader } from './mask-header.ts';
import { maskJson } from './mask-json.ts';
import { maskText } from './mask-text.ts';
import { createValueMasker, type ValueMasker } from './mask-value.ts';

export { isSurrogate } from './classes.ts';

/** Masks text by keyed, typed surrogates (`<email:3f9a1c22>`): equal values give equal surrogates under one key. */
export interface Masker {
  /** Value of one header; `name` in any case. Keeps the scheme word and cookie names. */
  maskHeader(name: string, value: string): string;
  /** Query without the question mark. */
  maskQuery(query: string): string;
  /** Path without the query. */
  maskPath(path: string): string;
  /** Body window as text; JSON keeps its structure and its types, also where the window ends in the middle of a value. */
  maskBody(text: string, contentType: string): string;
}

/** Shortest key: 128 bits. */
const shortestKey = 16;

/** `{`, `[` or `"` after blanks: what a JSON text starts with, whatever its content type says. */
const startsJson = /^\s*(?:[[{"']|\/[*/])/;

/**
 * Key: at least 16 random bytes, kept for one agent run (or one recording) so that equality holds within it.
 * Throws RangeError for a shorter one (our own bug: keys are made, not given).
 */
export function createMasker(key: Uint8Array): Masker {
  if (key.length < shortestKey) throw new RangeError(`a masking key has at least ${shortestKey} bytes`);
  const values = createValueMasker(key);
  return {
    maskHeader: (name, value) => maskHeader(values, name.toLowerCase(), value),
    maskQuery: (query) => maskForm(values, query),
    maskPath: (path) => maskPath(values, path),
    maskBody: (text, contentType) => maskBody(values, text, contentType.toLowerCase()),
  };
}

/** `name=value` from the start: a form, whatever its content type says. */
const startsForm = /^[\w.%+[\]-]{1,64}=[^=]/;
const startsBare = /^\s*[-0-9tfn]/;

/** The text decides before its label does: clients label badly. */
function maskBody(values: ValueMasker, text: string, type: string): string {
  const isForm = type.includes('x-www-form-urlencoded');
  if (startsJson.test(text) && !(isForm && startsForm.test(text))) return maskJson(values, text);
  if (isForm || (type.includes('json') && startsForm.test(text))) return maskForm(values, text);
  if (type.includes('json') && startsBare.test(text)) return maskJson(values, text);
  return maskCsv(values, maskText(values, text), type);
}
