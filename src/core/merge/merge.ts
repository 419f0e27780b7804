// Many agents' streams as the one that a terminal reads from one agent: the same events, in order, each once. Only composition: positions,
// clocks, pairs, sums. Reads no clock and knows no socket.
import { assertNever } from '../model/assert-never.ts';
import type { ApiEvent, FlowEvent, IdentityEvent, LostEvent } from '../model/event.ts';
import { createStampReader } from '../model/read-stamp.ts';
import { createAgentPositions, type AgentBatch, type AgentPosition } from './agent-positions.ts';
import { createFlowPairs, pairLimits, type FlowPlaces, type PairLimits } from './flow-pairs.ts';
import { createLatenessQueue, latenessLimits, type LatenessLimits, type Waiting } from './lateness-queue.ts';
import { createMergedFindings, findingLimits, type FindingLimits } from './merged-findings.ts';
import type { NodeWord } from './merged-enforcement.ts';
import { createMergedPolicies } from './merged-policies.ts';
import { createNodeClocks } from './node-clocks.ts';

/** Many agents as one. Times are epoch ms of whoever merges. */
export interface Merge {
  /** An agent's greeting; `saidMs` is the time in it. True when the agent has started anew: `MergedStatus.restart` wants to know. */
  greet(node: string, greeting: { readonly epoch: string; readonly saidMs: number }, nowMs: number): boolean;
  /** The time in an agent's status. */
  hear(node: string, saidMs: number, nowMs: number): void;
  take(node: string, batch: AgentBatch, nowMs: number): void;
  /** What is due, in order: the latest words on policies, findings and workloads, then flows and losses. */
  release(nowMs: number): readonly ApiEvent[];
  /** From where the agent's next connection should go on. */
  resumeOf(node: string): AgentPosition | undefined;
  /** The connection to its agent ended: what it said last still counts, and is told as that. */
  silence(node: string): void;
  /** The node is no more. What it counted stays in the sums. */
  leave(node: string): void;
  /** What each node said last of the policy, for its conditions. */
  wordsOf(policy: string): readonly NodeWord[];
  readonly stats: () => MergeStats;
}

/** What merging came to. */
export interface MergeStats {
  /** Losses by `where`, and by node. */
  readonly lostBy: Readonly<Record<string, number>>;
  readonly lostByNode: Readonly<Record<string, number>>;
  /** Accounts left out because the other end told the same. */
  readonly paired: number;
  /** Events that came after later ones had gone. */
  readonly late: number;
  readonly waiting: number;
  /** Clocks that are off, in sentences. */
  readonly clocks: readonly string[];
}

/** Bounds of a merge. */
export interface MergeLimits {
  readonly lateness: LatenessLimits;
  readonly pairs: PairLimits;
  readonly findings: FindingLimits;
  /** Workloads remembered, so that each is told when it is new or different. */
  readonly identities: number;
  /** A clock that is off by more is told, ms. */
  readonly clockMs: number;
}

/** What a hub uses. */
export const mergeLimits: MergeLimits = {
  ...{ lateness: latenessLimits, pairs: pairLimits, findings: findingLimits },
  identities: 20_000,
  clockMs: 2_000,
};

/** Clocks told at once. */
const clocksTold = 5;

/** Losses under their two names. */
interface Losses {
  readonly byWhere: Map<string, number>;
  readonly byNode: Map<string, number>;
}

const add = (sums: Map<string, number>, key: string, count: number): void =>
  void sums.set(key, (sums.get(key) ?? 0) + count);

/** The newest word on each workload, told once. */
function createIdentities(limit: number): {
  take(event: IdentityEvent): void;
  takeChanged(): readonly IdentityEvent[];
} {
  const told = new Map<string, string>();
  let changed: IdentityEvent[] = [];
  return {
    take(event) {
      const { role, endpoint, coverage } = event;
      const key = `${role} ${endpoint.namespace}/${endpoint.kind ?? ''}/${endpoint.workload}`;
      const text = JSON.stringify([endpoint.principal, coverage]);
      if (told.get(key) === text) return;
      told.delete(key);
      told.set(key, text);
      const [oldest] = told.size > limit ? told.keys() : [];
      if (oldest !== undefined) told.delete(oldest);
      changed.push(event);
    },
    takeChanged() {
      const events = changed;
      changed = [];
      return events;
    },
  };
}

/** Everything that one merge keeps. */
function createParts(places: FlowPlaces, limits: MergeLimits) {
  return {
    limits,
    positions: createAgentPositions(),
    clocks: createNodeClocks(),
    queue: createLatenessQueue<FlowEvent | LostEvent>(limits.lateness),
    pairs: createFlowPairs(places, limits.pairs),
    policies: createMergedPolicies(),
    findings: createMergedFindings(limits.findings),
    identities: createIdentities(limits.identities),
    losses: { byWhere: new Map(), byNode: new Map() } satisfies Losses as Losses,
    stampMs: createStampReader(),
  };
}

