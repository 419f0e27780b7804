// Which sequences of the ring match the filter, kept incrementally: new flows are tested once as they arrive, older ones
// in slices from the newest backwards, so that the visible rows are right first. Knows no filter grammar.
import type { FlowEvent } from '../../core/model/event.ts';
import type { FlowRing } from './flow-ring.ts';

/** The matching sequences of a ring, newest first, while ring and search go on. */
export interface FilterIndex {
  readonly size: number;
  /** Share of the held flows that have been tested, 0 to 1. */
  readonly progress: number;
  /** Sequence of the match at `index`, 0 = newest. */
  at(index: number): number | undefined;
  /** How many matches are newer than `sequence`. */
  newerThan(sequence: number): number;
  /** Test a flow that was just pushed. */
  added(sequence: number, flow: FlowEvent): void;
  /** Test a held flow again that was replaced; the place of its row does not change. */
  replaced(sequence: number, flow: FlowEvent): void;
  /** Forget what the ring no longer holds. */
  trim(): void;
  /** Test up to `limit` older flows; true when nothing is left. */
  work(limit: number): boolean;
}

/** First index in ascending `values[from, to)` whose value is greater than `bound`. */
export function upperBound(values: readonly number[], bound: number, from: number): number {
  let low = from;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((values[middle] ?? 0) <= bound) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** How many of the descending `values` are greater than `bound`. */
function countAbove(values: readonly number[], bound: number): number {
  let low = 0;
  let high = values.length;
  while (low < high) {
    const middle = (low + high) >>> 1;
    if ((values[middle] ?? 0) > bound) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** Compact the newer list once this many of its head are gone. */
const compactAt = 8192;

/** Matches that arrived since the index began: added at one end, forgotten at the other. */
function createNewer() {
  /** Ascending, valid from `head`. */
  let values: number[] = [];
  let head = 0;
  return {
    get size() {
      return values.length - head;
    },
    /** The match `back` places before the newest. */
    at: (back: number): number | undefined => values[values.length - 1 - back],
    above: (bound: number): number => values.length - upperBound(values, bound, head),
    push(sequence: number): void {
      values.push(sequence);
    },
    /** Take a sequence in or out, wherever it belongs. */
    set(sequence: number, isIn: boolean): void {
      const at = upperBound(values, sequence - 1, head);
      const has = values[at] === sequence;
      if (isIn && !has) values.splice(at, 0, sequence);
      else if (!isIn && has) values.splice(at, 1);
    },
    forgetBelow(base: number): void {
      while (head < values.length && (values[head] ?? 0) < base) head++;
      if (head < compactAt || head * 2 < values.length) return;
      values = values.slice(head);
      head = 0;
    },
  };
}

/** How much of what was held at the start, and still is, has been looked at: 0 to 1. */
function shareDone(startedAt: number, scanned: number, base: number): number {
  const span = startedAt - base;
  return span <= 0 ? 1 : Math.min(1, (startedAt - Math.max(scanned, base)) / span);
}

/** Of a descending list: what the ring has let go. */
function forgetBelow(older: number[], base: number): void {
  while (older.length > 0 && (older.at(-1) ?? 0) < base) older.pop();
}

/** Takes a sequence into a descending list, or out of it. */
function setOlder(older: number[], sequence: number, isIn: boolean): void {
  const at = countAbove(older, sequence);
  const has = older[at] === sequence;
  if (isIn && !has) older.splice(at, 0, sequence);
  else if (!isIn && has) older.splice(at, 1);
}

/** Matches above a sequence: the older ones count only where all newer ones do. */
function countNewer(
  newer: ReturnType<typeof createNewer>,
  older: readonly number[],
  sequence: number,
): number {
  const fresh = newer.above(sequence);
  return fresh < newer.size ? fresh : fresh + countAbove(older, sequence);
}

/** An index over the ring as it is now; everything held still has to be worked through. */
export function createFilterIndex(ring: FlowRing, test: (flow: FlowEvent) => boolean): FilterIndex {
  const newer = createNewer();
  /** Matches found going back, descending. */
  const older: number[] = [];
  const startedAt = ring.next;
  let scanned = ring.next;
  return {
    get size() {
      return newer.size + older.length;
    },
    get progress() {
      return shareDone(startedAt, scanned, ring.base);
    },
    at(index) {
      if (index < 0) return undefined;
      return index < newer.size ? newer.at(index) : older[index - newer.size];
    },
    newerThan: (sequence) => countNewer(newer, older, sequence),
    added(sequence, flow) {
      if (test(flow)) newer.push(sequence);
    },
    replaced(sequence, flow) {
      if (sequence >= startedAt) newer.set(sequence, test(flow));
      // Not yet looked at: the search will find it as it is now.
      else if (sequence >= scanned) setOlder(older, sequence, test(flow));
    },
    trim() {
      forgetBelow(older, ring.base);
      newer.forgetBelow(ring.base);
    },
    work(limit) {
      for (const stop = Math.max(ring.base, scanned - limit); scanned > stop;) {
        const flow = ring.at(--scanned);
        if (flow && test(flow)) older.push(scanned);
      }
      return scanned <= ring.base;
    },
  };
}
