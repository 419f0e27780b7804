// The flows table: newest first, one row a request, verdict as sign and word and policy. State and data in, cells out.
import type { WorkloadId } from '../../core/model/brand.ts';
import type { Severity } from '../../core/model/event.ts';
import { workloadOf } from '../../core/model/workload-key.ts';
import { keeping, placeColumns } from '../columns/column.ts';
import { formatCount, formatShare, plural } from '../columns/format.ts';
import type { FlowEnv } from '../columns/flow-columns.ts';
import { flowColumns } from '../columns/flow-columns.ts';
import type { Draw } from '../render/draw-context.ts';
import { cursorIndex, firstRow, shownFlows } from '../state/flow-cursor.ts';
import { withKey } from '../state/key-hint.ts';
import { drawEmpty } from './painter.ts';
import type { PaneInput } from './pane-input.ts';
import { cellEnv, stateOfPolicy } from './pane-input.ts';
import { columnsWidth, drawTable, sortMark } from './table.ts';

const accusing = new Set<Severity>(['medium', 'high', 'critical']);

/** Workloads that a standing finding accuses. */
export function accusedOf(data: PaneInput['data']): ReadonlySet<WorkloadId> {
  const accused = new Set<WorkloadId>();
  for (const finding of data.findings.list)
    if (accusing.has(finding.severity) && finding.learning !== true) accused.add(workloadOf(finding.source));
  return accused;
}

/** Columns that never scroll away. */
const fixed = new Set(['time', 'from']);

function emptyWords({ state, data }: PaneInput): string {
  if (state.flows.heldAt !== undefined && data.flows.totals.held > 0 && state.filter.text === '')
    return 'What stood here when paused is no longer held: too much has arrived since. Resume to go on.';
  const { filterProgress, totals } = data.flows;
  if (filterProgress < 1)
    return `Searching ${plural(totals.held, 'flow')} for ${state.filter.text} … ${formatShare(filterProgress)}`;
  if (data.isCatchingUp || state.seeking !== undefined)
    return state.filter.text === ''
      ? 'Flows are still being read …'
      : `Flows are still being read; none of the first ${formatCount(totals.held)} matches ${state.filter.text} …`;
  if (state.filter.text !== '')
    return `No flow matches ${state.filter.text}. ${withKey(state, 'Change the filter', 'filter.edit')} or ${withKey(state, 'drop it', 'item.close')}.`;
  if (state.connection.state === 'connecting') return 'Connecting …';
  // That there is none is only said once the hub has told what it remembers.
  if (state.place !== undefined && state.connection.status === undefined)
    return 'Asking the hub what it has seen …';
  return state.replay
    ? `No flow up to here. ${withKey(state, 'Move on', 'replay.forward')} in the recording or ${withKey(state, 'play', 'view.pause')} it.`
    : 'No traffic yet. Flows appear here as soon as a request passes the agent.';
}

/** Paint the flows table. */
export function drawFlows(input: PaneInput): Draw {
  const { state, data, theme } = input;
  const list = shownFlows(state, data);
  if (list.size === 0) return drawEmpty(theme, emptyWords(input));
  return (context, rect) => {
    const accused = accusedOf(data);
    const env: FlowEnv = {
      ...cellEnv(input),
      accused: (id) => accused.has(id),
      stateOf: stateOfPolicy(data),
    };
    const moved = flowColumns.filter((column) => !fixed.has(column.id)).slice(state.flows.columnOffset);
    const shown = flowColumns.filter((column) => fixed.has(column.id) || moved.includes(column));
    const columns = keeping(shown, state.flows.sort.column);
    drawTable(context, rect, {
      columns: placeColumns(columns, columnsWidth(rect.width)),
      env,
      row: (index) => list.at(index),
      first: firstRow(state, list, Math.max(1, rect.height - 1)),
      cursor: cursorIndex(state, list),
      focused: state.focus === 'list',
      sorted: sortMark(state.flows.sort),
    });
  };
}
