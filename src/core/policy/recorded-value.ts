// What capture did to a value before it was recorded: masked, escaped, cut. Such a value is not the one that was sent, so nobody
// can tell from it whether a policy matched. Errs on the side of "changed": a real value that looks so costs a verdict, not its truth.

/** A surrogate anywhere, a visible escape of a byte or character, or an ellipsis at the end. */
const changed = /<[a-z-]{2,16}:[0-9a-f]{8}>|\\x[0-9a-f]{2}|\\u\{[0-9a-f]{1,6}\}|…$/;

/** Escapes and cuts only: a template's `{id}` also fits a masked segment, but nothing is known of what these hid. */
const unreadable = /\\x[0-9a-f]{2}|\\u\{[0-9a-f]{1,6}\}|…$/;

/** True when a recorded path, host or header value may differ from what was sent. */
export const isChanged = (text: string): boolean => changed.test(text);

/** True when it may differ in more than a masked part. */
export const isUnreadable = (text: string): boolean => unreadable.test(text);

/** Classes whose surrogates stand for more than one spelling: equal ones do not make equal values. */
const respelled = /<(?:email|card|ssn|phone|iban):[0-9a-f]{8}>/;

/** True when an equal text in a policy of the same agent means that the values sent and asked for are equal. */
export const isComparable = (text: string): boolean => !unreadable.test(text) && !respelled.test(text);

/** Headers a flow event carries at most, and characters of all together less the longest one: as many may mean there were more. */
const cutFromCount = 64;
const cutFromChars = 14 * 1024;

/** True when the request may have had more headers than were recorded. */
export function mayLackHeaders(headers: readonly (readonly [string, string])[]): boolean {
  if (headers.length >= cutFromCount) return true;
  let chars = 0;
  for (const [name, value] of headers) chars += name.length + value.length;
  return chars >= cutFromChars;
}
