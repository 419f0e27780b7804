// Small tools of all panes: lines made of spans with roles, boxes, wrapping, scrolling. Knows cells and roles, no data.
import type { Draw, DrawContext, Rect } from '../render/draw-context.ts';
import { cellWidth, fitText, glyphsOf } from '../render/visible.ts';
import type { GlyphName } from '../theme/glyphs.ts';
import type { Role } from '../theme/roles.ts';
import type { Theme } from '../theme/theme.ts';

/** A piece of text with one meaning. */
export interface Span {
  readonly text: string;
  readonly role: Role;
}

/** One line of a pane, left to right. */
export type Line = readonly Span[];

/** A span. */
export const span = (text: string, role: Role = 'text'): Span => ({ text, role });

/** Where, in which looks and on what a line is drawn. */
export interface LinePlace {
  readonly theme: Theme;
  readonly x: number;
  readonly y: number;
  readonly width: number;
  /** Bar the line lies on (selection, dialog). */
  readonly on?: Role;
}

const styleOf = (theme: Theme, role: Role, on: Role | undefined): number =>
  on === undefined ? theme.style(role) : theme.styleOn(role, on);

/** Draw a line and blank the rest of its width; what does not fit ends in the sign for more. */
export function drawLine(context: DrawContext, line: Line, place: LinePlace): void {
  const { theme, x, y, width, on } = place;
  let used = 0;
  for (const [index, { text, role }] of line.entries()) {
    if (used >= width) return;
    const room = width - used;
    const last = index === line.length - 1;
    const shown = last || cellWidth(text) > room ? fitText(text, room, theme.glyph('more')) : text;
    used += context.text(x + used, y, shown, styleOf(theme, role, on), room);
  }
  if (used < width) context.text(x + used, y, '', styleOf(theme, 'text', on), width - used, true);
}

/** Lines to scroll through: `scroll` is the first one wished for, `on` the bar they all lie on. */
export interface ScrolledText {
  readonly lines: readonly Line[];
  readonly theme: Theme;
  readonly scroll: number;
  readonly on?: Role;
}

/** Draw lines from `scroll` on, blank what is left of the rectangle; more above or below is marked in the last column. */
export function drawLines(context: DrawContext, rect: Rect, text: ScrolledText): void {
  const { lines, theme, on } = text;
  const first = scrollTop(lines.length, rect.height, text.scroll);
  for (let row = 0; row < rect.height; row++)
    drawLine(context, lines[first + row] ?? [], {
      theme,
      x: rect.x,
      y: rect.y + row,
      width: rect.width,
      ...(on === undefined ? {} : { on }),
    });
  if (rect.height < 2) return;
  const mark = (row: number, sign: string): void => {
    context.text(rect.x + rect.width - 1, rect.y + row, sign, styleOf(theme, 'dim', on), 1);
  };
  if (first > 0) mark(0, theme.glyph('sortUp'));
  if (first + rect.height < lines.length) mark(rect.height - 1, theme.glyph('sortDown'));
}

/** The first line shown for a wished scroll: never past the end. */
export function scrollTop(lines: number, height: number, scroll: number): number {
  return Math.max(0, Math.min(scroll, lines - height));
}

/** Break a text at blanks into lines of at most `width` cells; a longer word is cut, a number keeps its `%`. */
export function wrapText(text: string, width: number): readonly string[] {
  const limit = Math.max(1, width);
  const lines: string[] = [];
  let line = '';
  const place = (word: string): void => {
    const joined = line === '' ? word : `${line} ${word}`;
    if (cellWidth(joined) <= limit) {
      line = joined;
      return;
    }
    if (line !== '') lines.push(line);
    const pieces = cutCells(word, limit);
    lines.push(...pieces.slice(0, -1));
    line = pieces.at(-1) ?? '';
  };
  for (const word of text.split(/ (?!%)/)) place(word);
  lines.push(line);
  return lines;
}

/** Cut a text into pieces of at most `width` cells. */
export function cutCells(text: string, width: number): readonly string[] {
  if (cellWidth(text) <= width) return [text];
  const pieces: string[] = [];
  let piece = '';
  let used = 0;
  for (const glyph of glyphsOf(text)) {
    if (used + glyph.width > width) {
      pieces.push(piece);
      piece = '';
      used = 0;
    }
    piece += glyph.text;
    used += glyph.width;
  }
  pieces.push(piece);
  return pieces;
}

