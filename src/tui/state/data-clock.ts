// The clock of the data: the newest stamp received (an event's, the agent's status, the replay position). Rates are against
// it, so a stalled connection or a paused replay shows the last true figures and not a fall to zero.

/** Rates are over this many seconds. */
const rateSeconds = 10;

/** Time as the data tells it, epoch ms; 0 before any stamp. */
export interface DataClock {
  readonly nowMs: number;
  /** `nowMs` in whole seconds. */
  readonly second: number;
  /** Seconds of the window that rates sum over, the running one included. */
  readonly rateSeconds: number;
  /** Length in seconds that the sum stands for: shorter while data is young, never under 1. */
  readonly rateSpan: number;
  /** A stamp was seen: the clock moves forward only, the beginning of the data may move back. */
  advance(toMs: number): void;
  reset(): void;
}

/** A clock that has seen nothing. */
export function createDataClock(): DataClock {
  let nowMs = 0;
  let firstMs = 0;
  return {
    get nowMs() {
      return nowMs;
    },
    get second() {
      return Math.floor(nowMs / 1000);
    },
    rateSeconds,
    get rateSpan() {
      const from = Math.max(firstMs, (Math.floor(nowMs / 1000) - rateSeconds + 1) * 1000);
      return Math.max(1, (nowMs - from) / 1000);
    },
    advance(toMs) {
      if (!Number.isFinite(toMs) || toMs <= 0) return;
      // History may follow a stamp that is newer than all of it: the data begins with the oldest.
      firstMs = firstMs === 0 ? toMs : Math.min(firstMs, toMs);
      nowMs = Math.max(nowMs, toMs);
    },
    reset() {
      nowMs = 0;
      firstMs = 0;
    },
  };
}
