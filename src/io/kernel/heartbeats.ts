// The signs of life of all attached pods, given by the loop itself between two passes: a loop that hangs gives none, and the kernel then
// takes the pods' ports out of its hands. Knows no netlink.
import { heartbeatEveryMs } from '../../core/plan/node-constants.ts';

/** One pod's sign of life; 0 or the kernel's error. */
export type Beat = () => number;

/** By whoever they belong to. */
export interface Heartbeats<Owner> {
  /** Beats every `heartbeatEveryMs`, first after that time. */
  start(owner: Owner, beat: Beat, monotonicMs: number): void;
  stop(owner: Owner): void;
  /** Once per pass. `failed` hears of errors, once until it works again. */
  pass(monotonicMs: number, failed: (owner: Owner, error: number) => void): void;
}

interface Pulse {
  readonly beat: Beat;
  dueAt: number;
  error: number;
}

/** None yet. Each pod keeps its own rhythm, so that a hundred do not beat in one pass. */
export function createHeartbeats<Owner>(): Heartbeats<Owner> {
  const pulses = new Map<Owner, Pulse>();
  let nextAt = Number.POSITIVE_INFINITY;
  return {
    start(owner, beat, monotonicMs) {
      const dueAt = monotonicMs + heartbeatEveryMs;
      pulses.set(owner, { beat, dueAt, error: 0 });
      nextAt = Math.min(nextAt, dueAt);
    },
    stop: (owner) => void pulses.delete(owner),
    pass(monotonicMs, failed) {
      if (monotonicMs < nextAt) return;
      nextAt = Number.POSITIVE_INFINITY;
      for (const [owner, pulse] of pulses) {
        if (pulse.dueAt <= monotonicMs) {
          const error = pulse.beat();
          if (error !== 0 && error !== pulse.error) failed(owner, error);
          pulse.error = error;
          pulse.dueAt = monotonicMs + heartbeatEveryMs;
        }
        nextAt = Math.min(nextAt, pulse.dueAt);
      }
    },
  };
}
