// What a change would have done, as lines: whose requests would flip, from which status to which, and what is not known.
import type { PreviewResult } from '../../core/policy/preview.ts';
import type { PreviewWindow } from '../../core/policy/preview-sentences.ts';
import { openText, reachText } from '../../core/policy/preview-node.ts';
import {
  answerWord,
  outcomeWord,
  previewHeadline,
  unreadHarm,
  unreadText,
} from '../../core/policy/preview-sentences.ts';
import { formatClock, formatCount, formatShare, plural } from '../columns/format.ts';
import { statusRole } from '../columns/verdict-words.ts';
import { cellWidth, padText } from '../render/visible.ts';
import type { PreviewState } from '../state/dialog.ts';
import type { Theme } from '../theme/theme.ts';
import type { PaneInput } from './pane-input.ts';
import type { Line } from './painter.ts';
import { lineWidth, span, wrapText } from './painter.ts';

/** How the lines of a preview are worded and how wide (in cells) they may be. */
export interface PreviewLook {
  readonly theme: Theme;
  readonly width: number;
  readonly utcOffsetMinutes: number;
  /** `recorded`: it ran over a whole recording, wherever the clock stands. */
  readonly over: PreviewWindow;
  /** False when no caller is meant more than another (a removal, an undo). */
  readonly focused: boolean;
  /** True for a throttle, which may change nothing because its rate was never reached. */
  readonly throttling?: boolean;
}

/** The look for a dialog of this input. */
export function previewLook(
  { theme, state }: PaneInput,
  place: Pick<PreviewLook, 'width' | 'focused' | 'throttling'>,
): PreviewLook {
  const over = state.connection.kind === 'replay' ? 'recorded' : 'seen';
  return { theme, utcOffsetMinutes: state.utcOffsetMinutes, over, ...place };
}

/** Routes spelled out; the others are counted. */
const routesShown = 6;

const shortName = (id: string): string => id.slice(id.lastIndexOf('/') + 1);

const labelled = (name: string, text: string, look: PreviewLook): Line[] => {
  const label = `${name} `.padEnd(18);
  return wrapText(text, Math.max(10, look.width - label.length)).map((line, index) => [
    span(index === 0 ? label : ' '.repeat(label.length), 'label'),
    span(line),
  ]);
};

/** `401→403 98`, one group each. */
function transitionGroups(
  transitions: PreviewResult['byRoute'][number]['transitions'],
  { theme }: PreviewLook,
): readonly Line[] {
  return transitions.map(({ from, to, count }) => [
    span(`   ${answerWord(from)}`, statusRole(from)),
    span(theme.glyph('right'), 'dim'),
    span(outcomeWord(to), statusRole(to === 0 ? undefined : to)),
    span(` ${formatCount(count)}`, 'number'),
  ]);
}

/** `head` and the groups after it, going on below (indented) where the width ends; no group is torn. */
function wrapGroups(
  head: Line,
  groups: readonly Line[],
  { width, indent }: { readonly width: number; readonly indent: number },
): readonly Line[] {
  const lines: Line[] = [];
  let line = head;
  for (const group of groups) {
    if (lineWidth(line) + lineWidth(group) > width) {
      lines.push(line);
      line = [span(' '.repeat(indent))];
    }
    line = [...line, ...group];
  }
  return [...lines, line];
}

function routeLines(result: PreviewResult, look: PreviewLook): Line[] {
  const shown = result.byRoute.slice(0, routesShown);
  const names = Math.max(0, ...shown.map(({ caller }) => cellWidth(shortName(caller))));
  const lines = shown.flatMap(({ caller, route, flips, transitions }): readonly Line[] => {
    const head: Line = [
      span(`  ${padText(shortName(caller), names)}`, 'workload'),
      span(formatCount(flips).padStart(8), 'number'),
      span(`  ${route}`, 'route'),
    ];
    return wrapGroups(head, transitionGroups(transitions, look), { width: look.width, indent: names + 12 });
  });
  const rest = result.byRoute.length - shown.length;
  return rest > 0 ? [...lines, [span(`  and ${plural(rest, 'more route')}`, 'dim')]] : lines;
}

