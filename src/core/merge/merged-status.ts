// The figures of many agents as those of one: sums that do not fall when an agent starts anew, the oldest sign of life, what has to be
// known in a sentence. Processes and workers stay with their nodes. Knows no feed.
import type { AgentStatus } from '../model/feed-message.ts';
import type { NodeWord } from '../model/node-summary.ts';
import { listed } from '../plan/outcome.ts';
import { createSummedCount, type SummedCount } from './summed-counts.ts';

/** Statuses by node. */
export interface MergedStatus {
  take(node: string, status: AgentStatus): void;
  /** The agent counts from 0 again; what it had stays. */
  restart(node: string): void;
  /** It is not connected now: its connections are not counted, its sums are. */
  setSilent(node: string, isSilent: boolean): void;
  /** The node is no more; its sums stay. */
  leave(node: string): void;
  status(own: OwnFigures): AgentStatus;
  /** What each node said last, by name. */
  nodes(): readonly NodeWord[];
}

/** What the hub itself adds. */
export interface OwnFigures {
  readonly nowMs: number;
  readonly startedMs: number;
  /** Of the merged policies: each counts once, not once a node. */
  readonly policies: AgentStatus['policies'];
  /** Losses that the hub found, by `where`. */
  readonly lostBy: Readonly<Record<string, number>>;
  readonly version?: string;
  /** What else is to be known, such as clocks that are off. */
  readonly sentences: readonly string[];
}

const outcomes = ['allow', 'block', 'throttle', 'redact'] as const;
/** As the schema bounds a notice. */
const longestNotice = 500;

interface Book {
  /** The last one of each node. */
  readonly last: Map<string, AgentStatus>;
  readonly silent: Set<string>;
  readonly sums: Map<string, SummedCount>;
}

/** Every figure that only grows, by a name of its own. */
function countsIn({
  requests,
  flows,
  lostBy = {},
  lost,
}: AgentStatus): readonly (readonly [string, number])[] {
  return [
    ['requests', requests],
    ['lost', lost],
    ...outcomes.map((outcome) => [`flows ${outcome}`, flows?.[outcome] ?? 0] as const),
    ...Object.entries(lostBy).map(([where, count]) => [`${lostPrefix}${where}`, count] as const),
  ];
}

const lostPrefix = 'lost ';

function sumOf({ sums }: Book, name: string): SummedCount {
  const sum = sums.get(name) ?? createSummedCount();
  sums.set(name, sum);
  return sum;
}

function lostBy({ sums }: Book, own: OwnFigures['lostBy']): Record<string, number> {
  const total = new Map(Object.entries(own));
  for (const [name, sum] of sums) {
    if (!name.startsWith(lostPrefix)) continue;
    const where = name.slice(lostPrefix.length);
    total.set(where, (total.get(where) ?? 0) + sum.total());
  }
  return Object.fromEntries(total);
}

/** Connections of the agents that can be asked. */
function openByPair(heard: readonly AgentStatus[]): Record<string, number> {
  const open = new Map<string, number>();
  for (const status of heard)
    for (const [pair, count] of Object.entries(status.openByPair))
      open.set(pair, (open.get(pair) ?? 0) + count);
  return Object.fromEntries(open);
}

function noticeOf({ last, silent }: Book, sentences: readonly string[]): string | undefined {
  const notices = [...last].flatMap(([node, { notice }]) =>
    notice === undefined ? [] : [`${node}: ${notice}`],
  );
  const away = silent.size === 0 ? [] : [`Agents not heard now: ${listed([...silent].sort())}.`];
  const text = [...away, ...sentences, ...notices].join(' ');
  if (text === '') return undefined;
  return text.length <= longestNotice ? text : `${text.slice(0, longestNotice - 1)}…`;
}

function statusOf(book: Book, own: OwnFigures): AgentStatus {
  const heard = [...book.last].flatMap(([node, status]) => (book.silent.has(node) ? [] : [status]));
  const total = (name: string): number => sumOf(book, name).total();
  const [allow, block, throttle, redact] = outcomes.map((outcome) => total(`flows ${outcome}`));
  const ownLost = Object.values(own.lostBy).reduce((sum, count) => sum + count, 0);
  const notice = noticeOf(book, own.sentences);
  return {
    type: 'status',
    time: new Date(own.nowMs).toISOString(),
    uptimeMs: Math.max(0, own.nowMs - own.startedMs),
    openConnections: heard.reduce((sum, { openConnections }) => sum + openConnections, 0),
    openByPair: openByPair(heard),
    requests: total('requests'),
    lost: total('lost') + ownLost,
    heartbeatAgeMs: heard.reduce((oldest, { heartbeatAgeMs }) => Math.max(oldest, heartbeatAgeMs), 0),
    policies: own.policies,
    ...(notice === undefined ? {} : { notice }),
    ...(own.version === undefined ? {} : { version: own.version }),
    flows: { allow: allow ?? 0, block: block ?? 0, throttle: throttle ?? 0, redact: redact ?? 0 },
    lostBy: lostBy(book, own.lostBy),
  };
}

function nodesOf({ last, silent }: Book): readonly NodeWord[] {
  return [...last]
    .map(([node, { version, uptimeMs, summary }]) => ({
      ...{ node, silent: silent.has(node), uptimeMs },
      ...(version === undefined ? {} : { version }),
      ...(summary === undefined ? {} : { summary }),
    }))
    .toSorted((one, other) => (one.node < other.node ? -1 : 1));
}

/** No status heard. */
export function createMergedStatus(): MergedStatus {
  const book: Book = { last: new Map(), silent: new Set(), sums: new Map() };
  const restart = (node: string): void => {
    for (const sum of book.sums.values()) sum.restart(node);
  };
  return {
    take(node, status) {
      book.last.set(node, status);
      book.silent.delete(node);
      for (const [name, count] of countsIn(status)) sumOf(book, name).set(node, count);
    },
    restart,
    setSilent(node, isSilent) {
      if (isSilent) book.silent.add(node);
      else book.silent.delete(node);
    },
    leave(node) {
      restart(node);
      book.last.delete(node);
      book.silent.delete(node);
    },
    status: (own) => statusOf(book, own),
    nodes: () => nodesOf(book),
  };
}
