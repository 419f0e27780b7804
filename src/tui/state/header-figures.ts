// What the header and the status line say, as words with a level each: where, how fresh, how complete, who may act.
// True even when unpleasant: stale data is called stale, loss is counted, coverage is what was seen.
import { placeWords } from '../../core/model/cluster-place.ts';
import { formatCount, formatRate, formatShare, formatShortCount, formatSpan } from '../columns/format.ts';
import { accessWord } from './access.ts';
import { changeWords } from './changes.ts';
import type { DataView } from './data-view.ts';
import type { GlyphName } from '../theme/glyphs.ts';
import { withKey } from './key-hint.ts';
import { sideWords } from './other-side.ts';
import type { AppState, Change, Notice } from './state.ts';

/** How much a figure matters; themes give each level its role. */
export type FigureLevel = 'plain' | 'dim' | 'good' | 'warn' | 'bad';

/** One figure of the header; `sign` stands before it. */
export interface Figure {
  readonly text: string;
  readonly level: FigureLevel;
  readonly sign?: GlyphName;
}

/** What the header says, figure by figure; the header drops the least important ones where room is short. */
export interface HeaderFigures {
  /** What is being watched. */
  readonly name: string;
  /** By its name it is production: never left out. */
  readonly isProduction: boolean;
  /** Live with its rate, stale, reconnecting, replay with its speed. */
  readonly feed: Figure;
  /** What is wrong with a recording; absent while nothing is. */
  readonly damage: Figure | undefined;
  /** How much of the traffic could be read; absent before any. */
  readonly coverage: Figure | undefined;
  readonly lost: Figure;
  /** Flows of which headers and bodies were not kept; absent while there are none. */
  readonly details: Figure | undefined;
  readonly access: Figure;
}

/** A live feed that said nothing for this long is stale: three status frames missed. */
const staleMs = 4000;

/** Less than this share read is worth a warning. */
const readShare = 0.9;

function replayFigure({ replay }: AppState): Figure {
  if (!replay) return { text: 'opening recording', level: 'warn', sign: 'stale' };
  return replay.paused
    ? { text: 'replay stopped', level: 'good', sign: 'paused' }
    : { text: `replay ${replay.speed}x`, level: 'good', sign: 'play' };
}

function feedFigure(state: AppState, data: DataView): Figure {
  const { connection } = state;
  if (connection.kind === 'replay') return replayFigure(state);
  const silentMs = state.nowMs - connection.lastReceivedMs;
  const age = connection.lastReceivedMs > 0 ? `, as of ${formatSpan(silentMs)} ago` : '';
  switch (connection.state) {
    case 'connecting':
      return { text: 'connecting', level: 'warn', sign: 'stale' };
    case 'reconnecting':
      return { text: `reconnecting${age}: ${connection.detail}`, level: 'bad', sign: 'stale' };
    case 'closed':
      return { text: `closed: ${firstSentence(connection.detail)}`, level: 'bad', sign: 'stale' };
    case 'connected':
      return connection.lastReceivedMs > 0 && silentMs > staleMs
        ? { text: `silent ${formatSpan(silentMs)}`, level: 'warn', sign: 'stale' }
        : { text: `live ${formatRate(data.flows.totals.rate)}`, level: 'good', sign: 'live' };
  }
}

/** The header is one line: what to do about it stands in the message below. */
const firstSentence = (text: string): string => text.split('. ', 1)[0]?.replace(/\.$/, '') ?? text;

function coverageFigure(data: DataView): Figure | undefined {
  const { inspectedShare, opaqueShare } = data.flows.totals;
  if (inspectedShare === undefined) return undefined;
  const opaque = opaqueShare !== undefined && opaqueShare > 0 ? ` (${formatShare(opaqueShare)} opaque)` : '';
  return {
    text: `seen ${formatShare(inspectedShare)}${opaque}`,
    level: inspectedShare < readShare ? 'warn' : 'plain',
  };
}

/** Where most was lost; with how much, unless it is all. */
function lostWhere(total: number, worst: readonly [string, number] | undefined): string {
  if (worst === undefined) return '';
  const [where, count] = worst;
  return count === total ? ` ${where}` : ` (${formatCount(count)} ${where})`;
}

function lostFigure({ flows: { totals } }: DataView): Figure {
  if (totals.lost === 0) return { text: 'lost 0', level: 'dim' };
  const [worst] = [...totals.lostBy].sort((a, b) => b[1] - a[1]);
  return {
    text: `lost ${formatCount(totals.lost)}${lostWhere(totals.lost, worst)}`,
    level: 'bad',
    sign: 'alert',
  };
}

const accessLevels = { ACT: 'good', LOCK: 'warn', RO: 'plain', REPLAY: 'plain' } as const;

/** Where the frame already says it, the header need not. */
function nameOf({ place, connection, framed }: AppState): string {
  if (place === undefined) return connection.hello?.name ?? '';
  return `${place.isProduction && !framed ? 'PRODUCTION ' : ''}${placeWords(place)}`;
}

/** The figures of the header for this state. */
export function headerFigures(state: AppState, data: DataView): HeaderFigures {
  const { totals } = data.flows;
  const access = accessWord(state);
  const damage = state.replay?.damage;
  return {
    name: nameOf(state),
    isProduction: state.place?.isProduction ?? false,
    feed: feedFigure(state, data),
    damage: damage === undefined ? undefined : { text: damage, level: 'bad', sign: 'alert' },
    coverage: coverageFigure(data),
    lost: lostFigure(data),
    details:
      totals.detailsNotKept === 0
        ? undefined
        : { text: `details of ${formatShortCount(totals.detailsNotKept)} not kept`, level: 'dim' },
    access: { text: access, level: accessLevels[access] },
  };
}

/** Follow, pause or browse, for the status line: `PAUSED +12,431`. */
export function followFigure(state: AppState, data: DataView): Figure {
  const { flows, replay } = state;
  if (flows.heldAt !== undefined)
    return { text: `PAUSED +${formatCount(data.flows.arrivedSince(flows.heldAt))}`, level: 'warn' };
  if (replay) return { text: replay.paused ? 'PAUSED' : 'PLAYING', level: replay.paused ? 'warn' : 'plain' };
  if (flows.follow) return { text: 'FOLLOW', level: 'good' };
  const since = flows.selected ? data.flows.arrivedSince(flows.selected.sequence) : 0;
  return { text: since > 0 ? `BROWSING, ${formatCount(since)} newer` : 'BROWSING', level: 'plain' };
}

/** How long a change is told after it was asked for: it stands where the keys are otherwise. */
const tellMs = { settled: 12_000, open: 30_000 };

/** Rows that are read stand still: how to see what an applied policy does, said where it cannot be seen. */
function seeIt(state: AppState, { kind, state: progress }: Change): string {
  const { follow, heldAt } = state.flows;
  const isSeen = state.screen !== 'flows' || (follow && heldAt === undefined);
  return kind !== 'apply' || progress !== 'stored' || isSeen
    ? ''
    : ` See it: ${withKey(state, 'follow', 'view.follow')}.`;
}

/** The sentence of the message line: a notice, else how the newest change is going. */
export function messageLine(
  state: AppState,
  data: DataView,
): { readonly level: Notice['level']; readonly text: string } | undefined {
  if (state.notice) return { level: state.notice.level, text: state.notice.text };
  const change = state.changes.at(-1);
  if (!change) return undefined;
  const { level, text, settled } = changeWords(change, data, sideWords(state));
  const told = state.nowMs - change.askedAtMs <= (settled ? tellMs.settled : tellMs.open);
  return told ? { level, text: text + seeIt(state, change) } : undefined;
}
