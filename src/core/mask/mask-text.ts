// Masks running text, markup and logs: `name: value`, `name=value`, `<name …>value<` and form parts by the name, everything else
// by its looks.
import { isWord } from './char-table.ts';
import { isSurrogate, surrogateAt, surrogateLength } from './classes.ts';
import { findSensitive } from './find.ts';
import type { NameClass } from './key-names.ts';
import { roleOf } from './labels.ts';
import type { ValueMasker } from './mask-value.ts';
import { templateLength } from './placeholders.ts';
import { replaceSpans, settle, type Span } from './span.ts';

/** Names are looked for this far back, values this far ahead. */
const longestName = 40;
const longestValue = 4096;
const longestTemplate = 128;
/** How far a `name="…"` speaks for the `value="…"` or the part of a form behind it. */
const labelReach = 512;

/** Name that ends at `end` (exclusive), after an optional quote: letters, digits, `_`, `-`, `.`. */
function nameBefore(text: string, end: number): string {
  let stop = end;
  while (stop > 0 && end - stop < 3 && ' "\'\\'.includes(text.charAt(stop - 1))) stop -= 1;
  let start = stop;
  while (start > 0 && stop - start < longestName) {
    const code = text.charCodeAt(start - 1);
    if (!isWord(code) && code !== 45 && code !== 46) break;
    start -= 1;
  }
  return text.slice(start, stop);
}

type Range = readonly [start: number, end: number];

/** Span of the value that starts at or after `from`: quoted (also by `\"`), or up to a blank or a mark that ends it. */
function valueAfter(text: string, from: number): Range {
  let start = from;
  while (start < text.length && start - from < 4 && ' \t'.includes(text.charAt(start))) start += 1;
  const escaped = text.charAt(start) === '\\' && '"\''.includes(text.charAt(start + 1) || ' ');
  const opening = text.charAt(start);
  const quoted = escaped || opening === '"' || opening === "'";
  if (quoted) start += escaped ? 2 : 1;
  const template = quoted ? 0 : templateLength(text.slice(start, start + longestTemplate));
  if (template > 0) return [start, start + template];
  const stops = quoted ? opening : ' \t\r\n,;&<>"\'';
  let end = start;
  while (end < text.length && end - start < longestValue && !stops.includes(text.charAt(end)))
    end += !escaped && quoted && text.charAt(end) === '\\' ? 2 : 1;
  return [start, Math.min(end, text.length)];
}

/** Text of an element, with or without CDATA. */
function contentAfter(text: string, from: number): Range {
  const isData = text.startsWith('<![CDATA[', from);
  const start = isData ? from + 9 : from;
  const found = text.slice(start, start + longestValue).indexOf(isData ? ']]>' : '<');
  return [start, found < 0 ? Math.min(text.length, start + longestValue) : start + found];
}

/** Body of the part of a multipart form whose head goes on at `from`. */
function partAfter(text: string, from: number): Range | undefined {
  const head = /\r?\n\r?\n/.exec(text.slice(from, from + labelReach));
  if (!head) return undefined;
  const start = from + head.index + head[0].length;
  const found = /\r?\n--/.exec(text.slice(start, start + longestValue));
  return [start, found ? start + found.index : Math.min(text.length, start + longestValue)];
}

/** A value under `authorization` goes on after its scheme word. */
function credentialEnd(text: string, start: number, end: number): number {
  const isScheme =
    /^[A-Za-z-]{3,20}$/.test(text.slice(start, Math.min(end, start + 21))) && text.charAt(end) === ' ';
  return isScheme ? valueAfter(text, end)[1] : end;
}

interface Found {
  readonly start: number;
  readonly end: number;
  readonly cls: NameClass;
}

/** A walk from mark to mark. */
interface Walk {
  readonly values: ValueMasker;
  readonly text: string;
  readonly found: Found[];
  /** Marks before this index belong to a value that was taken. */
  floor: number;
  /** Where the element begins that is being read, -1 outside of one. */
  tag: number;
  label: { readonly cls: NameClass; readonly at: number } | undefined;
}

