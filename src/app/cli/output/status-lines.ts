// How an agent is, as lines for one screen: what is wrong comes first. Pure; the lines are rows of two tables.
import type { AgentStatus, WorkerStatus } from '../../../core/model/feed-message.ts';
import { lastGoodText } from '../../../core/model/last-good-words.ts';
import { unjudgedPlace } from '../../../core/model/event.ts';
import { standingText } from '../../../core/model/enforcement-words.ts';
import type { NodeStatus } from '../../../core/model/node-status.ts';
import { unjudgedClause, unjudgedSentence } from '../../../core/model/unjudged-words.ts';
import { unwellSentence } from '../../../core/model/worker-health.ts';
import {
  formatBytes,
  formatCount,
  formatDuration,
  formatShare,
  formatSpan,
} from '../../../tui/columns/format.ts';
import { visibleText } from '../../../tui/render/visible.ts';

/** An agent's answer, and where it came from. */
export interface StatusTold {
  /** What is being watched. */
  readonly name: string;
  readonly address: string;
  readonly status: AgentStatus;
  /** A moment before: what CPU shares are measured from. */
  readonly before: AgentStatus;
  /** Of an agent that works in the pods of a node. */
  readonly node?: NodeStatus;
}

/** Pods in trouble that are named. */
const namedPods = 5;

/** Unknown to older agents. */
const unknown = '-';

/** One thing to be told; undefined where the agent does not tell it. */
const facts: readonly (readonly [string, (told: StatusTold) => string | undefined])[] = [
  ['policies', policiesText],
  ['last good', ({ status }) => lastGoodText(status)],
  ['pods', ({ node }) => node && podsText(node)],
  ['gears', ({ node }) => node && gearsText(node)],
  ['requests', ({ status }) => requestsText(status)],
  ['connections', connectionsText],
  ['lost', ({ status }) => lostText(status)],
  ['feed', ({ status }) => feedText(status)],
  ['process', processText],
  ['main thread', mainText],
];

interface Column {
  readonly title: string;
  readonly width: number;
  readonly left?: boolean;
  readonly cell: (worker: WorkerStatus, told: StatusTold) => string;
}

const columns: readonly Column[] = [
  { title: 'WORKER', width: 12, left: true, cell: ({ name }) => name },
  { title: 'HEARTBEAT', width: 9, cell: ({ heartbeatAgeMs }) => formatDuration(heartbeatAgeMs) },
  { title: 'CPU', width: 6, cell: (worker, told) => shareOf(told, (status) => cpuOf(status, worker.name)) },
  { title: 'CPU TIME', width: 8, cell: ({ cpuUs }) => formatSpan(cpuUs / 1000) },
  {
    title: 'MEMORY',
    width: 9,
    cell: ({ heapBytes, externalBytes }) => formatBytes(heapBytes + externalBytes),
  },
  { title: 'BUFFERED', width: 9, cell: ({ bufferedBytes }) => formatBytes(bufferedBytes) },
  { title: 'QUEUE', width: 6, cell: (worker) => filled(worker.queueBytes, worker) },
  { title: 'PEAK', width: 6, cell: (worker) => filled(worker.queuePeakBytes, worker) },
  { title: 'LOST', width: 6, cell: ({ lost }) => formatCount(lost) },
  { title: 'OPEN', width: 6, cell: ({ openConnections }) => formatCount(openConnections) },
];

const filled = (bytes: number, { queueCapacityBytes }: WorkerStatus): string =>
  formatShare(queueCapacityBytes === 0 ? 0 : bytes / queueCapacityBytes);

const cpuOf = ({ workers }: AgentStatus, name: string): number | undefined =>
  workers?.find((worker) => worker.name === name)?.cpuUs;

/** CPU time between the two answers as a share of one processor. */
function shareOf({ status, before }: StatusTold, cpuUs: (status: AgentStatus) => number | undefined): string {
  const passedUs = (Date.parse(status.time) - Date.parse(before.time)) * 1000;
  const [now, then] = [cpuUs(status), cpuUs(before)];
  if (now === undefined || then === undefined || !(passedUs > 0)) return unknown;
  return formatShare(Math.max(0, now - then) / passedUs);
}

function policiesText({ status, node }: StatusTold): string {
  const { active, shadow, rejected } = status.policies;
  const refused =
    rejected === 0 ? 'none rejected' : `${rejected} REJECTED (kubectl api-defense policies says why)`;
  // On a node loaded is not yet enforced.
  if (node !== undefined && node.policies.length > 0) return `${standingText(node.policies)}; ${refused}`;
  return `${active === 0 ? 'none' : active} in force, ${shadow} in shadow, ${refused}`;
}

