// A screen of the first minutes: what is so, then each way out with its key or command, which can be copied as it stands.
import type { Draw } from '../render/draw-context.ts';
import type { Cure, FirstScreen } from '../state/first-minutes.ts';
import type { Theme } from '../theme/theme.ts';
import type { Line } from './painter.ts';
import { drawLines, span, wrapText } from './painter.ts';

/** Keys stand in a column. */
const keyWidth = 8;

/** A command that is too long goes on behind a backslash, as a shell reads it. */
function commandLines(how: string, width: number): readonly Line[] {
  const pieces = how.split(/ (?=--|-n )/);
  const lines: string[] = [];
  for (const piece of pieces) {
    const last = lines.at(-1);
    if (last !== undefined && last.length + piece.length + 3 <= width)
      lines[lines.length - 1] = `${last} ${piece}`;
    else lines.push(piece);
  }
  return lines.map((line, index): Line => [
    span(index === 0 ? '  $ ' : '      '),
    span(`${line}${index < lines.length - 1 ? ' \\' : ''}`, 'strong'),
  ]);
}

function cureLines({ type, how, what }: Cure, width: number): readonly Line[] {
  if (type === 'key')
    return wrapText(what, Math.max(10, width - keyWidth - 2)).map((text, index): Line => [
      span('  '),
      span((index === 0 ? how : '').padEnd(keyWidth), 'footer.key'),
      span(text),
    ]);
  return [
    ...commandLines(how, width - 8),
    ...wrapText(what, Math.max(10, width - 6)).map((text): Line => [span('      '), span(text, 'dim')]),
  ];
}

/** All of it, each line at most `width` cells. */
export function firstScreenLines({ title, level, text, cures }: FirstScreen, width: number): readonly Line[] {
  return [
    [span(title, level === 'bad' ? 'notice.bad' : 'title')],
    [],
    ...text.flatMap((each) => wrapText(each, width).map((line): Line => [span(line)])),
    [],
    ...cures.flatMap((cure) => cureLines(cure, width)),
  ];
}

/** Paint it, from the top where it does not fit in the middle. */
export function drawFirstScreen(screen: FirstScreen, theme: Theme): Draw {
  return (context, rect) => {
    context.fill(rect, ' ', theme.style('text'));
    const width = Math.max(20, Math.min(100, rect.width - 4));
    const lines = firstScreenLines(screen, width);
    const spare = Math.max(0, Math.floor((rect.height - lines.length) / 3));
    const place = { x: rect.x + 2, y: rect.y + spare, width: rect.width - 4, height: rect.height - spare };
    drawLines(context, place, { lines, theme, scroll: 0 });
  };
}
