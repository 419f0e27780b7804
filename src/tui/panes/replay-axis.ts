// The time axis of a replay: how much happened when over all of it, findings, the cursor, speed, damage. What lies behind the
// cursor looks different from what lies ahead.
import type { Draw, DrawContext, Rect } from '../render/draw-context.ts';
import type { ReplayPosition } from '../../core/model/feed-port.ts';
import { formatClock, formatSpan } from '../columns/format.ts';
import type { Timeline } from '../state/data-view.ts';
import { clamp } from '../state/handler.ts';
import type { PaneInput } from './pane-input.ts';
import type { Line } from './painter.ts';
import { drawLine, justified, span } from './painter.ts';

/** Column of a time on an axis of `width` cells. */
function columnOf(timeMs: number, position: ReplayPosition, width: number): number {
  const share = (timeMs - position.startMs) / Math.max(1, position.endMs - position.startMs);
  return clamp(Math.floor(share * width), 0, width - 1);
}

/** Heights for the cells of the sparkline: the fullest bin under each; undefined where nothing is known yet. */
function heights(timeline: Timeline | undefined, width: number): readonly (number | undefined)[] {
  if (!timeline) return [];
  const known = timeline.whole ?? timeline.bins;
  const per = known.length / width;
  return Array.from({ length: width }, (_, cell) => {
    const from = Math.floor(cell * per);
    const bins = known.slice(from, Math.max(from + 1, Math.floor((cell + 1) * per)));
    return bins.reduce<number | undefined>(
      (most, bin) => (bin === undefined ? most : Math.max(most ?? 0, bin)),
      undefined,
    );
  });
}

function drawSpark(
  context: DrawContext,
  rect: Rect,
  { position, theme, data }: PaneInput & { readonly position: ReplayPosition },
): void {
  const ladder = Array.from(theme.glyph('spark'));
  const cells = heights(data.timeline, rect.width);
  const most = cells.reduce<number>((max, value) => Math.max(max, value ?? 0), 0);
  const at = columnOf(position.nowMs, position, rect.width);
  for (let cell = 0; cell < rect.width; cell++) {
    const value = cells[cell];
    const step = value === undefined || most === 0 ? 0 : Math.ceil((value / most) * (ladder.length - 1));
    const sign = value === undefined ? theme.glyph('idle') : (ladder[step] ?? ' ');
    const role = value === undefined ? 'dim' : cell <= at ? 'axis.played' : 'axis';
    context.text(rect.x + cell, rect.y, sign, theme.style(role), 1);
  }
  for (const mark of data.timeline?.marks ?? []) {
    if (mark.severity === 'info') continue;
    const x = rect.x + columnOf(mark.timeMs, position, rect.width);
    context.text(x, rect.y, theme.glyph('axisMark'), theme.style('axis.mark'), 1);
  }
  context.text(rect.x + at, rect.y, theme.glyph('axisCursor'), theme.style('axis.cursor'), 1);
}

/** `▶ 22:41:07  +3m 05s of 10m 00s  2x`, and at the right what is wrong with the file. */
function scaleLine(position: ReplayPosition, input: PaneInput, width: number): Line {
  const { theme, state } = input;
  const clock = (ms: number): string => formatClock(ms, state.utcOffsetMinutes);
  const passed = `${formatSpan(position.nowMs - position.startMs)} of ${formatSpan(position.endMs - position.startMs)}`;
  const ended = position.nowMs >= position.endMs;
  const playing = position.paused
    ? span(`${theme.glyph('paused')} paused`, 'header.warn')
    : span(ended ? 'at the end' : `${theme.glyph('play')} playing`, 'header.live');
  const left: Line = [
    span(state.focus === 'axis' ? theme.glyph('cursor') : ' ', 'axis.cursor'),
    playing,
    span(`  ${clock(position.nowMs)}`, 'strong'),
    span(`  ${passed}`, 'dim'),
    span(`  ${position.speed}x`, 'number'),
    ...(position.damage === undefined ? [] : [span(`  damaged: ${position.damage}`, 'header.bad')]),
  ];
  const range: Line = [span(`${clock(position.startMs)} - ${clock(position.endMs)}`, 'dim')];
  return width >= 100 ? justified(left, range, { width, more: theme.glyph('more') }) : left;
}

/** Paint the axis: sparkline above, scale below. */
export function drawAxis(input: PaneInput): Draw {
  const { state, theme } = input;
  const position = state.replay;
  return (context, rect) => {
    if (!position || rect.width < 10) return;
    context.fill(rect, ' ', theme.style('axis'));
    drawSpark(context, { ...rect, x: rect.x + 1, width: rect.width - 2 }, { ...input, position });
    if (rect.height < 2) return;
    const place = { theme, x: rect.x, y: rect.y + 1, width: rect.width };
    drawLine(context, scaleLine(position, input, rect.width), place);
  };
}
