// An edge in words and signs: rate, errors, refusals, p99, age. Shared by all views of the graph.
import { formatDuration, formatRate, formatShare, formatSpan } from '../columns/format.ts';
import type { Edge } from '../state/data-view.ts';
import type { Role } from '../theme/roles.ts';
import type { Theme } from '../theme/theme.ts';
import type { Line, Span } from './painter.ts';
import { span } from './painter.ts';

/** An edge is called new for this long after it was first seen. */
const newMs = 5 * 60_000;
/** No traffic for this long: idle. */
const idleMs = 15_000;

/** The data's clock as edges need it, epoch ms: what is new and what is idle depends on it. */
export interface EdgeClock {
  readonly nowMs: number;
  /** When the data begins: what was there from the start is not called new. */
  readonly oldestMs: number;
}

/** What an edge is, worst first. */
export type EdgeMood = 'blocked' | 'throttled' | 'error' | 'opaque' | 'idle' | 'flowing';

/** The mood of the last minute. */
export function edgeMood(edge: Edge, clock: EdgeClock): EdgeMood {
  const { recent } = edge;
  if (recent.block > 0) return 'blocked';
  if (recent.throttle > 0) return 'throttled';
  if (edge.errorShare >= 0.01) return 'error';
  if (clock.nowMs - edge.lastSeenMs > idleMs) return 'idle';
  return edge.opaque ? 'opaque' : 'flowing';
}

/** The role of each mood; its sign and words are edgeMarks' and arrow's. */
export const moodRoles: Readonly<Record<EdgeMood, Role>> = {
  blocked: 'graph.blocked',
  throttled: 'graph.throttled',
  error: 'graph.error',
  opaque: 'opaque',
  idle: 'graph.idle',
  flowing: 'graph.edge',
};

/** True for an edge that was not there when the data began. */
export function isNew(edge: Edge, clock: EdgeClock): boolean {
  return clock.nowMs - edge.firstSeenMs < newMs && edge.firstSeenMs - clock.oldestMs > 60_000;
}

/** Signs and words after the rate: `✖ 100 % blocked`, `! 2 % errors`, `◇ opaque`, `✦ NEW 3m`. */
export function edgeMarks(edge: Edge, theme: Theme, clock: EdgeClock): readonly Span[] {
  const { recent } = edge;
  const whole = recent.allow + recent.block + recent.throttle + recent.redact;
  const marks: Span[] = [];
  if (recent.block > 0)
    marks.push(span(`${theme.glyph('block')} ${formatShare(recent.block / whole)} blocked`, 'graph.blocked'));
  if (recent.throttle > 0)
    marks.push(
      span(`${theme.glyph('throttle')} ${formatShare(recent.throttle / whole)} throttled`, 'graph.throttled'),
    );
  if (recent.shadow > 0)
    marks.push(span(`${theme.glyph('shadow')} ${formatShare(recent.shadow / whole)} would flip`, 'shadow'));
  if (edge.errorShare > 0)
    marks.push(span(`${theme.glyph('alert')} ${formatShare(edge.errorShare)} errors`, 'graph.error'));
  if (edge.opaque) marks.push(span(`${theme.glyph('opaque')} opaque`, 'opaque'));
  if (isNew(edge, clock))
    marks.push(span(`${theme.glyph('new')} NEW ${formatSpan(clock.nowMs - edge.firstSeenMs)}`, 'new'));
  return marks;
}

/** Rate and marks, and p99 where there is room. */
export function edgeLine(
  edge: Edge,
  theme: Theme,
  look: { readonly clock: EdgeClock; readonly p99: boolean },
): Line {
  const p99 = look.p99 && edge.p99Ms !== undefined ? [span(` p99 ${formatDuration(edge.p99Ms)}`, 'dim')] : [];
  const marks = edgeMarks(edge, theme, look.clock).flatMap((mark) => [span('  '), mark]);
  return [span(formatRate(edge.rate).padStart(8), 'number'), ...p99, ...marks];
}

/** The arrow of an edge, `cells` wide: its line says how much, its middle whether it gets through. */
export function arrow(
  edge: Edge,
  theme: Theme,
  look: { readonly clock: EdgeClock; readonly cells: number },
): Span {
  const mood = edgeMood(edge, look.clock);
  const weight = edge.rate >= 100 ? 'double' : edge.rate >= 10 ? 'heavy' : 'horizontal';
  const signs = { blocked: 'horizontal', throttled: 'dotted', opaque: 'dotted', idle: 'idle' } as const;
  const sign = theme.glyph(mood === 'flowing' || mood === 'error' ? weight : signs[mood]);
  const shaft = Math.max(1, look.cells - 1);
  const drawn = sign.repeat(shaft);
  const middle = Math.floor(shaft / 2);
  const text =
    mood === 'blocked' ? `${drawn.slice(0, middle)}${theme.glyph('cut')}${drawn.slice(middle + 1)}` : drawn;
  return span(text + theme.glyph('head'), moodRoles[mood]);
}

/** A sign, what it says and in which role. */
type Meaning = readonly [sign: string, words: string, role: Role];

/** Signs with their meanings on one line; ASCII has fewer of them, so that one may say several things. */
function legend(meanings: readonly Meaning[]): Line {
  const bySign = new Map<string, { readonly role: Role; readonly words: string[] }>();
  for (const [sign, words, role] of meanings) {
    const known = bySign.get(sign);
    if (known) known.words.push(words);
    else bySign.set(sign, { role, words: [words] });
  }
  return [...bySign].map(([sign, { role, words }]) => span(` ${sign} ${words.join(', ')} `, role));
}

/** What the arrows say, each sign with its meaning. */
export function arrowLegend(theme: Theme): Line {
  return legend([
    [theme.glyph('horizontal'), 'under 10/s', 'graph.edge'],
    [theme.glyph('heavy'), '10/s', 'graph.edge'],
    [theme.glyph('double'), '100/s', 'graph.edge'],
    [theme.glyph('cut'), 'blocked', 'graph.blocked'],
    [theme.glyph('dotted'), 'throttled, opaque', 'graph.throttled'],
    [theme.glyph('idle'), 'idle', 'graph.idle'],
  ]);
}

/** What the cells of the matrix say, each sign with its meaning. */
export function cellLegend(theme: Theme): Line {
  return legend([
    [theme.glyph('shades'), 'requests', 'graph.edge'],
    [theme.glyph('alert'), 'errors', 'graph.error'],
    ['E', 'over 10 % errors', 'graph.error'],
    [theme.glyph('block'), 'blocked', 'graph.blocked'],
    [theme.glyph('throttle'), 'throttled', 'graph.throttled'],
  ]);
}
