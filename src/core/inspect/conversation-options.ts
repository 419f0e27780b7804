// What a connection's brain is built with. Types and bounds only.
import type { RouteLearner } from '../catalog/route-learner.ts';
import type { CommandSink } from '../model/command.ts';
import type { Exchange } from '../model/exchange.ts';
import type { ConnectionEnds } from '../model/identity.ts';
import type { Decider } from '../policy/decider.ts';
import type { Workspace } from './workspace.ts';

/** What one connection may make us keep or read. */
export interface ConversationLimits {
  /** Requests of one connection that may wait for answers; beyond it the client is held. */
  readonly outstandingRequests: number;
  /** Body of a refused request that is read and thrown away to keep the connection, in bytes. */
  readonly drainBytes: number;
  /** Bytes of a held client that were already read, kept until it is its turn. */
  readonly heldBytes: number;
}

/** Used where the options say nothing else. */
export const conversationLimits: ConversationLimits = {
  // Browsers and clients pipeline hardly ever; 16 lets the few that do (load tests, proxies) run without stalls.
  outstandingRequests: 16,
  // Reading this much is cheaper than a new connection; more would let a refused caller make us work.
  drainBytes: 64 * 1024,
  // One read of the shell (64 KiB) and as much again if a shell delivers one more before it sees the hold.
  heldBytes: 256 * 1024,
};

/** Everything a conversation knows of the world. */
export interface ConversationOptions {
  readonly connection: number;
  readonly listener: number;
  readonly sink: CommandSink;
  /** The decider in force; asked again for every request. */
  readonly decider: () => Decider;
  readonly routes: RouteLearner;
  /** Reused for what belongs to no request; requests are observed from the workspace's own. */
  readonly exchange: Exchange;
  /** 64-bit random as 16 hex digits, for block ids. */
  readonly randomId: () => string;
  /** Where the client connects from, `10.0.0.7:5123`; without it policies that select sources by cidr follow `failure`. */
  readonly clientAddress?: string;
  /**
   * Who is at both ends where no listener says it (`listener` is -1 then); asked again whenever the decider is another object. Who called
   * so knows of nobody between: unless it has spoken already, it is reset where the server refuses it.
   */
  readonly ends?: () => ConnectionEnds;
  /** A tap's: bytes pass whatever is said here, so no answer is ever made up. */
  readonly watches?: boolean;
  /** Whose routes the catalogue is asked for; the listener when absent. */
  readonly catalogue?: number;
  /** Number of the first exchange, where an earlier conversation had the connection before; 0 when absent. */
  readonly firstSequence?: number;
  readonly limits?: Partial<ConversationLimits>;
  /** Shared by all connections of one worker (`createWorkspace()` once); without it each connection makes its own. */
  readonly workspace?: Workspace;
}