function podsText({ pods }: NodeStatus): string {
  const enrolled = pods.filter(({ state }) => state === 'enrolled').length;
  const tapped = pods.filter(({ tap }) => tap).length;
  const inline = pods.filter((pod) => pod.inline.length > 0).length;
  const outside = pods.reduce((sum, pod) => sum + pod.outside, 0);
  const late =
    outside === 0 ? '' : `; ${formatCount(outside)} open connections that a policy does not reach yet`;
  const unheard = pods.reduce((sum, pod) => sum + (pod.unheard?.length ?? 0), 0);
  const deaf = unheard === 0 ? '' : `; ${unheard === 1 ? '1 interface' : `${unheard} interfaces`} NOT TAPPED`;
  return `${enrolled} of ${pods.length} enrolled, ${tapped} tapped, ${inline} inline${deaf}${late}`;
}

const gearsText = ({ gears }: NodeStatus): string =>
  gears.map(({ name, ok, sentence }) => (ok ? `${name} ok` : `${name} OFF (${sentence})`)).join(', ');

type PodState = NodeStatus['pods'][number]['state'];

/** Pods that are not as planned, and of how many it is told in which words; worst first. */
const podTroubles: readonly (readonly [PodState, (count: number) => string])[] = [
  ['failed', (count) => (count === 1 ? '1 pod failed' : `${count} pods failed`)],
  [
    'waiting',
    (count) => (count === 1 ? '1 pod waits for its namespace' : `${count} pods wait for their namespaces`),
  ],
];

const podsIn = ({ node }: StatusTold, state: PodState): NodeStatus['pods'] =>
  node === undefined ? [] : node.pods.filter((pod) => pod.state === state);

/** What is wrong with single pods, a bounded number of them. */
function podLines(told: StatusTold): readonly string[] {
  const deaf = podsIn(told, 'enrolled').filter(({ unheard = [] }) => unheard.length > 0);
  const troubled = [...podTroubles.flatMap(([state]) => podsIn(told, state)), ...deaf];
  const more = troubled.length - namedPods;
  return [
    ...troubled.slice(0, namedPods).map(({ pod, state, sentence }) => `  ${pod} ${state}: ${sentence}`),
    ...(more > 0 ? [`  and ${more} more; -o json tells them all`] : []),
  ];
}

/** What was let pass for want of an agent, port by port, a bounded number of them. */
function unjudgedLines({ node }: StatusTold): readonly string[] {
  const all = node?.unjudged ?? [];
  const more = all.length - namedPods;
  return [
    ...all.slice(0, namedPods).map((one) => `  ${unjudgedSentence(one)}`),
    ...(more > 0 ? [`  and at ${more} more ports; -o json tells them all`] : []),
  ];
}

function requestsText({ requests, flows }: AgentStatus): string {
  if (flows === undefined) return formatCount(requests);
  const { allow, block, throttle, redact } = flows;
  const rare = redact === 0 ? '' : `, ${formatCount(redact)} redacted`;
  return `${formatCount(requests)}: ${formatCount(allow)} allowed, ${formatCount(block)} refused, ${formatCount(throttle)} throttled${rare}`;
}

/** What the kernel refuses is no request: nobody ever heard one. On a node those that are tapped pass by and are not counted as open. */
function connectionsText({ status, node }: StatusTold): string {
  const { openConnections, kernelRefused } = status;
  const open = `${formatCount(openConnections)} open${node === undefined ? '' : ' through the inline gear'}`;
  return kernelRefused === undefined
    ? open
    : `${open}, ${formatCount(kernelRefused)} ${kernelRefused === 1 ? 'attempt' : 'attempts'} refused in the kernel`;
}

/** Flows without details are not lost; what passed unjudged has a sentence of its own. */
const toldApart: readonly string[] = ['details', unjudgedPlace];
const lostPlaces = ({ lostBy = {} }: AgentStatus): readonly (readonly [string, number])[] =>
  Object.entries(lostBy).filter(([where, count]) => !toldApart.includes(where) && count > 0);

function lostText(status: AgentStatus): string {
  const places = lostPlaces(status).map(([where, count]) => `${formatCount(count)} at ${where}`);
  const events = status.lost > 0 ? `${formatCount(status.lost)} events` : 'nothing';
  const light = status.lostBy?.['details'] ?? 0;
  const rest = light === 0 ? '' : `; ${formatCount(light)} flows without headers and bodies`;
  return `${places.length === 0 ? events : places.join(', ')}${rest}`;
}

