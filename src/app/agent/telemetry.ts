// The agent's figures for those who ask: the status frame of the feed and the metrics endpoint, from the same sources.
import type { AgentStatus } from '../../core/model/feed-message.ts';
import type { ListenerConfig } from '../../core/model/identity.ts';
import type { UnjudgedStatus } from '../../core/model/node-status.ts';
import { unjudgedClause } from '../../core/model/unjudged-words.ts';
import { unwellSentence } from '../../core/model/worker-health.ts';
import type { FeedServer } from '../../io/feed/feed-server.ts';
import type { DataPlane } from '../../io/kernel/data-plane.ts';
import type { Figures } from '../../io/metrics/figures.ts';
import { programVersion } from '../program-version.ts';
import type { AgentCounts } from './agent-counts.ts';
import { statusOf } from './agent-words.ts';
import type { RunningNode } from './node/node-agent.ts';
import { createMainUsage } from './main-usage.ts';
import type { PolicyEvents } from './policy-events.ts';
import type { Restarts } from './supervisor/supervision.ts';
import { restartedNotice } from './supervisor/supervisor-words.ts';

/** Where the figures come from. */
export interface TelemetrySources {
  readonly plane: Pick<DataPlane, 'stats'>;
  readonly listeners: readonly ListenerConfig[];
  readonly policyEvents: Pick<PolicyEvents, 'summary'>;
  readonly counts: Pick<AgentCounts, 'read'>;
  /** Undefined before there is one. */
  readonly feed: () => Pick<FeedServer, 'stats'> | undefined;
  readonly notice: (() => string | undefined) | undefined;
  /** As `PolicyStore.unkept`. */
  readonly unkept: () => string | undefined;
  /** Undefined without a supervisor. */
  readonly restarts: Restarts | undefined;
  /** Undefined where there is none. */
  readonly node: Pick<RunningNode, 'openByPair' | 'status' | 'summary' | 'unjudged'> | undefined;
}

/** As the schema of a status bounds it. */
const longestSentence = 500;

/** The agent at the moment it is asked. */
export interface Telemetry {
  readonly status: () => AgentStatus;
  readonly figures: () => Figures;
  /** A sentence when a worker does not live. */
  readonly unwell: () => string | undefined;
  close(): void;
}

/** That nobody judged for a while, and what that let pass; undefined when neither is so. */
function absenceNotice(
  restarts: Restarts | undefined,
  unjudged: readonly UnjudgedStatus[],
): string | undefined {
  const clause = unjudgedClause(unjudged);
  const sentences = [
    ...(restarts === undefined ? [] : [restartedNotice(restarts) ?? '']),
    ...(clause === undefined ? [] : [`${clause}.`]),
  ];
  return sentences.filter(Boolean).join(' ') || undefined;
}

function policyFigures({
  policyEvents,
  unkept,
}: Pick<TelemetrySources, 'policyEvents' | 'unkept'>): Pick<AgentStatus, 'policies' | 'lastGood'> {
  const { lastGood: standing, ...policies } = policyEvents.summary();
  const why = unkept();
  const lastGood = { standing, ...(why === undefined ? {} : { unkept: why.slice(0, longestSentence) }) };
  return { policies, lastGood };
}

/** The time of the call is the start of the agent. */
export function createTelemetry(sources: TelemetrySources): Telemetry {
  const { plane, node, listeners, counts, feed, notice, restarts } = sources;
  const version = programVersion();
  const startedMs = Date.now();
  const usage = createMainUsage(() => performance.now());
  return {
    status: () =>
      statusOf({
        ...{ version, startedMs, listeners },
        plane: plane.stats(),
        ...policyFigures(sources),
        notice: notice?.() ?? absenceNotice(restarts, node?.unjudged() ?? []),
        openByPair: node?.openByPair() ?? {},
        main: usage.read(),
        counts: counts.read(),
        isNode: node !== undefined,
        feed: feed()?.stats(),
        summary: node?.summary(),
      }),
    figures() {
      const { flows, lostBy, kernelRefused, policies: policyHits } = counts.read();
      return {
        ...{ version, startedMs, flows, kernelRefused, lostBy, policyHits },
        plane: plane.stats(),
        policies: policyFigures(sources).policies,
        main: usage.read(),
        ...(node === undefined ? {} : { node: node.status() }),
        ...(restarts === undefined ? {} : { restarts }),
        feed: feed()?.stats() ?? { connections: 0, subscribers: 0, dropped: 0 },
      };
    },
    unwell: () => unwellSentence(plane.stats().workers),
    close: () => usage.close(),
  };
}