/** Innocent successes first: it is the number that stops a hand. */
function bystanderLine(result: PreviewResult): Line {
  const count = result.othersSuccessFlips;
  const role = count === 0 ? 'notice.good' : 'notice.bad';
  const text = `${formatCount(count)} successful ${count === 1 ? 'request' : 'requests'}`;
  return [span('anyone else'.padEnd(18), 'label'), span(text, role)];
}

/** Victims named one by one. */
const victimsShown = 5;

/** The first of those it would refuse; the same request of the same second again is only counted. */
function victimLines(result: PreviewResult, look: PreviewLook): Line[] {
  const told = new Map<string, { readonly spans: Line; count: number }>();
  for (const flow of result.firstVictims.slice(0, victimsShown)) {
    const spans: Line = [
      span(formatClock(Date.parse(flow.time), look.utcOffsetMinutes), 'time'),
      span(`  ${flow.source.workload}`, 'workload'),
      span(`  ${flow.request ? `${flow.request.method} ${flow.request.path}` : 'opaque'}`, 'route'),
      span(`  ${flow.response?.status ?? ''}`, statusRole(flow.response?.status)),
    ];
    const key = spans.map(({ text }) => text).join('');
    const same = told.get(key);
    if (same) same.count++;
    else told.set(key, { spans, count: 1 });
  }
  return [...told.values()].map(({ spans, count }, index) => [
    span((index === 0 ? 'first refused' : '').padEnd(18), 'label'),
    ...spans,
    ...(count > 1 ? [span(`  ${count} times`, 'number')] : []),
  ]);
}

function openLines(result: PreviewResult, look: PreviewLook): Line[] {
  if (look.over === 'recorded') return labelled('open connections', 'not known in a recording', look);
  const total = result.openConnections.reduce((sum, { count }) => sum + count, 0);
  if (total === 0) return labelled('open now', 'no connection between them', look);
  const pairs = result.openConnections
    .map(({ pair, count }) => {
      const [source = '', destination = ''] = pair.split('>');
      return `${shortName(source)} ${look.theme.glyph('right')} ${shortName(destination)} ${formatCount(count)}`;
    })
    .join(', ');
  return labelled('open now', `${plural(total, 'connection')}: ${pairs}; ${openText(result.onNode)}`, look);
}

function windowLine(result: PreviewResult, look: PreviewLook): Line[] {
  if (result.windowStart === undefined || result.windowEnd === undefined) return [];
  const clock = (time: string): string => formatClock(Date.parse(time), look.utcOffsetMinutes);
  return labelled(
    'judged',
    look.over === 'recorded'
      ? `${result.damage === undefined ? 'the whole recording' : 'the recording up to its damage'}: ${plural(result.total, 'request')} from ${clock(result.windowStart)} to ${clock(result.windowEnd)}, each against the policies that were in force when it came`
      : `${plural(result.total, 'request')} from ${clock(result.windowStart)} to ${clock(result.windowEnd)}, by the evaluator that enforces`,
    look,
  );
}

/** It refuses nothing more and lets through what was refused. */
const isRelief = ({ toAllowed, toRefused, earlier }: PreviewResult): boolean =>
  toRefused === 0 && (toAllowed > 0 || earlier !== undefined);

/** A policy that goes: what its own verdicts say it did, and what it would have done had it been there. */
function removalLines(refused: number, earlier: number, look: PreviewLook): readonly Line[] {
  const such = refused === 0 ? '' : '; the like of them would be let through again';
  return [
    ...labelled('refused so far', `${plural(refused, 'request')}, by its own verdicts${such}`, look),
    ...(earlier === 0
      ? []
      : labelled('before it', `${plural(earlier, 'request')} that it would have refused too`, look)),
  ];
}

/** What it lets through again; else whom it would hurt. */
function harmLines(result: PreviewResult, look: PreviewLook): readonly Line[] {
  const { successTotal, successFlips } = result;
  if (result.earlier !== undefined && result.toRefused === 0)
    return removalLines(result.toAllowed, result.earlier, look);
  if (isRelief(result))
    return labelled('let through', `${plural(result.toAllowed, 'request')} that are refused with it`, look);
  const share = successTotal === 0 ? '' : ` (${formatShare(successFlips / successTotal)})`;
  const successes = `${formatCount(successFlips)} of ${formatCount(successTotal)} answered with 2xx or 3xx would be refused${share}`;
  return labelled('successes', successes, look);
}

