// The columns of the flows table, one row each. To add one: add a row; sorting, dropping and help follow.
import type { WorkloadId } from '../../core/model/brand.ts';
import type { FlowEvent } from '../../core/model/event.ts';
import type { StateOfPolicy } from '../../core/model/unreached.ts';
import { parseAddress } from '../../core/policy/ip-address.ts';
import { workloadOf } from '../../core/model/workload-key.ts';
import type { CellEnv, Column } from './column.ts';
import { fitText, fitTextEnd } from '../render/visible.ts';
import { formatBytes, formatClock, formatMs } from './format.ts';
import { fittedVerdict, statusRole, verdictLook, verdictText } from './verdict-words.ts';

/** What cells of the flows table know besides their flow. */
export interface FlowEnv extends CellEnv {
  /** True for a workload that a standing finding of medium or higher severity accuses. */
  readonly accused: (id: WorkloadId) => boolean;
  /** Which policies are in force. */
  readonly stateOf: StateOfPolicy;
}

const time = (flow: FlowEvent): number => Date.parse(flow.time);

function routeText(flow: FlowEvent): string {
  const opened = flow.opening === true ? ' opened' : '';
  if (!flow.request) return `(${flow.opaque ?? 'no request'}${opened})`;
  // A request that could not be read to its end was given no route: its path says where it was aimed.
  return `${flow.request.method} ${flow.request.route || flow.request.path}${opened}`;
}

function statusText(flow: FlowEvent): string {
  const status = flow.response?.status;
  return status === undefined ? '-' : String(status);
}

/** Hosts of a network differ at the end of their addresses, names at their start. */
function fittedName(text: string, workload: string, room: { env: FlowEnv; width: number }): string {
  const fit = parseAddress(workload) === undefined ? fitText : fitTextEnd;
  return fit(text, room.width, room.env.theme.glyph('more'));
}

function fromText(flow: FlowEvent, env: FlowEnv): string {
  return env.accused(workloadOf(flow.source))
    ? `${flow.source.workload} ${env.theme.glyph('alert')}`
    : flow.source.workload;
}

/** All columns of the flows table, in reading order; which of them show is decided by width. */
export const flowColumns: readonly Column<FlowEvent, FlowEnv>[] = [
  {
    id: 'time',
    title: 'TIME',
    about: 'When the first byte of the request was read.',
    min: 8,
    max: 8,
    grow: 0,
    priority: 2,
    align: 'left',
    cell: (flow, env) => formatClock(time(flow), env.utcOffsetMinutes),
    role: () => 'time',
    greatestFirst: true,
  },
  {
    id: 'namespace',
    title: 'FROM NS',
    about: 'Namespace of the caller.',
    min: 8,
    max: 14,
    grow: 1,
    priority: 12,
    align: 'left',
    cell: (flow) => flow.source.namespace,
    role: () => 'dim',
    sortKey: (flow) => flow.source.namespace,
  },
  {
    id: 'from',
    title: 'FROM',
    about: 'The caller; marked when a finding accuses it.',
    min: 11,
    wanted: 14,
    max: 26,
    grow: 2,
    priority: 1,
    align: 'left',
    cell: fromText,
    fit: (flow, env, width) => fittedName(fromText(flow, env), flow.source.workload, { env, width }),
    role: (flow, env) => (env.accused(workloadOf(flow.source)) ? 'severity.high' : 'workload'),
    sortKey: (flow) => flow.source.workload,
  },
  {
    id: 'principal',
    title: 'PRINCIPAL',
    about: 'The caller as policies know it.',
    min: 16,
    max: 24,
    grow: 1,
    priority: 11,
    align: 'left',
    cell: (flow) => flow.source.principal,
    role: () => 'dim',
    sortKey: (flow) => flow.source.principal,
  },
  {
    id: 'to',
    title: 'TO',
    about: 'The workload that was called.',
    min: 10,
    wanted: 13,
    max: 22,
    grow: 2,
    priority: 1,
    align: 'left',
    cell: (flow) => flow.destination.workload,
    fit: (flow, env, width) =>
      fittedName(flow.destination.workload, flow.destination.workload, { env, width }),
    role: () => 'workload',
    sortKey: (flow) => flow.destination.workload,
  },
  {
    id: 'route',
    title: 'ROUTE',
    about: 'Method and learned route template.',
    min: 18,
    wanted: 26,
    max: 60,
    grow: 5,
    priority: 1,
    align: 'left',
    cell: routeText,
    role: (flow) => (flow.request ? 'route' : 'opaque'),
    sortKey: (flow) => (flow.request ? `${flow.request.route} ${flow.request.method}` : ''),
  },
  {
    id: 'code',
    title: 'CODE',
    about: 'HTTP status; `none` when the connection ended before an answer.',
    min: 4,
    max: 4,
    grow: 0,
    priority: 3,
    align: 'right',
    cell: statusText,
    role: (flow) => statusRole(flow.response?.status),
    sortKey: (flow) => flow.response?.status ?? -1,
  },
  {
    id: 'ms',
    title: 'MS',
    about: 'Milliseconds from the first byte asked to the last byte answered.',
    min: 6,
    max: 7,
    grow: 1,
    priority: 4,
    align: 'right',
    cell: (flow) => (flow.latencyMs === undefined ? '-' : formatMs(flow.latencyMs)),
    role: () => 'number',
    sortKey: (flow) => flow.latencyMs ?? -1,
  },
  {
    id: 'in',
    title: 'REQ',
    about: 'Bytes of the request.',
    min: 9,
    max: 9,
    grow: 0,
    priority: 9,
    align: 'right',
    cell: (flow) => (flow.request ? formatBytes(flow.request.bytes) : '-'),
    role: () => 'number',
    sortKey: (flow) => flow.request?.bytes ?? -1,
  },
  {
    id: 'out',
    title: 'RESP',
    about: 'Bytes of the answer.',
    min: 9,
    max: 9,
    grow: 0,
    priority: 8,
    align: 'right',
    cell: (flow) => (flow.response ? formatBytes(flow.response.bytes) : '-'),
    role: () => 'number',
    sortKey: (flow) => flow.response?.bytes ?? -1,
  },
  {
    id: 'verdict',
    title: 'VERDICT',
    about: 'What was done, by which policy, and what the shadow set would have done.',
    min: 16,
    wanted: 42,
    max: 64,
    grow: 9,
    priority: 1,
    align: 'left',
    cell: (flow, env) => verdictText(flow, (name) => env.theme.glyph(name), env.stateOf),
    fit: (flow, { theme, stateOf }, width) =>
      fittedVerdict(flow, (name) => theme.glyph(name), { width, stateOf }),
    role: (flow) => (flow.shadow && flow.verdict.action === 'allow' ? 'shadow' : verdictLook(flow).role),
    sortKey: (flow) => `${verdictLook(flow).word} ${flow.verdict.policy ?? ''}`,
  },
  {
    id: 'trace',
    title: 'TRACE',
    about: 'First digits of the W3C trace id.',
    min: 8,
    max: 8,
    grow: 0,
    priority: 10,
    align: 'left',
    cell: (flow) => flow.traceId?.slice(0, 8) ?? '',
    role: () => 'dim',
  },
];

const byId = new Map(flowColumns.map((column) => [column.id, column]));

/** The column with this id. */
export function flowColumn(id: string): Column<FlowEvent, FlowEnv> | undefined {
  return byId.get(id);
}

/** Ids that a person can sort by, in the order of the key: arrival first. */
export const flowSorts: readonly string[] = [
  'time',
  ...flowColumns.filter((column) => column.sortKey !== undefined).map((column) => column.id),
];
