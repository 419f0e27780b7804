// The feed of a running agent as a FeedPort: connects, subscribes, reconnects, asks. Knows the frames, not what shows them.
import type { FeedPort } from '../../core/model/feed-port.ts';
import type { FeedAddress } from './feed-address.ts';
import type { FeedClientLimits } from './feed-limits.ts';

export interface LiveFeedOptions {
  readonly address: FeedAddress;
  readonly token?: string;
  /** What to subscribe to at first: history from `sinceMs` (epoch ms), at most `last` events; `false` for requests only. Default: the whole window. */
  readonly subscribe?: false | { readonly sinceMs?: number; readonly last?: number };
  readonly limits?: Partial<FeedClientLimits>;
  /** Pause before another try; injected by tests. Must settle early when `signal` aborts. */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
  /** [0, 1), for jitter. */
  readonly random?: () => number;
}

export declare function createLiveFeed(options: LiveFeedOptions): FeedPort;
