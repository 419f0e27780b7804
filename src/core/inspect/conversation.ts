// The brain of one proxied connection: sniff, parse, judge each request on its complete head, forward the original bytes.
// Synchronous and total; knows no socket, timer or clock.
import type { RouteLearner } from '../catalog/route-learner.ts';
import type { CommandSink } from '../model/command.ts';
import type { Exchange } from '../model/exchange.ts';
import type { Decider } from '../policy/decider.ts';
import type { Conversation } from './conversation-port.ts';
import type { Workspace } from './workspace.ts';

export interface ConversationLimits {
  /** Requests of one connection that may wait for answers; beyond it the client is held. */
  readonly outstandingRequests: number;
  /** Body of a refused request that is read and thrown away to keep the connection, in bytes. */
  readonly drainBytes: number;
  /** Bytes thrown away after our last answer, so that a reset does not overtake it. */
  readonly lingerBytes: number;
  /** Bytes of a held client that were already read, kept until it is its turn. */
  readonly heldBytes: number;
}

export interface ConversationOptions {
  readonly connection: number;
  readonly listener: number;
  readonly sink: CommandSink;
  /** The decider in force; asked again for every request. */
  readonly decider: () => Decider;
  readonly routes: RouteLearner;
  /** Reused for the observation of opaque connections; requests are observed from the workspace's own. */
  readonly exchange: Exchange;
  /** 64-bit random as 16 hex digits, for block ids. */
  readonly randomId: () => string;
  readonly limits?: Partial<ConversationLimits>;
  /** Buffers shared by all connections of one worker (`createWorkspace()` once); without it each connection makes its own. */
  readonly workspace?: Workspace;
}

export declare function createConversation(options: ConversationOptions): Conversation;
