// Values that stand where a secret would and are none: redactions, dots and templates. Masking them hides nothing from anybody and
// takes the one thing they say. Errs towards "secret": only forms that a program or a person writes for want of a value.

const longest = 256;
/** A cheap look: none of the forms below does without one of these. */
const sign = /x{3}|X{3}|\*{3}|•{3}|\.{2}|…|^[$%{<[]/;
const onlyFiller = /^(?:\.{3,}|…+|[*•]{3,}|[xX]{3,})$/;
/** `${NAME}`, `$(command --option)`, `{{ name }}`, `%(name)s`, `<your token>`. */
const template =
  /^(?:\$\{[\w.:-]{1,80}\}|\$\([A-Za-z][\w ./:=-]{0,118}\)|\{\{[\w .$-]{1,80}\}\}|%\([\w.]{1,40}\)s|<[A-Za-z][A-Za-z _-]{0,60}>)$/;
/** Somebody else's redaction, with what they left of the beginning: `ops_eyJz..[Redacted]`. */
const redacted =
  /^(?:[\w-]{1,16}(?:\.{2,}|…|\*{3,}))?\[(?:redacted|filtered|masked|hidden|removed|secret)\]$/i;

/** `xoxp-XXXXXXXX-XXXX`, `************1111`: the same filler nearly throughout, and too little beside it to let anyone in. */
function isMostlyFiller(text: string): boolean {
  const shortest = 12;
  const mostLeft = 6;
  if (text.length < shortest) return false;
  const rest = text.replaceAll(/[xX]{3,}|\*{3,}|•{3,}|[-_.~ ]|[xX]$/g, '');
  const filler = text.length - text.replaceAll(/[xX*•]/g, '').length;
  return rest.length <= mostLeft && filler >= text.length * 0.6;
}

/** True for a value that is visibly not the one its name promises. */
export function isPlaceholder(text: string): boolean {
  if (text.length > longest || !sign.test(text)) return false;
  return onlyFiller.test(text) || template.test(text) || redacted.test(text) || isMostlyFiller(text);
}

/** `$(…)`, `${…}` or `{{…}}` at the beginning of a text: its length, or 0. Such a value may hold blanks. */
export function templateLength(text: string): number {
  const found = /^(?:\$\([^()\n]{1,120}\)|\$\{[^{}\n]{1,80}\}|\{\{[^{}\n]{1,80}\}\})/.exec(text)?.[0];
  return found !== undefined && template.test(found) ? found.length : 0;
}
