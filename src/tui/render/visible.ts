// Makes any text safe and measurable: each grapheme becomes what may stand in a cell and how many cells it takes. Control,
// bidi and invisible characters become visible marks; nothing a terminal would obey can pass.

/** What may be drawn: a grapheme (its first code point when `text` is one) and its width in cells. */
export interface Glyph {
  readonly text: string;
  readonly width: 1 | 2;
}

/** Marks that stand for what must not reach a terminal. */
export const marks = {
  tab: '⇥',
  line: '␤',
  bidi: '⇄',
  invisible: '▯',
  broken: '\ufffd',
  ascii: '?',
} as const;

/** Code points of one grapheme that are kept: more is a pile of combining marks. */
const clusterLimit = 8;
const segmenter = new Intl.Segmenter('en', { granularity: 'grapheme' });

/** Inclusive ranges of East Asian Wide and Fullwidth characters (Unicode 15, EastAsianWidth.txt), emoji aside. */
const wideRanges: readonly (readonly [number, number])[] = [
  [0x1100, 0x115f],
  [0x2e80, 0x303e],
  [0x3041, 0x33ff],
  [0x3400, 0x4dbf],
  [0x4e00, 0x9fff],
  [0xa000, 0xa4cf],
  [0xa960, 0xa97f],
  [0xac00, 0xd7a3],
  [0xf900, 0xfaff],
  [0xfe10, 0xfe19],
  [0xfe30, 0xfe6f],
  [0xff00, 0xff60],
  [0xffe0, 0xffe6],
  [0x16fe0, 0x18aff],
  [0x1aff0, 0x1b2ff],
  [0x20000, 0x3fffd],
];

const bidi = /[\u061c\u200e\u200f\u202a-\u202e\u2066-\u2069]/u;
const lineBreak = /[\n\u0085\u2028\u2029]/u;
/** Inclusive ranges of characters that take no or blank space: fillers, joiners, selectors, tags. */
const invisibleRanges: readonly (readonly [number, number])[] = [
  [0x00ad, 0x00ad],
  [0x034f, 0x034f],
  [0x115f, 0x1160],
  [0x17b4, 0x17b5],
  [0x180b, 0x180f],
  [0x200b, 0x200d],
  [0x2060, 0x2065],
  [0x206a, 0x206f],
  [0x2800, 0x2800],
  [0x3164, 0x3164],
  [0xfe00, 0xfe0f],
  [0xfeff, 0xfeff],
  [0xffa0, 0xffa0],
  [0xfff9, 0xfffb],
  [0xe0000, 0xe0fff],
];
const control = /\p{Cc}/u;
const broken = /[\p{Cs}\p{Cn}]/u;
const spacing = /\p{Zs}/u;
const combining = /^[\p{Mn}\p{Me}]/u;
const emoji = /\p{Emoji_Presentation}/u;
const pictograph = /\p{Extended_Pictographic}/u;

const inRanges = (ranges: readonly (readonly [number, number])[], code: number): boolean => {
  for (const [from, to] of ranges) if (code >= from && code <= to) return true;
  return false;
};

const isWide = (code: number): boolean => code >= 0x1100 && inRanges(wideRanges, code);

/** The mark for a single code point that must not be drawn, or undefined when it may. */
function markFor(character: string): string | undefined {
  if (character === '\t') return marks.tab;
  if (lineBreak.test(character)) return marks.line;
  if (control.test(character)) {
    const code = character.charCodeAt(0);
    return code < 0x20 ? String.fromCharCode(0x2400 + code) : code === 0x7f ? '␡' : marks.broken;
  }
  if (bidi.test(character)) return marks.bidi;
  if (inRanges(invisibleRanges, character.codePointAt(0) ?? 0)) return marks.invisible;
  if (broken.test(character)) return marks.broken;
  if (spacing.test(character) && character !== '\u3000') return ' ';
  return undefined;
}

/** One code point on its own. */
function single(character: string): Glyph {
  const mark = markFor(character);
  if (mark !== undefined) return { text: mark, width: 1 };
  if (combining.test(character)) return { text: marks.invisible, width: 1 };
  const wide = isWide(character.codePointAt(0) ?? 0) || emoji.test(character);
  return { text: character, width: wide ? 2 : 1 };
}