const noneAsked =
  'Nothing in it would have gone otherwise: none of it was asked, or policies in force decide it already.';
const neverFaster =
  'Nothing in it would have gone otherwise: it never came faster than this rate allows, or was not asked at all.';

/** A preview of half a recording must not pass for one of all of it. */
function damageLines({ damage }: PreviewResult, { width }: PreviewLook): readonly Line[] {
  if (damage === undefined) return [];
  return wrapText(`Only a part of the recording was judged. ${damage}`, width).map((line): Line => [
    span(line, 'notice.bad'),
  ]);
}

/** What must be read before anything: how many, and whom else it would hurt. */
function headLines(result: PreviewResult, look: PreviewLook): readonly Line[] {
  return [
    ...wrapText(previewHeadline(result, look.focused, look.over), look.width).map((line): Line => [
      span(line, 'strong'),
    ]),
    ...damageLines(result, look),
    ...(result.flips === 0 && result.total > 0 && result.earlier === undefined
      ? wrapText(look.throttling === true ? neverFaster : noneAsked, look.width).map((line): Line => [
          span(line),
        ])
      : []),
    ...(look.focused && !isRelief(result) ? [bystanderLine(result)] : []),
  ];
}

function detailLines(result: PreviewResult, look: PreviewLook): readonly Line[] {
  const reach = reachText(result.onNode);
  return [
    ...routeLines(result, look),
    ...harmLines(result, look),
    ...(result.unreadFlips === undefined ? [] : labelled('not read', unreadHarm(result), look)),
    ...(reach === '' ? [] : labelled('on this node', reach, look)),
    ...openLines(result, look),
    ...(result.notSeen.length > 0
      ? labelled(
          'not in window',
          `${result.notSeen.slice(0, 12).map(shortName).join(', ')}: known callers that sent nothing here`,
          look,
        )
      : []),
    ...result.undecidable.flatMap(({ count, why }) =>
      labelled('cannot judge', `${plural(count, 'request')}: ${why}`, look),
    ),
    ...(result.passingUnread === undefined ? [] : labelled('passes unread', unreadText(result), look)),
    ...victimLines(result, look),
    ...windowLine(result, look),
    ...(result.truncated
      ? [[span('More callers and routes than are listed; the totals are complete.', 'dim')]]
      : []),
  ];
}

/** A preview in two parts: what is to be seen at once, and what may be scrolled to. */
export interface PreviewParts {
  readonly head: readonly Line[];
  readonly details: readonly Line[];
}

/** The parts of a preview in whichever state. */
export function previewParts(preview: PreviewState, look: PreviewLook): PreviewParts {
  return preview.type === 'done'
    ? { head: headLines(preview.result, look), details: detailLines(preview.result, look) }
    : { head: unfinishedLines(preview, look), details: [] };
}

/** Lines for a preview in whichever state. */
export function previewLines(preview: PreviewState, look: PreviewLook): readonly Line[] {
  const { head, details } = previewParts(preview, look);
  return [...head, ...details];
}

function unfinishedLines(
  preview: Exclude<PreviewState, { type: 'done' }>,
  look: PreviewLook,
): readonly Line[] {
  switch (preview.type) {
    case 'running': {
      const { done, total } = preview;
      const what = look.over === 'recorded' ? 'requests of the recording' : 'requests';
      const of = total === 0 ? '' : `: ${formatCount(done)} of ${formatCount(total)} ${what} judged`;
      const room = Math.min(40, look.width);
      const full = total === 0 ? 0 : Math.min(room, Math.round((room * done) / total));
      return [
        [span(`Working out what this would have done${of}`, 'strong')],
        [
          span(look.theme.glyph('full').repeat(full), 'bar'),
          span(look.theme.glyph('axisLine').repeat(room - full), 'dim'),
        ],
      ];
    }
    case 'failed':
      return wrapText(`The preview failed, so its effect is not known: ${preview.message}`, look.width).map(
        (line): Line => [span(line, 'notice.bad')],
      );
  }
}