/** Cells a line takes. */
export function lineWidth(line: Line): number {
  return line.reduce((sum, { text }) => sum + cellWidth(text), 0);
}

/** `left` and `right` at the two ends of a width, the left one giving way. */
export function justified(
  left: Line,
  right: Line,
  { width, more }: { readonly width: number; readonly more: string },
): Line {
  const spare = width - lineWidth(left) - lineWidth(right);
  if (spare >= 1) return [...left, span(' '.repeat(spare)), ...right];
  const room = Math.max(0, width - lineWidth(right) - 1);
  let used = 0;
  const kept: Span[] = [];
  for (const each of left) {
    const text = fitText(each.text, Math.max(0, room - used), more);
    used += cellWidth(text);
    if (text !== '') kept.push({ ...each, text });
  }
  return [...kept, span(' '.repeat(Math.max(1, width - used - lineWidth(right)))), ...right];
}

/** A horizontal rule with a title in it. */
export function ruleLine(theme: Theme, title: Line, width: number): Line {
  const sign = theme.glyph('horizontal');
  const rest = width - lineWidth(title) - 4;
  if (title.length === 0) return [span(sign.repeat(Math.max(0, width)), 'border')];
  return [span(`${sign}${sign} `, 'border'), ...title, span(` ${sign.repeat(Math.max(0, rest))}`, 'border')];
}

/** The words in a box's two borders. */
export interface BoxLook {
  readonly theme: Theme;
  readonly title: string;
  readonly titleRole: Role;
  /** Words in the lower border. */
  readonly foot: string;
}

/** The upper or lower border of a box, with words in it. */
interface BoxEdge {
  readonly y: number;
  readonly corners: readonly [left: GlyphName, right: GlyphName];
  readonly words: string;
  readonly role: Role;
}

function drawEdge(context: DrawContext, rect: Rect, { theme, ...edge }: BoxEdge & { theme: Theme }): void {
  const inner = Math.max(0, rect.width - 2);
  const [left, right] = edge.corners;
  const line = theme.glyph(left) + theme.glyph('horizontal').repeat(inner) + theme.glyph(right);
  context.text(rect.x, edge.y, line, theme.styleOn('dialog.border', 'dialog'), rect.width);
  if (edge.words === '') return;
  const words = ` ${fitText(edge.words, inner - 4, theme.glyph('more'))} `;
  context.text(rect.x + 2, edge.y, words, theme.styleOn(edge.role, 'dialog'), inner - 2);
}

/** A framed box over whatever is there; returns the rectangle inside, with one blank column at either side. */
export function drawBox(context: DrawContext, rect: Rect, look: BoxLook): Rect {
  const { theme, title, titleRole, foot } = look;
  const border = theme.styleOn('dialog.border', 'dialog');
  const bottom = rect.y + rect.height - 1;
  context.fill(rect, ' ', theme.style('dialog'));
  const head = { y: rect.y, corners: ['topLeft', 'topRight'], words: title, role: titleRole } as const;
  drawEdge(context, rect, { theme, ...head });
  for (let y = rect.y + 1; y < bottom; y++) {
    context.text(rect.x, y, theme.glyph('vertical'), border, 1);
    context.text(rect.x + rect.width - 1, y, theme.glyph('vertical'), border, 1);
  }
  const lower = { y: bottom, corners: ['bottomLeft', 'bottomRight'], words: foot } as const;
  if (rect.height > 1) drawEdge(context, rect, { theme, ...lower, role: 'dialog.border' });
  return {
    x: rect.x + 2,
    y: rect.y + 1,
    width: Math.max(0, rect.width - 4),
    height: Math.max(0, rect.height - 2),
  };
}

/** A sentence in the middle of an empty pane. */
export function drawEmpty(theme: Theme, sentence: string): Draw {
  return (context, rect) => {
    context.fill(rect, ' ', theme.style('text'));
    const lines = wrapText(sentence, Math.max(1, rect.width - 4));
    const top = rect.y + Math.max(0, Math.floor((rect.height - lines.length) / 2));
    for (const [index, line] of lines.entries())
      if (index < rect.height)
        context.text(rect.x + 2, top + index, line, theme.style('dim'), rect.width - 4);
  };
}
