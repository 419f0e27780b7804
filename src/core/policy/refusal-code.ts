// What a code of strict reading means and where it comes from: those of the parser and those of paths that cannot be judged.
import { brokenCodes, type BrokenCode } from '../protocol/http1/broken-code.ts';
import { brokenSources } from '../protocol/http1/broken-source.ts';
import { strictPathCodes, type StrictPathCode } from './decider.ts';

/** Every code for which strict reading can refuse. */
export type RefusalCode = BrokenCode | StrictPathCode;

/** A code in words. */
export interface RefusalWords {
  /** One sentence. */
  readonly meaning: string;
  /** Where the rule comes from, without a full stop: `RFC 9112, section 5.2`. */
  readonly source: string;
}

/** Codes of paths in words. */
export const strictPathWords: Readonly<Record<StrictPathCode, RefusalWords>> = {
  PATH_NUL: {
    meaning: 'The path holds %00, which no server reads alike.',
    source: 'RFC 3986, section 7.3',
  },
  PATH_CONTROL: {
    meaning: 'The path holds a control character.',
    source: 'RFC 3986, section 7.3',
  },
  PATH_NOT_UTF8: {
    meaning: 'The path is not UTF-8 after decoding.',
    source: 'RFC 3986, section 2.5, read strictly: servers differ in what they make of other bytes',
  },
  PATH_AMBIGUOUS: {
    meaning: 'The path can be read in too many ways.',
    source: 'a limit of our own: each reading is judged, and their number is bounded',
  },
};

/** True for a code of the HTTP/1 parser. */
export const isBrokenCode = (code: string): code is BrokenCode => Object.hasOwn(brokenCodes, code);

const isPathCode = (code: string): code is StrictPathCode => strictPathCodes.some((known) => known === code);

/** Undefined for a code that this version does not know. */
export function refusalWords(code: string): RefusalWords | undefined {
  if (isPathCode(code)) return strictPathWords[code];
  return isBrokenCode(code)
    ? { meaning: sentenceOf(brokenCodes[code]), source: brokenSources[code] }
    : undefined;
}

const sentenceOf = (words: string): string => `${words.charAt(0).toUpperCase()}${words.slice(1)}.`;
