// All finders over one piece of text, behind the cheap first look. Knows values only; names of fields are judged elsewhere.
import { hint, hintsOf } from './char-table.ts';
import { findDigits } from './find-digits.ts';
import { findEmails, findUrlUsers } from './find-email.ts';
import { findIbans, findPrivateKeys, findTokens } from './find-tokens.ts';
import { withoutPublished } from './public-blocks.ts';
import { settle, type Span } from './span.ts';

const nothing: readonly Span[] = [];
/** No class has a shorter text. */
const shortestText = 6;

/** Spans of secrets and personal data in `text`, sorted and disjoint. `partialEnd`: the text is cut off at its end. */
export function findSensitive(text: string, partialEnd = false): readonly Span[] {
  return text.length < shortestText ? nothing : findHinted(text, hintsOf(text, 0, text.length), partialEnd);
}

/** The same for a caller that already took the first look. */
export function findHinted(text: string, hints: number, partialEnd: boolean): readonly Span[] {
  if (hints === hint.none) return nothing;
  let found: Span[] = [];
  if ((hints & hint.run) !== 0) {
    findTokens(text, partialEnd, found);
    found = withoutPublished(text, found);
    findPrivateKeys(text, found);
  }
  if ((hints & hint.digits) !== 0) {
    findIbans(text, found);
    findDigits(text, found);
  }
  if ((hints & hint.at) !== 0) {
    findUrlUsers(text, found);
    findEmails(text, partialEnd, found);
  }
  return settle(found);
}