function feedText({ feed }: AgentStatus): string | undefined {
  if (feed === undefined) return undefined;
  return `${feed.subscribers} watching, ${feed.connections} connected, ${formatCount(feed.dropped)} events missed by slow ones`;
}

function processText(told: StatusTold): string | undefined {
  const { main } = told.status;
  if (main === undefined) return undefined;
  return `CPU ${shareOf(told, (status) => status.main?.processCpuUs)}, ${formatBytes(main.rssBytes)} resident`;
}

function mainText(told: StatusTold): string | undefined {
  const { main } = told.status;
  if (main === undefined) return undefined;
  const memory = formatBytes(main.heapBytes + main.externalBytes);
  const { loopDelay: late } = main;
  const timers =
    late === undefined
      ? ''
      : `, timers late by ${formatDuration(late.p99Us / 1000)} (p99), ${formatDuration(late.maxUs / 1000)} at most`;
  return `CPU ${shareOf(told, (status) => status.main?.cpuUs)}, memory ${memory}${timers}`;
}

/** Policies that do not hold everywhere on the node. */
function nodeTroubles({ node }: StatusTold): readonly string[] {
  const wanting: readonly string[] = ['partly', 'unenforceable', 'pending'];
  const partly = (node?.policies ?? []).filter(({ enforcement: { state } }) => wanting.includes(state));
  const [first] = partly;
  if (first === undefined) return [];
  const others = partly.length === 1 ? ' is' : ` and ${partly.length - 1} more are`;
  return [`${first.policy}${others} not enforced everywhere`];
}

function unjudgedTroubles({ node }: StatusTold): readonly string[] {
  const clause = unjudgedClause(node?.unjudged ?? []);
  return clause === undefined ? [] : [clause];
}

/** Connections that nobody got an answer on. */
function refusalTroubles({ status: { refused } }: StatusTold): readonly string[] {
  const said = (count: number, why: string): readonly string[] =>
    count === 0
      ? []
      : [`${count === 1 ? '1 connection was' : `${formatCount(count)} connections were`} refused: ${why}`];
  return [
    ...said(refused?.share ?? 0, 'one caller or one service held its share'),
    ...said(refused?.full ?? 0, 'no descriptor was free'),
  ];
}

/** The one line that matters at night. */
function verdictText(told: StatusTold): string {
  const { status } = told;
  const workers = status.workers ?? [{ name: 'data-plane', heartbeatAgeMs: status.heartbeatAgeMs }];
  const hung = unwellSentence(workers);
  if (hung !== undefined) return `NOT WELL: ${hung}`;
  const wrong = [
    ...nodeTroubles(told),
    ...unjudgedTroubles(told),
    ...refusalTroubles(told),
    ...podTroubles.flatMap(([state, words]) => {
      const count = podsIn(told, state).length;
      return count === 0 ? [] : [words(count)];
    }),
    ...(status.policies.rejected + (status.lastGood?.standing ?? 0) > 0 ? ['a policy was rejected'] : []),
    ...(status.lost > 0 || lostPlaces(status).length > 0 ? ['events were lost'] : []),
  ];
  return wrong.length === 0
    ? 'ok: every worker lives, nothing was lost'
    : `${wrong.join(', ')}; every worker lives`;
}

function workerLines(told: StatusTold): string[] {
  const { workers } = told.status;
  if (workers === undefined) return ['This agent is older and tells nothing of its workers.'];
  const lineOf = (text: (column: Column) => string): string =>
    columns
      .map((column) => {
        const cell = visibleText(text(column));
        return column.left === true ? cell.padEnd(column.width) : cell.padStart(column.width);
      })
      .join('  ');
  return [lineOf(({ title }) => title), ...workers.map((worker) => lineOf(({ cell }) => cell(worker, told)))];
}

/** One screen of at most 100 columns. */
export function statusLines(told: StatusTold): readonly string[] {
  const { name, address, status } = told;
  const version = status.version === undefined ? '' : `version ${status.version}, `;
  const known = facts.flatMap(([title, text]) => {
    const found = text(told);
    return found === undefined ? [] : [`${title.padEnd(12)} ${found}`];
  });
  return [
    `${name} at ${address}: ${version}up ${formatSpan(status.uptimeMs)}`,
    verdictText(told),
    ...podLines(told),
    ...unjudgedLines(told),
    ...(status.notice === undefined ? [] : [status.notice]),
    '',
    ...known,
    '',
  ]
    .map((line) => visibleText(line))
    .concat(workerLines(told));
}
