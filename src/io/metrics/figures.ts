// What the metrics endpoint is told at each scrape: sums that only grow, and states of now. Types only.
import type { AgentStatus, MainStatus } from '../../core/model/feed-message.ts';
import type { NodeStatus } from '../../core/model/node-status.ts';
import type { DataPlaneStats } from '../kernel/shared-stats.ts';

/** How often one policy decided, or would have. */
export interface PolicyHits {
  /** `namespace/name`, or `other` for those that are too many to be named. */
  readonly policy: string;
  readonly enforced: number;
  readonly shadow: number;
}

/** The agent at one moment. */
export interface Figures {
  readonly version: string;
  /** Epoch ms. */
  readonly startedMs: number;
  readonly plane: DataPlaneStats;
  readonly main: MainStatus;
  readonly policies: AgentStatus['policies'];
  /** Flows by what was decided. */
  readonly flows: NonNullable<AgentStatus['flows']>;
  /** Attempts that the kernel refused; no flow counts them. */
  readonly kernelRefused: number;
  /** A bounded number. */
  readonly policyHits: readonly PolicyHits[];
  /** By place; a bounded number. */
  readonly lostBy: NonNullable<AgentStatus['lostBy']>;
  readonly feed: NonNullable<AgentStatus['feed']>;
  /** Of an agent that works in the pods of a node. */
  readonly node?: Pick<NodeStatus, 'pods' | 'gears' | 'unjudged'>;
  /** Of an agent with a watchdog: how often it started the agent again, because it hung, and because it had died. */
  readonly restarts?: { readonly hung: number; readonly died: number };
}
