// The ego view: who calls the focused workload at the left, whom it calls at the right, figures and verdicts on each edge.
import { formatRate, formatShare, plural } from '../columns/format.ts';
import type { Endpoint } from '../../core/model/event.ts';
import type { DrawContext, Rect } from '../render/draw-context.ts';
import { cellWidth, fitText } from '../render/visible.ts';
import type { Edge } from '../state/data-view.ts';
import type { Ego } from '../state/graph-selectors.ts';
import { egoCursor } from '../state/graph-selectors.ts';
import type { Theme } from '../theme/theme.ts';
import type { EdgeClock } from './edge-words.ts';
import { arrow, arrowLegend, edgeLine, edgeMood, moodRoles } from './edge-words.ts';
import type { PaneInput } from './pane-input.ts';
import type { Line } from './painter.ts';
import { drawLine, scrollTop, span } from './painter.ts';

interface Columns {
  /** Width of one side: name and figures. */
  readonly side: number;
  readonly arrow: number;
  readonly box: number;
  /** True when figures have a line of their own under the name. */
  readonly twoLines: boolean;
  /** Lines an edge takes. */
  readonly step: number;
}

function columnsFor(width: number): Columns {
  const arrowWidth = width >= 120 ? 7 : 4;
  const box = Math.max(16, Math.min(28, Math.floor(width * 0.2)));
  const side = Math.floor((width - box - 2 * arrowWidth - 2) / 2);
  const twoLines = side < 66;
  return { side, arrow: arrowWidth, box, twoLines, step: twoLines ? 2 : 1 };
}

/** The lines of one edge at its side: name, then figures beside or under it. */
function edgeLines(edge: Edge, other: 'from' | 'to', look: SideLook): readonly Line[] {
  const { theme, clock, columns } = look;
  const mood = edgeMood(edge, clock);
  const role =
    mood === 'blocked' || mood === 'throttled' || mood === 'error' ? moodRoles[mood] : 'graph.node';
  const name = edge[other].workload;
  if (columns.twoLines)
    return [
      [span(fitText(name, columns.side - 2, theme.glyph('more')), role)],
      edgeLine(edge, theme, { clock, p99: columns.side >= 34 }),
    ];
  const nameWidth = Math.min(24, columns.side - 34);
  const shown = fitText(name, nameWidth, theme.glyph('more'));
  const pad = ' '.repeat(Math.max(0, nameWidth - cellWidth(shown)));
  return [[span(shown + pad, role), ...edgeLine(edge, theme, { clock, p99: true })]];
}

/** What both sides and the focus share. */
interface SideLook {
  readonly theme: Theme;
  readonly clock: EdgeClock;
  readonly columns: Columns;
}

interface Side extends SideLook {
  readonly edges: readonly Edge[];
  readonly which: 'callers' | 'callees';
  readonly title: string;
  /** Left edge of names and of arrows. */
  readonly x: number;
  readonly arrowX: number;
  /** Cursor row on this side, -1 for none. */
  readonly cursor: number;
}

function drawSide(context: DrawContext, rect: Rect, side: Side): void {
  const { theme, clock, columns } = side;
  const room = Math.max(1, Math.floor((rect.height - 1) / columns.step));
  const first = scrollTop(side.edges.length, room, Math.max(0, side.cursor - room + 1));
  const hidden = side.edges.length - room;
  const more = hidden > 0 ? `  ${first + 1}-${first + room} of ${side.edges.length}` : '';
  const place = { theme, x: side.x, width: columns.side };
  drawLine(context, [span(side.title, 'title'), span(more, 'dim')], { ...place, y: rect.y });
  for (const [index, edge] of side.edges.slice(first, first + room).entries()) {
    const y = rect.y + 1 + index * columns.step;
    const on = first + index === side.cursor;
    for (const [line, content] of edgeLines(edge, side.which === 'callers' ? 'from' : 'to', side).entries()) {
      const sign = on && line === 0 ? `${theme.glyph('cursor')} ` : '  ';
      const bar = on ? ({ on: 'selection' } as const) : {};
      drawLine(context, [span(sign, 'strong'), ...content], { ...place, ...bar, y: y + line });
    }
    const drawn = arrow(edge, theme, { clock, cells: columns.arrow });
    context.text(side.arrowX, y, drawn.text, theme.style(drawn.role), columns.arrow);
  }
  if (side.edges.length === 0) drawLine(context, [span('  none seen', 'dim')], { ...place, y: rect.y + 1 });
}

