// How many of a pod's refusals at the source were heard of, against the rules' own counter: the rest is lost (the log's limit, a full socket,
// nobody who listened). Exact when all has come to rest. Pure.

/** The sums of one pod, as long as somebody listens there. */
export interface RefusalSums {
  /** So many more were heard of. */
  heard(count: number): void;
  /** The rules have counted so many, as of now. Answers how many more are lost; call it when all that there was to hear was heard. */
  counted(counter: number, nowMs: number): number;
  /** As `counted`, when nothing is on its way any more. */
  last(counter: number): number;
  /** Of the counter as it was last told of: what was heard of, or is lost. The rest is on its way. */
  readonly told: number;
  /** The counter as it was last told of. */
  readonly counter: number;
}

/** The kernel keeps a logged packet for 50 ms before it sends it: what was counted longer ago than this and is not heard of never comes. */
const settledMs = 250;

/** Nothing heard yet, nothing counted. */
export function createRefusalSums(): RefusalSums {
  let heard = 0;
  let lost = 0;
  let counter = 0;
  /** Of all tables that there were: a new one counts from 0. */
  let total = 0;
  let sample: { readonly total: number; readonly atMs: number } | undefined;
  const add = (now: number): void => {
    total += now < counter ? now : now - counter;
    counter = now;
  };
  const missing = (of: number): number => {
    const more = Math.max(0, of - heard - lost);
    lost += more;
    return more;
  };
  return {
    heard: (count) => void (heard += count),
    counted(now, nowMs) {
      add(now);
      const before = sample;
      if (before !== undefined && nowMs - before.atMs < settledMs) return 0;
      sample = { total, atMs: nowMs };
      return before === undefined ? 0 : missing(before.total);
    },
    last(now) {
      add(now);
      return missing(total);
    },
    get counter() {
      return counter;
    },
    get told() {
      return Math.max(0, counter - (total - heard - lost));
    },
  };
}
