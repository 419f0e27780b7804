// The edge of a detail pane: a rule with its title, and a line at the left where it stands beside its list.
import type { DrawContext, Rect } from '../render/draw-context.ts';
import { isBeside } from '../state/layout.ts';
import type { PaneInput } from './pane-input.ts';
import { drawLine, ruleLine, span } from './painter.ts';

/** Paint the edge; returns what is left for the content. */
export function drawDetailFrame(
  context: DrawContext,
  rect: Rect,
  look: { readonly input: PaneInput; readonly title: string },
): Rect {
  const { state, theme } = look.input;
  const inset = isBeside(state) ? 2 : 0;
  const focused = state.focus === 'detail';
  const x = rect.x + inset;
  const width = Math.max(0, rect.width - inset);
  if (inset > 0) {
    const edge = theme.style(focused ? 'border.focus' : 'border');
    context.fill({ ...rect, width: 1 }, theme.glyph('vertical'), edge);
    context.fill({ ...rect, x: rect.x + 1, width: 1 }, ' ', theme.style('text'));
  }
  const title = span(look.title, focused ? 'border.focus' : 'title');
  drawLine(context, ruleLine(theme, [title], width), { theme, x, y: rect.y, width });
  return { x, y: rect.y + 1, width, height: Math.max(0, rect.height - 1) };
}
