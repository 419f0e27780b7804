// The graph as a list (also for screen readers) and as a matrix: the views for many workloads.
import { formatCount, formatDuration, formatRate, formatShare } from '../columns/format.ts';
import type { WorkloadId } from '../../core/model/brand.ts';
import type { DrawContext, Rect } from '../render/draw-context.ts';
import { cellWidth, fitText, padText } from '../render/visible.ts';
import type { Edge } from '../state/data-view.ts';
import type { Matrix } from '../state/graph-selectors.ts';
import { clamp } from '../state/handler.ts';
import type { Theme } from '../theme/theme.ts';
import type { Role } from '../theme/roles.ts';
import type { EdgeClock } from './edge-words.ts';
import { cellLegend, edgeMarks, edgeMood, moodRoles } from './edge-words.ts';
import type { Line } from './painter.ts';
import { drawLine, scrollTop, span } from './painter.ts';

interface ListLook {
  readonly theme: Theme;
  readonly clock: EdgeClock;
  readonly cursor: number;
}

const cell = (text: string, width: number, theme: Theme): string =>
  padText(fitText(text, width, theme.glyph('more')), width);

interface Figure {
  readonly title: string;
  /** Fewest cells of the pane for it to be shown. */
  readonly from: number;
  readonly cell: (edge: Edge) => string;
}

const figureWidth = 10;
const latency = (ms: number | undefined): string => (ms === undefined ? '-' : formatDuration(ms));

const allFigures: readonly Figure[] = [
  { title: 'RATE', from: 0, cell: (edge) => formatRate(edge.rate) },
  { title: 'TOTAL', from: 100, cell: (edge) => formatCount(edge.total) },
  { title: 'P50', from: 110, cell: (edge) => latency(edge.p50Ms) },
  { title: 'P99', from: 72, cell: (edge) => latency(edge.p99Ms) },
];

/** How the list fits its width. */
interface ListFrame {
  readonly nameWidth: number;
  readonly figures: readonly Figure[];
}

/** One edge as a row: who → whom, rate, total, latency, marks. */
function listLine(edge: Edge, look: ListLook, { nameWidth, figures }: ListFrame): Line {
  const { theme, clock } = look;
  const role = moodRoles[edgeMood(edge, clock)];
  return [
    span(cell(edge.from.workload, nameWidth, theme), 'workload'),
    span(` ${theme.glyph('right')} `, role),
    span(cell(edge.to.workload, nameWidth, theme), 'workload'),
    ...figures.map((figure) => span(figure.cell(edge).padStart(figureWidth), 'number')),
    ...edgeMarks(edge, theme, clock).flatMap((mark) => [span('  '), mark]),
  ];
}

/** Cells for a name: what the longest one takes, as far as figures and marks leave room for two. */
function namesWidth(edges: readonly Edge[], width: number): number {
  const longest = edges.reduce(
    (most, { from, to }) => Math.max(most, cellWidth(from.workload), cellWidth(to.workload)),
    0,
  );
  return clamp(longest, 12, clamp(Math.floor((width - 44) / 2), 12, 30));
}

/** Paint all edges as a list. */
export function drawEdgeList(
  context: DrawContext,
  rect: Rect,
  { edges, ...look }: ListLook & { readonly edges: readonly Edge[] },
): void {
  const { theme } = look;
  const nameWidth = namesWidth(edges, rect.width);
  const figures = allFigures.filter((figure) => rect.width >= figure.from);
  const titles = figures.map((figure) => figure.title.padStart(figureWidth)).join('');
  const head = `  ${'FROM'.padEnd(nameWidth + 3)}${'TO'.padEnd(nameWidth)}${titles}`;
  context.text(rect.x, rect.y, head, theme.style('table.head'), rect.width, true);
  const room = Math.max(1, rect.height - 1);
  const cursor = clamp(look.cursor, 0, edges.length - 1);
  const first = scrollTop(edges.length, room, Math.max(0, cursor - Math.floor(room / 2)));
  for (let line = 0; line < room; line++) {
    const edge = edges[first + line];
    const on = edge !== undefined && first + line === cursor;
    const place = {
      theme,
      x: rect.x,
      y: rect.y + 1 + line,
      width: rect.width,
      ...(on ? ({ on: 'selection' } as const) : {}),
    };
    const sign = span(on ? `${theme.glyph('cursor')} ` : '  ', 'strong');
    drawLine(context, edge ? [sign, ...listLine(edge, look, { nameWidth, figures })] : [], place);
  }
}

/** Sign and role of a matrix cell: how much by shade, refusals and errors by sign. */
function matrixCell(edge: Edge | undefined, most: number, look: ListLook): { text: string; role: Role } {
  const { theme, clock } = look;
  if (!edge) return { text: ' ', role: 'dim' };
  const mood = edgeMood(edge, clock);
  if (mood === 'blocked') return { text: theme.glyph('block'), role: 'graph.blocked' };
  if (mood === 'throttled') return { text: theme.glyph('throttle'), role: 'graph.throttled' };
  if (mood === 'error')
    return edge.errorShare > 0.1
      ? { text: 'E', role: 'graph.error' }
      : { text: theme.glyph('alert'), role: 'graph.error' };
  const shades = Array.from(theme.glyph('shades'));
  const share = most === 0 ? 0 : Math.log1p(edge.rate) / Math.log1p(most);
  const shade = shades[clamp(Math.floor(share * shades.length), 0, shades.length - 1)] ?? '.';
  return { text: shade, role: moodRoles[mood] };
}

