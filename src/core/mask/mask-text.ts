// Masks running text, markup and logs: `name: value`, `name=value` and `<name>value<` by the name, everything else by its looks.
import { isWord } from './char-table.ts';
import { isSurrogate } from './classes.ts';
import { findSensitive } from './find.ts';
import type { ValueMasker } from './mask-value.ts';
import { replaceSpans, settle, type Span } from './span.ts';

/** Names are looked for this far back, values this far ahead. */
const longestName = 40;
const longestValue = 4096;

/** Name that ends at `end` (exclusive), after an optional quote: letters, digits, `_`, `-`, `.`. */
function nameBefore(text: string, end: number): string {
  let stop = end;
  while (stop > 0 && end - stop < 3 && ' "\''.includes(text.charAt(stop - 1))) stop -= 1;
  let start = stop;
  while (start > 0 && stop - start < longestName) {
    const code = text.charCodeAt(start - 1);
    if (!isWord(code) && code !== 45 && code !== 46) break;
    start -= 1;
  }
  return text.slice(start, stop);
}

/** Span of the value that starts at or after `from`: quoted, or up to a blank or a mark that ends it. */
function valueAfter(text: string, from: number, inMarkup: boolean): readonly [start: number, end: number] {
  let start = from;
  while (
    start < text.length &&
    start - from < 4 &&
    (text.charAt(start) === ' ' || text.charAt(start) === '\t')
  )
    start += 1;
  const opening = text.charAt(start);
  const quoted = !inMarkup && (opening === '"' || opening === "'");
  if (quoted) start += 1;
  const stops = inMarkup ? '<' : quoted ? opening : ' \t\r\n,;&<>"\'';
  let end = start;
  while (end < text.length && end - start < longestValue && !stops.includes(text.charAt(end))) end += 1;
  return [start, end];
}

/** A value under `authorization` goes on after its scheme word. */
function credentialEnd(text: string, start: number, end: number): number {
  const isScheme =
    /^[A-Za-z-]{3,20}$/.test(text.slice(start, Math.min(end, start + 21))) && text.charAt(end) === ' ';
  return isScheme ? valueAfter(text, end, false)[1] : end;
}

/** `text` masked; linear, since a value is never searched twice. */
export function maskText(values: ValueMasker, text: string): string {
  const spans: Span[] = [...findSensitive(text, true)];
  let floor = 0;
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (at < floor || (code !== 58 && code !== 61 && code !== 62)) continue;
    const name = nameBefore(text, at);
    const isOpening = code !== 62 || text.charCodeAt(at - name.length - 1) === 60;
    const cls = name === '' || !isOpening ? undefined : values.classOfName(name);
    if (cls === undefined) continue;
    const [start, stop] = valueAfter(text, at + 1, code === 62);
    const end = cls === 'bearer' ? credentialEnd(text, start, stop) : stop;
    floor = end;
    const value = text.slice(start, end);
    if (value !== '' && !isSurrogate(value)) spans.push({ start, end, cls });
  }
  if (spans.length === 0) return text;
  return replaceSpans(text, settle(spans), (cls, value) => values.named(cls, value));
}
