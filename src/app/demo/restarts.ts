// When a process of the demo that ended by itself is started again: at once-ish, then ever later, and not for ever. Pure bookkeeping
// over a clock that is passed in; starts nothing.
import type { Role } from './topology.ts';

/** Waits before each attempt in a row; after the last one the process stays away. */
const delaysMs = [500, 1000, 2000, 4000, 8000];
/** One that ran this long was well: its next end counts as the first. */
const wellAfterMs = 30_000;

/** Remembers who ended, and when. */
export interface Restarts {
  /** How long to wait before starting it again, ms; undefined when it has been tried often enough. */
  next(role: Role, nowMs: number): number | undefined;
}

/** Starts with nobody having ended. */
export function createRestarts(): Restarts {
  const ends = new Map<Role, { readonly count: number; readonly atMs: number }>();
  return {
    next: (role, nowMs) => {
      const last = ends.get(role);
      const count = last === undefined || nowMs - last.atMs > wellAfterMs ? 0 : last.count;
      ends.set(role, { count: count + 1, atMs: nowMs });
      return delaysMs[count];
    },
  };
}