type Parts = ReturnType<typeof createParts>;

const isFlow = (waiting: Waiting<FlowEvent | LostEvent>): waiting is Waiting<FlowEvent> =>
  waiting.value.type === 'flow';

/** A stamp that is none counts as now. */
function ourTime(
  { stampMs, clocks }: Parts,
  node: string,
  { stamp, nowMs }: { stamp: string; nowMs: number },
): number {
  const saidMs = stampMs(stamp);
  return Number.isNaN(saidMs) ? nowMs : saidMs + clocks.offsetMs(node);
}

/** Agents tell an exchange when it has ended, so the end is what puts them in order. */
function enqueue(
  parts: Parts,
  event: FlowEvent | LostEvent,
  { node, nowMs }: { node: string; nowMs: number },
): void {
  const beganMs = ourTime(parts, node, { stamp: event.time, nowMs });
  const tookMs = event.type === 'flow' ? (event.latencyMs ?? 0) : 0;
  const waiting = parts.queue.add(event, Math.min(nowMs, beganMs + tookMs));
  if (isFlow(waiting)) parts.pairs.take(waiting, beganMs);
}

function lose(parts: Parts, event: LostEvent, { node, nowMs }: { node: string; nowMs: number }): void {
  add(parts.losses.byWhere, event.where, event.count);
  add(parts.losses.byNode, node, event.count);
  enqueue(parts, event, { node, nowMs });
}

function takeEvent(parts: Parts, event: ApiEvent, at: { node: string; nowMs: number }): void {
  const { node } = at;
  switch (event.type) {
    case 'flow':
      enqueue(parts, { ...event, node }, at);
      return;
    case 'lost':
      lose(parts, { ...event, node }, at);
      return;
    case 'policy':
      parts.policies.take(node, event);
      return;
    case 'finding':
      parts.findings.take(node, { ...event, node });
      return;
    case 'identity':
      parts.identities.take({ ...event, node });
      return;
    default:
      assertNever(event);
  }
}

function restart({ policies, findings }: Parts, node: string): void {
  policies.restart(node);
  findings.restart(node);
}

function take(parts: Parts, node: string, { batch, nowMs }: { batch: AgentBatch; nowMs: number }): void {
  const { events, missed, restarted } = parts.positions.take(node, batch);
  if (restarted) restart(parts, node);
  if (missed > 0) {
    const time = new Date(nowMs).toISOString();
    lose(parts, { type: 'lost', time, where: 'agent', count: missed, node }, { node, nowMs });
  }
  for (const event of events) takeEvent(parts, event, { node, nowMs });
}

function statsOf({ losses, pairs, queue, clocks, limits }: Parts): MergeStats {
  return {
    lostBy: Object.fromEntries(losses.byWhere),
    lostByNode: Object.fromEntries(losses.byNode),
    paired: pairs.paired(),
    late: queue.late(),
    waiting: queue.size(),
    clocks: clocks.sentences(limits.clockMs, clocksTold),
  };
}

function leave({ policies, findings, positions, clocks }: Parts, node: string): void {
  policies.leave(node);
  findings.restart(node);
  positions.forget(node);
  clocks.forget(node);
}

/** No agent yet. */
export function createMerge(places: FlowPlaces, limits: MergeLimits = mergeLimits): Merge {
  const parts = createParts(places, limits);
  const { positions, clocks, policies, findings, identities, queue, pairs } = parts;
  return {
    greet(node, { epoch, saidMs }, nowMs) {
      clocks.hear(node, saidMs, nowMs);
      policies.setSilent(node, false);
      const restarted = positions.greet(node, epoch);
      if (restarted) restart(parts, node);
      return restarted;
    },
    hear: (node, saidMs, nowMs) => clocks.hear(node, saidMs, nowMs),
    take: (node, batch, nowMs) => take(parts, node, { batch, nowMs }),
    release(nowMs) {
      pairs.expire(nowMs);
      return [
        ...identities.takeChanged(),
        ...policies.takeChanged(nowMs),
        ...findings.takeChanged(),
        ...queue.release(nowMs),
      ];
    },
    resumeOf: (node) => positions.resumeOf(node),
    silence: (node) => policies.setSilent(node, true),
    leave: (node) => leave(parts, node),
    wordsOf: (policy) => policies.wordsOf(policy),
    stats: () => statsOf(parts),
  };
}
