// The agent's side of the feed: accepts terminals and verbs over WebSocket and ships events to them. Knows no store and no window.
import type { ApiEvent } from '../../core/model/event.ts';
import type { AgentStatus, Hello, Operation } from '../../core/model/feed-message.ts';
import type { FeedAddress } from './feed-address.ts';
import type { FeedServerLimits } from './feed-limits.ts';

export interface FeedServerOptions {
  /** `port: 0` takes a free port; the server's `address` tells which. */
  readonly address: FeedAddress;
  /** Required on TCP: what a client must send as `Authorization: Bearer`. */
  readonly token?: string;
  readonly hello: () => Hello;
  /** Events at or after `sinceMs` (epoch ms), at most the newest `last`, in order: all that was published before the call. */
  readonly history: (sinceMs: number | undefined, last: number | undefined) => readonly ApiEvent[];
  readonly status: () => AgentStatus;
  /** Carries out an operation; an AppError becomes a refusal with its code, message and hint. */
  readonly handle: (operation: Operation) => Promise<unknown>;
  readonly limits?: Partial<FeedServerLimits>;
}

export interface FeedServer {
  readonly address: FeedAddress;
  /** Queue one event for every subscriber; serialised once. */
  publish(event: ApiEvent): void;
  /** How many connections there are now, and how many events slow ones missed so far. */
  stats(): { readonly connections: number; readonly subscribers: number; readonly dropped: number };
  close(): Promise<void>;
}

export declare function startFeedServer(options: FeedServerOptions): Promise<FeedServer>;