/** Kind and namespace, on a line each where one is too short for both. */
function placeLines({ kind = 'workload', namespace }: Endpoint, width: number): readonly Line[] {
  const both = `${kind}, ${namespace}`;
  const texts = both.length <= width ? [both] : [kind, namespace];
  return texts.map((text) => [span(text, 'dim')]);
}

/** Lines inside the box of the focus. */
function focusLines(ego: Ego, theme: Theme, width: number): readonly Line[] {
  const { focus } = ego;
  const coverage = focus.identity?.coverage;
  return [
    [span(fitText(focus.endpoint.workload, width, theme.glyph('more')), 'graph.focus')],
    ...placeLines(focus.endpoint, width),
    [span(`in  ${formatRate(focus.rateIn)}`, 'number')],
    [span(`out ${formatRate(focus.rateOut)}`, 'number')],
    [
      focus.errorShare > 0
        ? span(`${theme.glyph('alert')} ${formatShare(focus.errorShare)} errors`, 'graph.error')
        : span('no errors', 'dim'),
    ],
    [span(focus.routes === 0 ? 'no routes seen' : plural(focus.routes, 'route'), 'dim')],
    ...(coverage === undefined ? [] : [[span(coverage, 'dim')]]),
  ];
}

function drawFocus(
  context: DrawContext,
  rect: Rect,
  { ego, theme, on }: { readonly ego: Ego; readonly theme: Theme; readonly on: boolean },
): void {
  const lines = focusLines(ego, theme, rect.width - 4);
  const height = Math.min(rect.height, lines.length + 2);
  const border = theme.style(on ? 'border.focus' : 'border');
  const across = theme.glyph('horizontal').repeat(Math.max(0, rect.width - 2));
  context.text(rect.x, rect.y, theme.glyph('topLeft') + across + theme.glyph('topRight'), border, rect.width);
  for (let row = 1; row < height - 1; row++) {
    context.text(rect.x, rect.y + row, theme.glyph('vertical'), border, 1);
    context.text(rect.x + rect.width - 1, rect.y + row, theme.glyph('vertical'), border, 1);
    const line = lines[row - 1] ?? [];
    const place = { theme, x: rect.x + 2, y: rect.y + row, width: rect.width - 4 };
    drawLine(context, line, on && row === 1 ? { ...place, on: 'selection' } : place);
  }
  const foot = theme.glyph('bottomLeft') + across + theme.glyph('bottomRight');
  context.text(rect.x, rect.y + height - 1, foot, border, rect.width);
}

/** Paint the ego view into `rect`. */
export function drawEgo(
  context: DrawContext,
  rect: Rect,
  view: { readonly ego: Ego; readonly input: PaneInput; readonly clock: EdgeClock },
): void {
  const { ego, input, clock } = view;
  const { theme } = input;
  const columns = columnsFor(rect.width);
  const look: SideLook = { theme, clock, columns };
  const cursor = egoCursor(input.state, ego);
  const rowOn = (side: 'callers' | 'callees'): number => (cursor.column === side ? cursor.row : -1);
  const boxX = rect.x + columns.side + columns.arrow + 1;
  const callers: Side = {
    ...look,
    edges: ego.callers,
    which: 'callers',
    title: ` callers ${ego.callers.length}`,
    x: rect.x,
    arrowX: rect.x + columns.side,
    cursor: rowOn('callers'),
  };
  const callees: Side = {
    ...look,
    edges: ego.callees,
    which: 'callees',
    title: ` callees ${ego.callees.length}`,
    x: boxX + columns.box + columns.arrow + 1,
    arrowX: boxX + columns.box,
    cursor: rowOn('callees'),
  };
  drawSide(context, rect, callers);
  drawSide(context, rect, callees);
  const box = { x: boxX, y: rect.y, width: columns.box, height: Math.min(rect.height, 11) };
  drawFocus(context, box, { ego, theme, on: cursor.column === 'focus' });
  const taken = Math.max(box.height, 1 + columns.step * Math.max(ego.callers.length, ego.callees.length));
  const y = rect.y + rect.height - 1;
  if (taken + 1 < rect.height)
    drawLine(context, arrowLegend(theme), { theme, x: rect.x, y, width: rect.width });
}
