// What the header and the status line say, as words with a level each: where, how fresh, how complete, who may act.
// True even when unpleasant: stale data is called stale, loss is counted, coverage is what was seen.
import { formatCount, formatRate, formatShare, formatShortCount, formatSpan } from '../columns/format.ts';
import { accessWord } from './access.ts';
import { changeWords } from './changes.ts';
import type { DataView } from './data-view.ts';
import type { AppState, Notice } from './state.ts';

export type FigureLevel = 'plain' | 'good' | 'warn' | 'bad';

/** One figure of the header. */
export interface Figure {
  readonly text: string;
  readonly level: FigureLevel;
}

export interface HeaderFigures {
  /** What is being watched. */
  readonly name: string;
  /** Live, stale, reconnecting, replay; with the rate. */
  readonly feed: Figure;
  readonly coverage: Figure;
  readonly lost: Figure;
  /** Flows no longer held here, absent while all are. */
  readonly dropped: Figure | undefined;
  readonly access: Figure;
  /** Numbers beside the tabs: findings of medium or higher severity, policies in force. */
  readonly findings: number;
  readonly policies: number;
  readonly rejected: number;
}

/** A live feed that said nothing for this long (status comes each second) is stale. */
const staleMs = 5000;

function feedFigure(state: AppState, data: DataView): Figure {
  const { connection } = state;
  const rate = formatRate(data.flows.totals.rate);
  if (connection.kind === 'replay') return { text: `replay ${rate}`, level: 'plain' };
  switch (connection.state) {
    case 'connecting':
      return { text: 'connecting', level: 'warn' };
    case 'reconnecting': {
      const age = formatSpan(state.nowMs - connection.lastReceivedMs);
      return { text: `AWAY, as of ${age} ago`, level: 'bad' };
    }
    case 'closed':
      return { text: 'ENDED', level: 'bad' };
    case 'connected': {
      const age = state.nowMs - connection.lastReceivedMs;
      if (connection.lastReceivedMs > 0 && age > staleMs)
        return { text: `STALE ${formatSpan(age)}`, level: 'warn' };
      return { text: `live ${rate}`, level: 'good' };
    }
  }
}

function coverageFigure(data: DataView): Figure {
  const { inspectedShare, opaqueShare } = data.flows.totals;
  if (inspectedShare === undefined) return { text: 'seen -', level: 'plain' };
  const opaque = opaqueShare !== undefined && opaqueShare > 0 ? ` (${formatShare(opaqueShare)} opaque)` : '';
  return { text: `read ${formatShare(inspectedShare)}${opaque}`, level: opaque === '' ? 'plain' : 'warn' };
}

const notable = new Set(['medium', 'high', 'critical']);
const accessLevels = { ACT: 'good', LOCK: 'warn', RO: 'plain', REPLAY: 'plain' } as const;

/** The figures of the header for this state. */
export function headerFigures(state: AppState, data: DataView): HeaderFigures {
  const { totals } = data.flows;
  const access = accessWord(state);
  const states = data.policies.list.map((policy) => policy.state);
  return {
    name: state.connection.hello?.name ?? (state.connection.kind === 'replay' ? 'recording' : ''),
    feed: feedFigure(state, data),
    coverage: coverageFigure(data),
    lost: {
      text: `lost ${formatShortCount(totals.lost)}`,
      level: totals.lost > 0 ? 'bad' : 'plain',
    },
    dropped:
      totals.dropped > 0
        ? {
            text: `holding ${formatShortCount(totals.held)} of ${formatShortCount(totals.flows)}`,
            level: 'plain',
          }
        : undefined,
    access: { text: access, level: accessLevels[access] },
    findings: data.findings.list.filter((finding) => notable.has(finding.severity)).length,
    policies: states.filter((each) => each === 'active').length,
    rejected: states.filter((each) => each === 'rejected').length,
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

/** The sentence of the message line: a notice, else how the newest change is going. */
export function messageLine(
  state: AppState,
  data: DataView,
): { readonly level: Notice['level']; readonly text: string } | undefined {
  if (state.notice) return { level: state.notice.level, text: state.notice.text };
  const change = state.changes.at(-1);
  if (!change) return undefined;
  const { level, text, settled } = changeWords(change, data);
  const told = state.nowMs - change.askedAtMs <= (settled ? tellMs.settled : tellMs.open);
  return told ? { level, text } : undefined;
}