function take(walk: Walk, [start, end]: Range, cls: NameClass): void {
  const { text, found } = walk;
  const stop = cls === 'bearer' ? credentialEnd(text, start, end) : end;
  walk.floor = stop;
  if (stop > start && !isSurrogate(text.slice(start, stop))) found.push({ start, end: stop, cls });
}

/** The element whose `>` stands at `at`: its text by its name. */
function takeElement(walk: Walk, at: number): void {
  const { text, values, tag } = walk;
  const [, name = ''] = /^<(?:[\w.-]{1,40}:)?([\w.-]{1,64})/.exec(text.slice(tag, tag + 110)) ?? [];
  const cls = name === '' || text.charCodeAt(at - 1) === 47 ? undefined : values.classOfName(name);
  if (cls !== undefined) take(walk, contentAfter(text, at + 1), cls);
}

/** `name="password"` speaks for a `value="…"` or the part of a form behind it. */
function takeLabelled(walk: Walk, name: string, at: number): void {
  const { text, values, label } = walk;
  if (roleOf(name) === 'label') {
    const range = valueAfter(text, at + 1);
    const cls = values.classOfName(text.slice(...range));
    walk.label = cls === undefined ? undefined : { cls, at };
    if (cls === undefined || !/form-data[;\s]*$/i.test(text.slice(Math.max(0, at - 24), at - name.length)))
      return;
    const part = partAfter(text, range[1]);
    if (part) take(walk, part, cls);
  } else if (label && roleOf(name) === 'value' && at - label.at <= labelReach)
    take(walk, valueAfter(text, at + 1), label.cls);
}

/** The name that ends before a colon or an equals sign at `at`. */
function takeNamed(walk: Walk, at: number): void {
  const { text, values } = walk;
  const name = nameBefore(text, at);
  const cls = name === '' ? undefined : values.classOfName(name);
  if (cls !== undefined && cls !== 'maybe') take(walk, valueAfter(text, at + 1), cls);
  else if (name !== '') {
    takeLabelled(walk, name, at);
    if (cls === 'maybe' && !walk.label) take(walk, valueAfter(text, at + 1), cls);
  }
}

/** What names in `text` give away; a value is never searched twice. */
function findNamed(values: ValueMasker, text: string): Found[] {
  const walk: Walk = { values, text, found: [], floor: 0, tag: -1, label: undefined };
  for (let at = 0; at < text.length; at += 1) {
    const code = text.charCodeAt(at);
    if (code > 62 || code < 58 || code === 59 || at < walk.floor) continue;
    if (code === 60) {
      const masked = surrogateAt(text, at);
      if (masked === undefined) walk.tag = at;
      else walk.floor = at + surrogateLength(masked);
    } else if (code === 62) {
      if (walk.tag >= 0) takeElement(walk, at);
      walk.tag = -1;
      walk.label = undefined;
    } else takeNamed(walk, at);
  }
  return walk.found;
}

const anyMark = /[:=>]/;

/** Only what is said by names: for values whose own looks mean nothing. */
export function maskNamed(values: ValueMasker, text: string): string {
  return anyMark.test(text) ? replaced(values, text, []) : text;
}

/** `text` masked; linear, since a value is never searched twice. */
export function maskText(values: ValueMasker, text: string): string {
  return replaced(values, text, findSensitive(text, true));
}

function replaced(values: ValueMasker, text: string, byLooks: readonly Span[]): string {
  const spans: Span[] = [...byLooks];
  for (const { start, end, cls } of findNamed(values, text)) {
    if (cls !== 'maybe') spans.push({ start, end, cls });
    else if (values.named(cls, text.slice(start, end)) !== text.slice(start, end))
      spans.push({ start, end, cls: 'key' });
  }
  if (spans.length === 0) return text;
  return replaceSpans(text, settle(spans), (cls, value) => values.named(cls, value));
}
