// The policies screen: what the agent reports of each, its countdown and counters, and the one under the cursor in full.
import type { PolicyEvent } from '../../core/model/event.ts';
import { keeping, placeColumns } from '../columns/column.ts';
import { formatClock, formatCount, formatSpan } from '../columns/format.ts';
import type { PolicyRow } from '../columns/policy-columns.ts';
import { expiryText, policyColumnsOf, policyHits, policyLastHitMs } from '../columns/policy-columns.ts';
import type { Draw } from '../render/draw-context.ts';
import { clockMs } from '../state/access.ts';
import { withKey } from '../state/key-hint.ts';
import { cursorPolicy, listIndex, policyKeys, policyRow, shownPolicies } from '../state/list-cursor.ts';
import type { AppState } from '../state/state.ts';
import { policyLines } from '../state/update-policies.ts';
import { drawDetailFrame } from './detail-frame.ts';
import type { PaneInput } from './pane-input.ts';
import { cellEnv } from './pane-input.ts';
import type { Line } from './painter.ts';
import { drawEmpty, drawLine, drawLines, scrollTop, span, wrapText } from './painter.ts';
import { columnsWidth, drawTable, sortMark } from './table.ts';
import { yamlLine } from './yaml-lines.ts';

function emptyWords(state: AppState): string {
  const { policies, state: connected } = state.connection;
  if (policies !== undefined)
    return `Which policies there are is not known: ${policies.message} ${policies.hint}`;
  if (state.place !== undefined && connected === 'connecting') return 'Policies are still being read …';
  return `No policies: everything is let through. ${withKey(state, 'Block', 'flow.block')} or ${withKey(state, 'throttle', 'flow.throttle')} on a flow drafts one and shows its effect first.`;
}

/** Of a cluster whose policies cannot be read now: since when, and why. */
function staleText({ connection: { policies }, nowMs }: AppState): string | undefined {
  if (policies === undefined) return undefined;
  const age =
    policies.sinceMs === undefined ? 'Not up to date' : `As of ${formatSpan(nowMs - policies.sinceMs)} ago`;
  return `${age}: ${policies.message}`;
}

/** Paint the list of policies. */
export function drawPolicies(input: PaneInput): Draw {
  const { state, data, theme } = input;
  const list = shownPolicies(state, data);
  if (list.length === 0) return drawEmpty(theme, emptyWords(state));
  const stale = staleText(state);
  return (context, whole) => {
    const rect = stale === undefined ? whole : { ...whole, y: whole.y + 1, height: whole.height - 1 };
    if (stale !== undefined) drawLine(context, [span(stale, 'notice.bad')], { theme, ...whole });
    const cursor = listIndex(policyKeys(state, data), state.policies);
    const room = Math.max(1, rect.height - 1);
    drawTable(context, rect, {
      columns: placeColumns(
        keeping(policyColumnsOf(state.place !== undefined), state.policies.sort?.column),
        columnsWidth(rect.width),
      ),
      env: cellEnv(input),
      row: (index) => {
        const event = list[index];
        return event && policyRow(event, data);
      },
      first: scrollTop(list.length, room, Math.max(0, cursor - Math.floor(room / 2))),
      cursor,
      focused: state.focus === 'list',
      sorted: sortMark(state.policies.sort),
    });
  };
}

/** In a cluster objects are written by people; what has become of them is their conditions' to say. */
const clusterSentences: Readonly<Record<PolicyEvent['state'], string>> = {
  active: 'Enforce: what stands of it is said below.',
  shadow: 'Shadow: agents judge by it and report what it would do; nothing is refused.',
  off: 'Off: written, but agents do nothing with it.',
  rejected: 'Rejected whole: no part of it is enforced. The other policies stand.',
  expired: 'Its time has passed: agents no longer enforce it.',
  removed: 'Removed.',
};

const stateSentences: Readonly<Record<PolicyEvent['state'], string>> = {
  active: 'Active: loaded and enforced by this agent.',
  shadow: 'Shadow: the agent judges by it and reports what it would do; nothing is refused.',
  off: 'Off: stored, but the agent does nothing with it.',
  rejected: 'Rejected whole: the agent does not enforce any part of it. The other policies stand.',
  expired: 'Its time has passed: the agent no longer enforces it.',
  removed: 'Removed.',
};