const joiner = '\u200d';
const emojiForm = '\ufe0f';
const modifier = /\p{Emoji_Modifier}/u;
const regional = /\p{Regional_Indicator}/u;

/** True when `next` may share the cell of what `cell` holds: a combining mark, or the next part of one emoji. */
function joins(cell: string, next: string): boolean {
  if (combining.test(next) && markFor(next) === undefined) return true;
  const first = String.fromCodePoint(cell.codePointAt(0) ?? 0);
  if (regional.test(first)) return cell === first && regional.test(next);
  if (!pictograph.test(first)) return false;
  return (
    next === joiner ||
    next === emojiForm ||
    modifier.test(next) ||
    (cell.endsWith(joiner) && pictograph.test(next))
  );
}

/** One grapheme of several code points. Only what takes no room of its own stays in the first one's cell. */
function* cluster(grapheme: string): Generator<Glyph> {
  let cell = '';
  let parts = 0;
  let dropped = 0;
  const lead = (): Glyph => {
    const { width } = single(String.fromCodePoint(cell.codePointAt(0) ?? 0));
    return { text: cell, width: cell.includes(emojiForm) ? 2 : width };
  };
  for (const character of grapheme) {
    if (cell !== '' && joins(cell, character)) {
      if (++parts <= clusterLimit) cell += character;
      else dropped++;
      continue;
    }
    if (cell !== '') yield lead();
    const alone = single(character);
    cell = alone.text === character ? character : '';
    parts = 1;
    if (cell === '') yield alone;
  }
  if (cell !== '') yield lead();
  if (dropped > 0) yield { text: marks.invisible, width: 1 };
}

/** Glyphs of a text, in order. Total: any string is accepted. */
export function* glyphsOf(text: string): Generator<Glyph> {
  for (const { segment } of segmenter.segment(text)) {
    if (segment.length === 1) yield single(segment);
    else yield* cluster(segment);
  }
}

/** True when every character is printable ASCII: one cell each, nothing to mend. */
export function isPlain(text: string): boolean {
  for (let i = 0; i < text.length; i++) {
    const code = text.charCodeAt(i);
    if (code < 0x20 || code > 0x7e) return false;
  }
  return true;
}

/** Cells a text takes when drawn. */
export function cellWidth(text: string): number {
  if (isPlain(text)) return text.length;
  let width = 0;
  for (const glyph of glyphsOf(text)) width += glyph.width;
  return width;
}

/** The text as it would be drawn; `ascii` turns what is not ASCII into `?`. For strings handed to ink. */
export function visibleText(text: string, ascii = false): string {
  if (isPlain(text)) return text;
  let out = '';
  for (const glyph of glyphsOf(text)) out += ascii && !isPlain(glyph.text) ? marks.ascii : glyph.text;
  return out;
}

/** The visible text with blanks up to `width` cells, behind it or before it; one that is wider stays as it is. */
export function padText(text: string, width: number, side: 'left' | 'right' = 'left'): string {
  const blanks = ' '.repeat(Math.max(0, width - cellWidth(text)));
  return side === 'left' ? visibleText(text) + blanks : blanks + visibleText(text);
}

/** The visible text cut to `width` cells, ending in `more` when something was cut. */
export function fitText(text: string, width: number, more: string): string {
  if (cellWidth(text) <= width) return visibleText(text);
  let out = '';
  let used = 0;
  for (const glyph of glyphsOf(text)) {
    if (used + glyph.width > width - 1) break;
    out += glyph.text;
    used += glyph.width;
  }
  return width > 0 ? out + more : '';
}

/** The same for text whose end tells more than its start, such as an address: it begins with `more` when something was cut. */
export function fitTextEnd(text: string, width: number, more: string): string {
  if (cellWidth(text) <= width) return visibleText(text);
  const glyphs = [...glyphsOf(text)];
  let out = '';
  let used = 0;
  for (const glyph of glyphs.reverse()) {
    if (used + glyph.width > width - 1) break;
    out = glyph.text + out;
    used += glyph.width;
  }
  return width > 0 ? more + out : '';
}
