// What all agents told, as one stream with its window, its figures and its reports on policies: what the hub serves, and what conditions are
// made of. Knows no socket; time comes in but for the release timer of whoever runs it.
import { createPolicyReports, type PolicyReports } from '../../core/conditions/policy-reports.ts';
import type { ClusterIdentity } from '../../core/identity/cluster-identity.ts';
import type { AgentBatch, AgentPosition } from '../../core/merge/agent-positions.ts';
import { createMerge, mergeLimits, type Merge, type MergeLimits } from '../../core/merge/merge.ts';
import { createMergedStatus, type MergedStatus } from '../../core/merge/merged-status.ts';
import { placesOf } from '../../core/merge/places-of.ts';
import type { ApiEvent, PolicyEvent } from '../../core/model/event.ts';
import type { AgentStatus, Hello } from '../../core/model/feed-message.ts';
import type { NodeWord } from '../../core/model/node-summary.ts';
import { createEventWindow, type EventWindow } from '../agent/event-window.ts';

/** Whose stream, and who is told. */
export interface HubStreamOptions {
  readonly identity: ClusterIdentity;
  /** Conditions of policies with these names may be different; undefined: of all. */
  readonly onReports: (names: readonly string[] | undefined) => void;
  /** Epoch ms. */
  readonly now: () => number;
  readonly limits?: MergeLimits;
}

/** The stream. */
export interface HubStream {
  readonly window: EventWindow;
  readonly reports: PolicyReports;
  greet(node: string, hello: Hello): void;
  take(node: string, batch: AgentBatch): void;
  status(node: string, status: AgentStatus): void;
  away(node: string): void;
  /** The node is no more, or is to have no agent any more. */
  leave(node: string): void;
  resumeOf(node: string): AgentPosition | undefined;
  /** What is due, in order; it is in the window then. */
  release(tell: (event: ApiEvent) => void): void;
  /** What each node said last. */
  nodes(): readonly NodeWord[];
  figures(own: {
    readonly startedMs: number;
    readonly version: string;
    readonly sentences: readonly string[];
  }): AgentStatus;
}

interface Stream {
  readonly options: HubStreamOptions;
  readonly merge: Merge;
  readonly merged: MergedStatus;
  readonly window: EventWindow;
  readonly reports: PolicyReports;
  readonly states: Map<string, PolicyEvent['state']>;
}

function take({ options, merge, reports }: Stream, node: string, batch: AgentBatch): void {
  merge.take(node, batch, options.now());
  const news = batch.events.flatMap((event) =>
    event.type === 'policy' && reports.take(node, event) ? [event.name] : [],
  );
  if (news.length > 0) options.onReports(news);
}

function greet({ options, merge, merged, reports }: Stream, node: string, { epoch = '', time }: Hello): void {
  const saidMs = Date.parse(time);
  const nowMs = options.now();
  const restarted = merge.greet(node, { epoch, saidMs: Number.isNaN(saidMs) ? nowMs : saidMs }, nowMs);
  if (restarted) merged.restart(node);
  if (restarted) reports.forget(node);
  reports.setSilent(node, false);
  merged.setSilent(node, false);
  options.onReports(undefined);
}

function release({ options, merge, window, states }: Stream, tell: (event: ApiEvent) => void): void {
  for (const event of merge.release(options.now())) {
    window.add(event);
    if (event.type === 'policy' && event.state === 'removed') states.delete(event.name);
    else if (event.type === 'policy') states.set(event.name, event.state);
    tell(event);
  }
}

function figures(
  { options, merge, merged, states }: Stream,
  own: Parameters<HubStream['figures']>[0],
): AgentStatus {
  const policies = { active: 0, shadow: 0, rejected: 0 };
  for (const state of states.values())
    if (state === 'active' || state === 'shadow' || state === 'rejected') policies[state] += 1;
  const { clocks, lostBy } = merge.stats();
  return merged.status({
    ...{ nowMs: options.now(), startedMs: own.startedMs, policies, version: own.version },
    // What agents tell as lost is in their statuses; what is missing between their numbers only the merge knows.
    lostBy: { agent: lostBy['agent'] ?? 0 },
    sentences: [...own.sentences, ...clocks],
  });
}

/** No agent has said anything. */
export function createHubStream(options: HubStreamOptions): HubStream {
  const stream: Stream = {
    options,
    merge: createMerge(placesOf(options.identity), options.limits ?? mergeLimits),
    ...{ merged: createMergedStatus(), window: createEventWindow() },
    ...{ reports: createPolicyReports(), states: new Map() },
  };
  const { merge, merged, reports } = stream;
  return {
    ...{ window: stream.window, reports },
    greet: (node, hello) => greet(stream, node, hello),
    take: (node, batch) => take(stream, node, batch),
    status(node, status) {
      const saidMs = Date.parse(status.time);
      if (!Number.isNaN(saidMs)) merge.hear(node, saidMs, options.now());
      merged.take(node, status);
    },
    away(node) {
      merge.silence(node);
      merged.setSilent(node, true);
      reports.setSilent(node, true);
      options.onReports(undefined);
    },
    leave(node) {
      merge.leave(node);
      merged.leave(node);
      reports.forget(node);
      options.onReports(undefined);
    },
    resumeOf: (node) => merge.resumeOf(node),
    release: (tell) => release(stream, tell),
    nodes: () => merged.nodes(),
    figures: (own) => figures(stream, own),
  };
}