/** The sentence under the matrix: what the cursor is on. */
function matrixFoot(edge: Edge | undefined, names: readonly [string, string], look: ListLook): Line {
  const { theme, clock } = look;
  const who = span(`${names[0]} ${theme.glyph('right')} ${names[1]}`, 'strong');
  if (!edge) return [who, span('  no traffic seen', 'dim')];
  return [
    who,
    span(`  ${formatRate(edge.rate)}`, 'number'),
    span(`  ${formatShare(edge.refusedShare)} refused`, 'dim'),
    ...edgeMarks(edge, theme, clock).flatMap((mark) => [span('  '), mark]),
  ];
}

/** What of the matrix fits, and where. */
interface MatrixFrame {
  readonly rect: Rect;
  readonly nameWidth: number;
  readonly row: number;
  readonly column: number;
  readonly firstRow: number;
  readonly firstColumn: number;
  readonly sources: readonly WorkloadId[];
  readonly destinations: readonly WorkloadId[];
  readonly look: ListLook;
}

/** Cells of one column of the matrix, and of the legend that names them. */
const columnCells = 3;
const legendCells = 26;

const shortName = (id: string | undefined): string => id?.slice(id.lastIndexOf('/') + 1) ?? '';

function frameOf(rect: Rect, matrix: Matrix, look: ListLook & { readonly column: number }): MatrixFrame {
  const nameWidth = clamp(Math.floor(rect.width / 4), 10, 24);
  const columns = Math.max(1, Math.floor((rect.width - nameWidth - legendCells) / columnCells));
  const rows = Math.max(1, rect.height - 2);
  const row = clamp(look.cursor, 0, matrix.sources.length - 1);
  const column = clamp(look.column, 0, matrix.destinations.length - 1);
  const firstRow = scrollTop(matrix.sources.length, rows, Math.max(0, row - rows + 1));
  const firstColumn = scrollTop(matrix.destinations.length, columns, Math.max(0, column - columns + 1));
  return {
    rect,
    nameWidth,
    row,
    column,
    firstRow,
    firstColumn,
    sources: matrix.sources.slice(firstRow, firstRow + rows),
    destinations: matrix.destinations.slice(firstColumn, firstColumn + columns),
    look,
  };
}

const columnX = (frame: MatrixFrame, index: number): number =>
  frame.rect.x + frame.nameWidth + 3 + index * columnCells;

/** Numbers over the columns, and beside the table which destination each number is. */
function drawMatrixHead(context: DrawContext, frame: MatrixFrame): void {
  const { rect, look, destinations } = frame;
  const { theme } = look;
  const legendX = columnX(frame, destinations.length) + 2;
  context.text(rect.x, rect.y, '  CALLERS', theme.style('table.head'), rect.width, true);
  for (const [index, destination] of destinations.entries()) {
    const number = String(frame.firstColumn + index + 1).padStart(2);
    const on = frame.firstColumn + index === frame.column;
    context.text(columnX(frame, index), rect.y, number, theme.style(on ? 'table.sort' : 'table.head'), 2);
    if (index >= rect.height - 2) continue;
    const room = Math.max(0, rect.x + rect.width - legendX);
    const name = fitText(`${number} ${shortName(destination)}`, room, theme.glyph('more'));
    context.text(legendX, rect.y + 1 + index, name, theme.style(on ? 'strong' : 'dim'), room);
  }
}

function drawMatrixRow(
  context: DrawContext,
  frame: MatrixFrame,
  at: { index: number; most: number; matrix: Matrix },
): void {
  const { rect, look, destinations } = frame;
  const { theme } = look;
  const source = frame.sources[at.index];
  if (source === undefined) return;
  const y = rect.y + 1 + at.index;
  const onRow = frame.firstRow + at.index === frame.row;
  context.text(rect.x, y, onRow ? theme.glyph('cursor') : '', theme.style('strong'), 2);
  const name = fitText(shortName(source), frame.nameWidth, theme.glyph('more'));
  context.text(rect.x + 2, y, name, theme.style(onRow ? 'strong' : 'workload'), frame.nameWidth);
  for (const [index, destination] of destinations.entries()) {
    const { text, role } = matrixCell(at.matrix.edge(source, destination), at.most, look);
    const on = onRow && frame.firstColumn + index === frame.column;
    const style = on ? theme.styleOn(role, 'selection') : theme.style(role);
    context.text(columnX(frame, index), y, ` ${text} `, style, columnCells);
  }
}

/** Paint callers down, destinations across (numbered, their names beside the table), and what the cursor is on below. */
export function drawMatrix(
  context: DrawContext,
  rect: Rect,
  { matrix, ...look }: ListLook & { readonly matrix: Matrix; readonly column: number },
): void {
  const frame = frameOf(rect, matrix, look);
  let most = 0;
  for (const source of frame.sources)
    for (const destination of frame.destinations)
      most = Math.max(most, matrix.edge(source, destination)?.rate ?? 0);
  context.fill(rect, ' ', look.theme.style('text'));
  drawMatrixHead(context, frame);
  for (let index = 0; index < frame.sources.length; index++)
    drawMatrixRow(context, frame, { index, most, matrix });
  const place = { theme: look.theme, x: rect.x + 2, width: rect.width - 2 };
  const bottom = rect.y + rect.height - 1;
  const taken = 1 + Math.max(frame.sources.length, frame.destinations.length);
  if (taken + 3 < rect.height) drawLine(context, cellLegend(look.theme), { ...place, y: bottom - 2 });
  const source = matrix.sources[frame.row];
  const destination = matrix.destinations[frame.column];
  const edge =
    source !== undefined && destination !== undefined ? matrix.edge(source, destination) : undefined;
  const foot = matrixFoot(edge, [shortName(source), shortName(destination)], look);
  drawLine(context, foot, { ...place, y: bottom });
}
