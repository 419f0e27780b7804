// Spreads work over time: whoever asks for a turn waits until the rate allows it, first come first served.
// Time and sleep are given, so tests run it without a clock.

/** Spreads requests over time. */
export interface Pacer {
  /** Waits for a turn that counts as `cost` requests. */
  turn(cost: number): Promise<void>;
}

/** A rate, and the clock to keep it by. */
export interface PacerOptions {
  /** Requests per second. */
  readonly perSecond: number;
  /** Milliseconds, any epoch. */
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** Factor for each gap, mean 1, so that arrivals are not a metronome. */
  readonly jitter: () => number;
}

/** After a stall at most this much is caught up, so that a pause is not followed by a flood. */
const catchUpMs = 200;

/** The first turn comes at once; after a stall at most `catchUpMs` of turns come in a burst. */
export function createPacer({ perSecond, now, sleep, jitter }: PacerOptions): Pacer {
  let nextMs = now();
  return {
    turn: async (cost) => {
      const startMs = Math.max(nextMs, now() - catchUpMs);
      nextMs = startMs + (cost / perSecond) * 1000 * jitter();
      const waitMs = startMs - now();
      if (waitMs > 0) await sleep(waitMs);
    },
  };
}
