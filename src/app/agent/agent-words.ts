// What the agent says about itself: greeting, status and identities, from numbers it is given.
import type { IdentityEvent } from '../../core/model/event.ts';
import {
  feedVersion,
  type AgentStatus,
  type Hello,
  type MainStatus,
  type WorkerStatus,
} from '../../core/model/feed-message.ts';
import { toEndpoint, type ListenerConfig } from '../../core/model/identity.ts';
import { defaultTtlMs } from '../../core/policy/draft.ts';
import type { WorkerStats } from '../../io/kernel/shared-stats.ts';
import type { CountsReading } from './agent-counts.ts';

/** How far back a subscription may reach, ms. */
export const windowMs = 10 * 60_000;

const pairKey = ({ source, destination }: ListenerConfig): string =>
  [source, destination]
    .map(({ workload }) => `${workload.namespace}/${workload.kind}/${workload.name}`)
    .join('>');

/** What a status is told from. */
export interface StatusInput {
  readonly plane: {
    readonly openConnections: number;
    readonly openByListener: readonly number[];
    readonly refusedFull: number;
    readonly refusedShare: number;
    readonly requests: number;
    readonly lost: number;
    readonly heartbeatAgeMs: number;
    readonly workers: readonly WorkerStats[];
  };
  readonly listeners: readonly ListenerConfig[];
  /** Of the pods of a node, by the same key as those of listeners. */
  readonly openByPair: Readonly<Record<string, number>>;
  readonly startedMs: number;
  readonly policies: AgentStatus['policies'];
  readonly lastGood?: AgentStatus['lastGood'];
  /** A sentence for whoever watches. */
  readonly notice?: string | undefined;
  readonly version: string;
  readonly main: MainStatus;
  readonly counts: Pick<CountsReading, 'flows' | 'kernelRefused' | 'lostBy'>;
  /** It works in the pods of a node. */
  readonly isNode: boolean;
  /** Undefined before there is one. */
  readonly feed: AgentStatus['feed'];
  /** Undefined of an agent that has no node. */
  readonly summary: AgentStatus['summary'];
}

/** As the feed tells it: whole numbers, CPU time in one. */
const workerOf = ({ cpuUserUs, cpuSystemUs, heartbeatAgeMs, ...rest }: WorkerStats): WorkerStatus => ({
  ...rest,
  cpuUs: Math.round(cpuUserUs + cpuSystemUs),
  heartbeatAgeMs: Math.round(heartbeatAgeMs),
});

/** The counters of now. */
export function statusOf(input: StatusInput): AgentStatus {
  const { plane, listeners, startedMs, policies, lastGood, notice } = input;
  const openByPair: Record<string, number> = { ...input.openByPair };
  listeners.forEach((listener, index) => {
    const key = pairKey(listener);
    openByPair[key] = (openByPair[key] ?? 0) + (plane.openByListener[index] ?? 0);
  });
  const nowMs = Date.now();
  return {
    type: 'status',
    time: new Date(nowMs).toISOString(),
    uptimeMs: Math.max(0, nowMs - startedMs),
    openConnections: plane.openConnections,
    openByPair,
    requests: plane.requests,
    lost: plane.lost,
    heartbeatAgeMs: Math.max(0, Math.round(plane.heartbeatAgeMs)),
    policies,
    ...(lastGood === undefined ? {} : { lastGood }),
    ...(notice === undefined ? {} : { notice }),
    version: input.version,
    workers: plane.workers.map(workerOf),
    main: input.main,
    flows: input.counts.flows,
    ...(input.isNode ? { kernelRefused: input.counts.kernelRefused } : {}),
    lostBy: input.counts.lostBy,
    refused: { full: plane.refusedFull, share: plane.refusedShare },
    ...(input.feed === undefined ? {} : { feed: input.feed }),
    ...(input.summary === undefined ? {} : { summary: input.summary }),
  };
}

/** What a greeting is told from: of an agent's options. */
export interface HelloInput {
  readonly name: string;
  readonly listeners: readonly ListenerConfig[];
  /** Undefined where nothing can be changed. */
  readonly policiesDirectory: string | undefined;
  /** Given where it works in the pods of a node. */
  readonly node?: unknown;
}

/** The first frame of every connection. */
export function helloOf({ name, listeners, policiesDirectory, node }: HelloInput): Hello {
  return {
    type: 'hello',
    version: feedVersion,
    name,
    time: new Date().toISOString(),
    writable: policiesDirectory !== undefined,
    listeners: listeners.map(({ source, destination }) => ({
      source: toEndpoint(source, undefined),
      destination: toEndpoint(destination, undefined),
    })),
    windowMs,
    defaultTtlMs,
    ...(node === undefined ? {} : { node: true }),
  };
}

/** Both ends of every listener. */
export function identitiesOf(listeners: readonly ListenerConfig[]): readonly IdentityEvent[] {
  const time = new Date().toISOString();
  return listeners.flatMap(({ source, destination, upstream }): IdentityEvent[] => [
    { type: 'identity', time, role: 'caller', endpoint: toEndpoint(source, undefined) },
    {
      type: 'identity',
      time,
      role: 'listener',
      endpoint: toEndpoint(destination, `${upstream.host}:${upstream.port}`),
      coverage: 'inspected',
    },
  ]);
}
