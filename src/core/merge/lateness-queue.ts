// Holds what several agents tell until the others have had their time to tell what was before, then lets it go in order. Bounded; what
// comes later than that goes at once, behind what went already, and is counted. Knows no event.

/** One thing that waits. */
export interface Waiting<T> {
  readonly value: T;
  /** By which it is put in order, epoch ms of whoever merges. */
  readonly orderMs: number;
  /** `dropped`: it is left out when its turn comes. `gone`: that was. */
  state: 'waiting' | 'dropped' | 'gone';
}

/** Things in waiting. */
export interface LatenessQueue<T> {
  add(value: T, orderMs: number): Waiting<T>;
  /** Everything that has waited long enough, in order; among equals as they came. */
  release(nowMs: number): readonly T[];
  readonly size: () => number;
  /** Came after what was later than they. */
  readonly late: () => number;
}

/** Bounds of the waiting. */
export interface LatenessLimits {
  /** A batch leaves an agent within 50 ms and crosses a busy network within some hundred. */
  readonly latenessMs: number;
  /** More than that go early, oldest first: 25,000 events/s for two seconds. */
  readonly waiting: number;
}

/** What a hub uses. */
export const latenessLimits: LatenessLimits = { latenessMs: 1_000, waiting: 50_000 };

/** Nothing waits. */
export function createLatenessQueue<T>(limits: LatenessLimits = latenessLimits): LatenessQueue<T> {
  let waiting: Waiting<T>[] = [];
  let releasedMs = -Infinity;
  let late = 0;
  return {
    add(value, orderMs) {
      const one: Waiting<T> = { value, orderMs, state: 'waiting' };
      if (orderMs < releasedMs) late += 1;
      waiting.push(one);
      return one;
    },
    release(nowMs) {
      // Nearly sorted: a node's events come in order, so this costs little more than looking at each.
      waiting.sort((a, b) => a.orderMs - b.orderMs);
      const dueMs = nowMs - limits.latenessMs;
      const firstLeft = waiting.findIndex(({ orderMs }) => orderMs > dueMs);
      const due = firstLeft < 0 ? waiting.length : firstLeft;
      const count = Math.max(due, waiting.length - limits.waiting);
      const released = waiting.slice(0, count);
      waiting = waiting.slice(count);
      releasedMs = Math.max(releasedMs, released.at(-1)?.orderMs ?? releasedMs);
      return released.flatMap((one) => {
        const isLeftOut = one.state === 'dropped';
        one.state = 'gone';
        return isLeftOut ? [] : [one.value];
      });
    },
    size: () => waiting.length,
    late: () => late,
  };
}