function hitsText(row: PolicyRow, input: PaneInput): string {
  const last = policyLastHitMs(row);
  const when = last === 0 ? '' : `, last ${formatClock(last, input.state.utcOffsetMinutes)}`;
  const verb = row.event.state === 'shadow' ? 'would have decided' : 'decided';
  const { hits = 0, shadowHits = 0 } = row.tally ?? {};
  // On a node what passed by an enforcing policy was not decided by it.
  const missed = row.event.state === 'active' && row.event.enforcement !== undefined ? shadowHits : 0;
  const seen = hits + shadowHits - missed;
  const more = missed === 0 ? '' : `; ${formatCount(missed)} more passed without reaching it`;
  return `${verb} ${formatCount(policyHits(row))}${when} (${formatCount(seen)} of them seen in the flows held here)${more}`;
}

const labelled = (name: string, text: string, width: number): Line[] =>
  wrapText(text, Math.max(10, width - 10)).map((line, index) => [
    span((index === 0 ? name : '').padEnd(10), 'label'),
    span(line),
  ]);

function errorLines(event: PolicyEvent, width: number): Line[] {
  const { error } = event;
  if (!error) return [];
  const line = error.line === undefined ? '' : `:${error.line}`;
  const where = error.file === undefined ? '' : `${error.file}${line}  `;
  const stands = event.state === 'rejected' ? '' : ` ${lastGoodSince(error.since)}`;
  return labelled('error', `${where}${error.code}: ${error.message}${stands}`, width);
}

const lastGoodSince = (since: string | undefined): string =>
  `The last good version is in force${since === undefined ? '' : ` since ${since}`}.`;

/** The conditions of an object, and who else keeps it. */
function clusterLines({ cluster }: PolicyEvent, width: number): Line[] {
  const { conditions = [], enforced, keptBy } = cluster ?? {};
  const said = conditions.flatMap(({ type, status, reason, message }, index) => {
    const text = `${type} ${status} (${reason})${message === '' ? '' : `: ${message}`}`;
    return labelled(index === 0 ? 'status' : '', text, width);
  });
  const nodes = enforced === undefined ? '' : `stands on ${enforced} nodes`;
  return [
    ...labelled('nodes', nodes === '' ? 'no agent has reported it yet' : nodes, width),
    ...said,
    ...(keptBy === undefined
      ? []
      : labelled('kept by', `${keptBy}: a direct change is undone by it, so none is made from here`, width)),
  ];
}

/** All lines about one policy. */
export function policyDetailLines(event: PolicyEvent, input: PaneInput, width: number): readonly Line[] {
  const row = policyRow(event, input.data);
  const reason = row.policy?.spec.reason;
  const sentences = event.cluster === undefined ? stateSentences : clusterSentences;
  return [
    [span(event.name, 'strong')],
    ...labelled('state', sentences[event.state], width),
    ...(event.cluster === undefined ? [] : clusterLines(event, width)),
    ...(event.enforcement === undefined ? [] : labelled('stands', event.enforcement.sentence, width)),
    ...errorLines(event, width),
    ...(event.state === 'rejected' ? [] : labelled('expires', expiryText(row, clockMs(input.state)), width)),
    ...(event.state === 'rejected' ? [] : labelled('hits', hitsText(row, input), width)),
    ...(event.author === undefined ? [] : labelled('by', event.author, width)),
    ...(reason === undefined ? [] : labelled('reason', reason, width)),
    ...policyLines(event).map((line): Line => [span('  '), ...yamlLine(line)]),
  ];
}

/** Paint the policy under the cursor in full. */
export function drawPolicyDetail(input: PaneInput): Draw {
  const { state, data, theme } = input;
  const event = cursorPolicy(state, data);
  if (!event) return drawEmpty(theme, '');
  return (context, rect) => {
    const body = drawDetailFrame(context, rect, { input, title: 'policy' });
    drawLines(context, body, {
      lines: policyDetailLines(event, input, body.width - 2),
      theme,
      scroll: state.detail.scroll,
    });
  };
}
