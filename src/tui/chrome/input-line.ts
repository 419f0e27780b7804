// A line of text being typed, with its caret; longer than the room, the part around the caret shows. Pure.
import { cellWidth, fitText } from '../render/visible.ts';
import type { TextInput } from '../state/text-input.ts';
import { lineWidth, segment } from './line.ts';
import type { Line, Segment } from './line.ts';

/** Half-open range of a text in UTF-16 units. */
interface Range {
  readonly start: number;
  readonly end: number;
}

/** What stays in sight behind the caret, in cells: what the next words are about. */
const ahead = 8;

const segmenter = new Intl.Segmenter(undefined, { granularity: 'grapheme' });

/** End of the whole character (grapheme) under the caret: half an emoji is wider than all of it. Behind the text, one. */
function caretEnd({ text, cursor }: TextInput): number {
  const under = segmenter.segment(text.slice(cursor))[Symbol.iterator]().next().value;
  return cursor + (under?.segment.length ?? 1);
}

/** Text with its caret; the part at fault is marked. */
export function inputLine(input: TextInput, error: Range | undefined): Line {
  const { text, cursor } = input;
  const marks = [0, cursor, caretEnd(input), error?.start ?? 0, error?.end ?? 0, text.length];
  const cuts = [...new Set(marks.map((mark) => Math.max(0, Math.min(mark, text.length))))].sort(
    (a, b) => a - b,
  );
  const pieces = cuts.slice(0, -1).map((start, index): Segment => {
    const end = cuts[index + 1] ?? text.length;
    const wrong = error !== undefined && start >= error.start && start < error.end;
    const role = start === cursor ? 'caret' : wrong ? 'prompt.invalid' : 'prompt';
    return segment(text.slice(start, end), role);
  });
  return cursor >= text.length ? [...pieces, segment(' ', 'caret')] : pieces;
}

/** Where the shown part begins, so that it ends with the caret (or a little behind) at the right edge. */
function firstShown({ text, cursor }: TextInput, room: number): number {
  let first = cursor;
  let used = 0;
  const before = [...segmenter.segment(text.slice(0, cursor))];
  for (const { segment: glyph, index } of before.reverse()) {
    used += cellWidth(glyph);
    if (used > room) break;
    first = index;
  }
  return first;
}

/** How an input is fitted: cells there are, the part at fault, and the sign for what is left out. */
export interface InputLook {
  readonly width: number;
  readonly error: Range | undefined;
  readonly more: string;
}

/** `inputLine` in at most `width` cells: the text is moved to the left as far as the caret needs to be seen. */
export function fittedInput(input: TextInput, { width, error, more }: InputLook): Line {
  const whole = inputLine(input, error);
  const caret = 1;
  if (lineWidth(whole) <= width) return whole;
  const behind = cellWidth(input.text.slice(caretEnd(input)));
  const under = Math.max(caret, cellWidth(input.text.slice(input.cursor, caretEnd(input))));
  const sign = cellWidth(more);
  const tail = Math.min(behind, ahead);
  const room = Math.max(0, width - under - tail - (behind > tail ? sign : 0));
  const fits = cellWidth(input.text.slice(0, input.cursor)) <= room;
  const first = fits ? 0 : firstShown(input, Math.max(0, room - sign));
  const moved = { text: input.text.slice(first), cursor: input.cursor - first };
  const place = error && { start: error.start - first, end: error.end - first };
  const shown = inputLine(moved, place);
  return cutRight(first > 0 ? [segment(more, 'dim'), ...shown] : shown, width, more);
}

/** The line without what is beyond `width` cells. */
function cutRight(line: Line, width: number, more: string): Line {
  const kept: Segment[] = [];
  let left = width;
  for (const each of line) {
    const cells = cellWidth(each.text);
    if (cells <= left) kept.push(each);
    else if (left > 0) kept.push({ ...each, text: fitText(each.text, left, more) });
    left -= cells;
    if (left < 0) break;
  }
  return kept;
}
