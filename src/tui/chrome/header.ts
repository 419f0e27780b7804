// The two lines at the top: what is watched, how fresh, how complete, who may act; then the screens and the filter. Pure.
import { formatCount, formatShare } from '../columns/format.ts';
import type { DataView } from '../state/data-view.ts';
import { headerFigures } from '../state/header-figures.ts';
import type { Figure, FigureLevel } from '../state/header-figures.ts';
import type { AppState } from '../state/state.ts';
import { screenNames } from '../state/state.ts';
import type { Role } from '../theme/roles.ts';
import type { Theme } from '../theme/theme.ts';
import { joinParts, segment, spread } from './line.ts';
import type { Line } from './line.ts';

/** What the two head lines are made from; `width` in cells. */
export interface HeaderInput {
  readonly state: AppState;
  readonly data: DataView;
  readonly theme: Theme;
  readonly width: number;
}

const roles: Readonly<Record<FigureLevel, Role>> = {
  plain: 'header',
  dim: 'dim',
  good: 'header.live',
  warn: 'header.warn',
  bad: 'header.bad',
};

function figureLine(figure: Figure | undefined, theme: Theme): Line {
  if (figure === undefined) return [];
  const sign = figure.sign === undefined ? '' : `${theme.glyph(figure.sign)} `;
  return [segment(sign + figure.text, roles[figure.level])];
}

const accessRoles: Readonly<Record<string, Role>> = { ACT: 'access.act', LOCK: 'access.lock' };

/** First line: what goes first when room is short is what nobody has to act on. */
export function headerLine({ state, data, theme, width }: HeaderInput): Line {
  const figures = headerFigures(state, data);
  const { name, feed, damage, coverage, lost, details, access, isProduction } = figures;
  const left = joinParts(
    [
      { line: [segment(' api-defense', 'header.name')], drop: 4 },
      {
        line: name === '' ? [] : [segment(name, isProduction ? 'header.bad' : 'header')],
        drop: state.place ? 0 : 2,
      },
      { line: figureLine(feed, theme), drop: 0 },
      { line: figureLine(damage, theme), drop: 0 },
      { line: figureLine(coverage, theme), drop: 3 },
      { line: figureLine(lost, theme), drop: lost.level === 'bad' ? 0 : 5 },
      { line: figureLine(details, theme), drop: 1 },
    ],
    width - access.text.length - 3,
  );
  const word = segment(access.text, accessRoles[access.text] ?? 'access.readonly');
  return spread([left, [word, segment(' ')]], width, theme.glyph('more'));
}

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
  return spread([tabs, joinedRight(right, room, theme)], width, theme.glyph('more'));
}

function joinedRight(line: Line, room: number, theme: Theme): Line {
  return spread(
    [[], line],
    Math.min(
      room,
      line.reduce((sum, each) => sum + each.text.length, 0),
    ),
    theme.glyph('more'),
  );
}
