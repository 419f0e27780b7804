// A recording as a FeedPort: the same messages as a live feed, with a clock that can be moved. Knows no terminal.
import type { FeedPort, ReplayControls } from '../../core/model/feed-port.ts';

/** The clock of the replay; injected by tests. */
export interface ReplayTimer {
  readonly now: () => number;
  /** Run once after `delayMs`; returns how to cancel. */
  readonly schedule: (run: () => void, delayMs: number) => () => void;
}

export interface ReplayOptions {
  /** Multiplier of real time, 0.1 to 1000; default 1. */
  readonly speed?: number;
  readonly paused?: boolean;
  readonly timer?: ReplayTimer;
}

export type ReplayFeed = FeedPort & { readonly kind: 'replay'; readonly replay: ReplayControls };

export declare function openReplay(path: string, options?: ReplayOptions): Promise<ReplayFeed>;
