// The findings screen: the list, and under or beside it the one under the cursor in full.
import { flowId } from '../../core/model/brand.ts';
import type { FindingEvent } from '../../core/model/event.ts';
import { keeping, placeColumns } from '../columns/column.ts';
import { findingColumns, severityLooks, whoText } from '../columns/finding-columns.ts';
import { formatClock, plural } from '../columns/format.ts';
import { verdictText } from '../columns/verdict-words.ts';
import type { Draw } from '../render/draw-context.ts';
import { cursorFinding, findingKeys, listIndex, shownFindings } from '../state/list-cursor.ts';
import { drawDetailFrame } from './detail-frame.ts';
import { withKey } from '../state/key-hint.ts';
import type { PaneInput } from './pane-input.ts';
import { cellEnv, stateOfPolicy } from './pane-input.ts';
import type { Line } from './painter.ts';
import { drawEmpty, drawLines, scrollTop, span, wrapText } from './painter.ts';
import { columnsWidth, drawTable, sortMark } from './table.ts';

/** Paint the list of findings. */
export function drawFindings(input: PaneInput): Draw {
  const { state, data, theme } = input;
  const list = shownFindings(state, data);
  if (list.length === 0)
    return drawEmpty(theme, 'No findings. Detections watch all traffic; what they find appears here.');
  return (context, rect) => {
    const cursor = listIndex(findingKeys(state, data), state.findings);
    const room = Math.max(1, rect.height - 1);
    drawTable(context, rect, {
      columns: placeColumns(keeping(findingColumns, state.findings.sort?.column), columnsWidth(rect.width)),
      env: cellEnv(input),
      row: (index) => list[index],
      first: scrollTop(list.length, room, Math.max(0, cursor - Math.floor(room / 2))),
      cursor,
      focused: state.focus === 'list',
      sorted: sortMark(state.findings.sort),
    });
  };
}

const labelled = (name: string, text: string, width: number): Line[] =>
  wrapText(text, Math.max(10, width - 10)).map((line, index) => [
    span((index === 0 ? name : '').padEnd(10), 'label'),
    span(line),
  ]);

function suggestionText(finding: FindingEvent, state: PaneInput['state']): string {
  const { suggestion } = finding;
  if (!suggestion)
    return `none: ${withKey(state, 'block', 'flow.block')} or ${withKey(state, 'throttle', 'flow.throttle')} it from a flow of this caller`;
  const what = [
    ...(suggestion.methods ? [suggestion.methods.join(', ')] : []),
    ...(suggestion.paths ? [suggestion.paths.join(', ')] : []),
    ...(suggestion.rate === undefined ? [] : [`at ${suggestion.rate}`]),
  ].join(' ');
  const intent = suggestion.action === 'block' ? 'flow.block' : 'flow.throttle';
  const act = withKey(state, suggestion.action, intent);
  return `${act} ${what === '' ? 'this caller' : what}; the policy and what it would have done are shown first`;
}

/** Flows of the evidence shown one by one. */
const evidenceShown = 8;

function evidenceLines(finding: FindingEvent, { data, state, theme }: PaneInput): Line[] {
  const flows = finding.evidence
    .map((id) => data.flows.byId(flowId(id)))
    .filter((flow) => flow !== undefined);
  const head = `${plural(finding.evidence.length, 'flow')}, ${flows.length} still held; ${withKey(state, 'show them', 'item.open')}`;
  return [
    [span('evidence'.padEnd(10), 'label'), span(head)],
    ...flows
      .slice(-evidenceShown)
      .map((flow): Line => [
        span(' '.repeat(10)),
        span(formatClock(Date.parse(flow.time), state.utcOffsetMinutes), 'time'),
        span(`  ${flow.request ? `${flow.request.method} ${flow.request.path}` : 'opaque'}`, 'route'),
        span(`  ${flow.response?.status ?? ''}`, 'number'),
        span(`  ${verdictText(flow, (name) => theme.glyph(name), stateOfPolicy(data))}`, 'dim'),
      ]),
  ];
}

/** All lines about one finding. */
export function findingLines(finding: FindingEvent, input: PaneInput, width: number): readonly Line[] {
  const { theme, state } = input;
  const look = severityLooks[finding.severity];
  const clock = (time: string): string => formatClock(Date.parse(time), state.utcOffsetMinutes);
  return [
    [
      span(`${theme.glyph(look.glyph)} ${look.word}`, look.role),
      span(`  ${finding.title}`, 'strong'),
      span(`  ${Math.round(finding.confidence * 100)} % sure`, 'dim'),
      ...(finding.learning === true ? [span('  still learning what is normal', 'notice.warn')] : []),
    ],
    ...labelled(
      'who',
      `${whoText(finding, theme.glyph('right'))}  ${finding.source.principal}${finding.route === undefined ? '' : `  ${finding.route}`}`,
      width,
    ),
    ...labelled(
      'when',
      `${plural(finding.count, 'time')}, first ${clock(finding.firstSeen)}, last ${clock(finding.lastSeen)}`,
      width,
    ),
    ...labelled('why', finding.why, width),
    ...labelled('fix', finding.fix, width),
    ...labelled('suggested', suggestionText(finding, input.state), width),
    ...evidenceLines(finding, input),
    ...labelled('tags', [finding.rule, ...finding.tags].join('  '), width),
  ];
}

/** Paint the finding under the cursor in full. */
export function drawFindingDetail(input: PaneInput): Draw {
  const { state, data, theme } = input;
  const finding = cursorFinding(state, data);
  if (!finding) return drawEmpty(theme, '');
  return (context, rect) => {
    const body = drawDetailFrame(context, rect, { input, title: 'finding' });
    drawLines(context, body, {
      lines: findingLines(finding, input, body.width - 2),
      theme,
      scroll: state.detail.scroll,
    });
  };
}
