// The two lines at the top: what is watched, how fresh, how complete, who may act; then the screens and the filter. Pure.
import { formatCount, formatRate, formatShare } from '../columns/format.ts';
import { accessWord } from '../state/access.ts';
import type { DataView } from '../state/data-view.ts';
import type { AppState } from '../state/state.ts';
import { screenNames } from '../state/state.ts';
import type { Theme } from '../theme/theme.ts';
import { joinParts, segment, spread } from './line.ts';
import type { Line } from './line.ts';

export interface HeaderInput {
  readonly state: AppState;
  readonly data: DataView;
  readonly theme: Theme;
  readonly width: number;
}

/** Silence after which the stream no longer counts as fresh: three status frames missed. */
const staleAfterMs = 4000;

function liveWords({ state, data, theme }: HeaderInput): Line {
  const { connection } = state;
  const silentMs = state.nowMs - connection.lastReceivedMs;
  switch (connection.state) {
    case 'connecting':
      return [segment(`${theme.glyph('stale')} connecting`, 'header.warn')];
    case 'reconnecting':
      return [segment(`${theme.glyph('stale')} reconnecting: ${connection.detail}`, 'header.bad')];
    case 'closed':
      return [segment(`${theme.glyph('stale')} closed: ${connection.detail}`, 'header.bad')];
    case 'connected':
      if (connection.lastReceivedMs > 0 && silentMs > staleAfterMs)
        return [segment(`${theme.glyph('stale')} silent ${Math.round(silentMs / 1000)} s`, 'header.warn')];
      return [segment(`${theme.glyph('live')} live ${formatRate(data.flows.totals.rate)}`, 'header.live')];
  }
}

function replayWords({ state, theme }: HeaderInput): Line {
  const position = state.replay;
  if (!position) return [segment(`${theme.glyph('stale')} opening recording`, 'header.warn')];
  const sign = theme.glyph(position.paused ? 'paused' : 'play');
  const words = position.paused ? 'replay stopped' : `replay ${position.speed}x`;
  const damage =
    position.damage === undefined
      ? []
      : [segment(`  ${theme.glyph('alert')} ${position.damage}`, 'header.bad')];
  return [segment(`${sign} ${words}`, 'header.live'), ...damage];
}

function seenWords({ data }: HeaderInput): Line {
  const { inspectedShare, opaqueShare } = data.flows.totals;
  if (inspectedShare === undefined) return [];
  const opaque = opaqueShare !== undefined && opaqueShare > 0 ? ` (${formatShare(opaqueShare)} opaque)` : '';
  return [
    segment(`seen ${formatShare(inspectedShare)}${opaque}`, inspectedShare < 0.9 ? 'header.warn' : 'header'),
  ];
}

function lostWords({ data, theme }: HeaderInput): Line {
  const { lost, lostBy } = data.flows.totals;
  if (lost === 0) return [segment('lost 0', 'dim')];
  const worst = [...lostBy].sort((a, b) => b[1] - a[1])[0]?.[0] ?? '';
  return [segment(`${theme.glyph('alert')} lost ${formatCount(lost)} ${worst}`.trimEnd(), 'header.bad')];
}

function accessWords(state: AppState): Line {
  const word = accessWord(state);
  const role = word === 'ACT' ? 'access.act' : word === 'LOCK' ? 'access.lock' : 'access.readonly';
  return [segment(word, role)];
}

/** First line. */
export function headerLine(input: HeaderInput): Line {
  const { state, theme, width } = input;
  const name = state.connection.hello?.name ?? '';
  const fresh = state.connection.kind === 'replay' ? replayWords(input) : liveWords(input);
  const left = joinParts(
    [
      { line: [segment(' api-defense', 'header.name')], drop: 4 },
      { line: name === '' ? [] : [segment(name, 'header')], drop: 1 },
      { line: fresh, drop: 0 },
      { line: seenWords(input), drop: 3 },
      { line: lostWords(input), drop: data(input) ? 0 : 2 },
    ],
    width - 7,
  );
  return spread(left, [...accessWords(state), segment(' ')], width, theme.glyph('more'));
}

const data = (input: HeaderInput): boolean => input.data.flows.totals.lost > 0;

const titles: Readonly<Record<AppState['screen'], string>> = {
  flows: 'Flows',
  graph: 'Graph',
  findings: 'Findings',
  policies: 'Policies',
};

function tabCount(screen: AppState['screen'], view: DataView): string {
  const count =
    screen === 'findings' ? view.findings.list.length : screen === 'policies' ? view.policies.list.length : 0;
  return count === 0 ? '' : ` ${formatCount(count)}`;
}

/** Second line: the screens by number, and the filter in force. */
export function tabsLine({ state, data: view, theme, width }: HeaderInput): Line {
  const tabs = screenNames.flatMap((screen, index): Line => {
    const active = screen === state.screen;
    const text = `${index + 1} ${titles[screen]}${tabCount(screen, view)}`;
    return [segment(' '), segment(text, active ? 'tab.active' : 'tab'), segment(' ')];
  });
  const progress = view.flows.filterProgress;
  const working = progress < 1 ? ` (${formatShare(progress)})` : '';
  const right: Line =
    state.filter.text === ''
      ? []
      : [segment('filter: ', 'label'), segment(state.filter.text, 'strong'), segment(`${working} `, 'dim')];
  const room = Math.max(0, width - tabs.reduce((sum, each) => sum + each.text.length, 0) - 2);
  return spread(tabs, joinedRight(right, room, theme), width, theme.glyph('more'));
}

function joinedRight(line: Line, room: number, theme: Theme): Line {
  return spread(
    [],
    line,
    Math.min(
      room,
      line.reduce((sum, each) => sum + each.text.length, 0),
    ),
    theme.glyph('more'),
  );
}
