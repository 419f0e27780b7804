// The small memories that windows are made of: a sliding count, a sliding set of distinct values, the longest monotone run.
// Time comes in; each is bounded whatever it is fed.

/** Hash of a text, 32 bits, mixed so that near texts are far apart. The seed keeps callers from preparing collisions. */
export function hashText(text: string, seed: number): number {
  let hash = seed ^ text.length;
  for (let index = 0; index < text.length; index += 1)
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  hash = Math.imul(hash ^ (hash >>> 16), 0x85ebca6b);
  hash = Math.imul(hash ^ (hash >>> 13), 0xc2b2ae35);
  return hash ^ (hash >>> 16);
}

/** `hashText` for one seed; the text before, which several measures ask for, is not hashed again. */
export function createTextHash(seed: number): (text: string) => number {
  let last = '';
  let hash = hashText(last, seed);
  return (text) => {
    if (text !== last) {
      last = text;
      hash = hashText(text, seed);
    }
    return hash;
  };
}

/** Parts of a sliding count: what is older than the window goes one part at a time. */
const panes = 6;

/** Sum of what was added during the last window, exact to a sixth of it. */
export interface SlidingCount {
  add(amount: number, nowMs: number): void;
  total(nowMs: number): number;
}

/** Starts at 0; constant memory. */
export function createSlidingCount(windowMs: number): SlidingCount {
  const paneMs = windowMs / panes;
  const counts = new Array<number>(panes).fill(0);
  let current = 0;
  let sum = 0;
  const advance = (nowMs: number): void => {
    const pane = Math.floor(nowMs / paneMs);
    if (pane <= current) return;
    for (let step = Math.max(current + 1, pane - panes + 1); step <= pane; step += 1) {
      sum -= counts[step % panes] ?? 0;
      counts[step % panes] = 0;
    }
    current = pane;
  };
  return {
    add: (amount, nowMs) => {
      advance(nowMs);
      counts[current % panes] = (counts[current % panes] ?? 0) + amount;
      sum += amount;
    },
    total: (nowMs) => {
      advance(nowMs);
      return sum;
    },
  };
}

/**
 * Distinct values of the last window, up to its limit; then the oldest go and the size stays at the limit. A member's age is known to a
 * sixtieth of the window: one that was seen again within it may leave that much early.
 */
export interface RecentSet {
  /** Returns by how many members the set grew (0 when known, negative when old ones went). */
  add(hash: number, nowMs: number): number;
  /** Members not older than the window. */
  size(nowMs: number): number;
  /** Members held, whether or not they are still in the window. */
  held(): number;
  /** Most members that the present or any earlier, closed stretch of a window's length had, and how many were closed. */
  peak(): { readonly highest: number; readonly windows: number };
  /** What is seen now must not become the baseline. */
  taint(nowMs: number): void;
}

/** A member's age is known to this part of the window; moving it to the young end every time would cost more than all else. */
const agePrecision = 60;
/** Closed windows whose peaks are remembered. */
const rememberedPeaks = 16;

/** Members by the time they were last seen, oldest first, and how many there were in earlier stretches. */
interface Recent {
  readonly members: Map<number, number>;
  readonly windowMs: number;
  readonly limit: number;
  readonly refreshMs: number;
  readonly peaks: number[];
  closed: number;
  oldestMs: number;
  stretchStart: number;
  stretchPeak: number;
  tainted: boolean;
}

function expire(recent: Recent, nowMs: number): void {
  const { members, windowMs } = recent;
  if (nowMs - recent.oldestMs <= windowMs) return;
  recent.oldestMs = Number.POSITIVE_INFINITY;
  for (const [hash, seenMs] of members) {
    if (nowMs - seenMs <= windowMs) {
      recent.oldestMs = seenMs;
      break;
    }
    members.delete(hash);
  }
}

function closeStretch(recent: Recent, nowMs: number): void {
  if (nowMs - recent.stretchStart < recent.windowMs) return;
  if (!recent.tainted) {
    if (recent.peaks.length === rememberedPeaks) recent.peaks.shift();
    recent.peaks.push(recent.stretchPeak);
    recent.closed += 1;
  }
  recent.stretchStart = nowMs;
  recent.stretchPeak = 0;
  recent.tainted = false;
}

/** Puts a member at the young end; the oldest makes room. */
function refresh(recent: Recent, hash: number, nowMs: number): void {
  const { members } = recent;
  if (!members.delete(hash) && members.size >= recent.limit) {
    const oldest = members.keys().next().value;
    if (oldest !== undefined) members.delete(oldest);
  }
  members.set(hash, nowMs);
  if (nowMs < recent.oldestMs) recent.oldestMs = nowMs;
}

function addRecent(recent: Recent, hash: number, nowMs: number): number {
  const { members } = recent;
  if (Number.isNaN(recent.stretchStart)) recent.stretchStart = nowMs;
  const before = members.size;
  expire(recent, nowMs);
  closeStretch(recent, nowMs);
  const seenMs = members.get(hash);
  if (seenMs === undefined || nowMs - seenMs >= recent.refreshMs) refresh(recent, hash, nowMs);
  if (members.size > recent.stretchPeak) recent.stretchPeak = members.size;
  return members.size - before;
}

/** Starts empty; holds at most `limit` members. */
export function createRecentSet(windowMs: number, limit: number): RecentSet {
  const members = new Map<number, number>();
  const recent: Recent = {
    members,
    windowMs,
    limit,
    refreshMs: windowMs / agePrecision,
    peaks: [],
    closed: 0,
    oldestMs: Number.POSITIVE_INFINITY,
    stretchStart: Number.NaN,
    stretchPeak: 0,
    tainted: false,
  };
  const { peaks } = recent;
  return {
    add: (hash, nowMs) => addRecent(recent, hash, nowMs),
    size: (nowMs) => {
      expire(recent, nowMs);
      return members.size;
    },
    held: () => members.size,
    peak: () => ({ highest: peaks.length === 0 ? 0 : Math.max(...peaks), windows: recent.closed }),
    taint: (nowMs) => {
      closeStretch(recent, nowMs);
      recent.tainted = true;
    },
  };
}

/** The longest stretch of numbers each of which is near the one before: how a machine walks ids, also with several workers. */
export interface RunTracker {
  add(value: number, nowMs: number): void;
  longest(nowMs: number): number;
}

/** Steps up to this, up or down, still count as walking: strides, gaps of deleted objects, answers out of order. */
const largestStep = 16;

/** Starts without a number; constant memory. */
export function createRunTracker(windowMs: number): RunTracker {
  let last = Number.NaN;
  let lastAtMs = Number.NEGATIVE_INFINITY;
  let length = 0;
  let longest = 0;
  let longestAtMs = Number.NEGATIVE_INFINITY;
  return {
    add: (value, nowMs) => {
      const step = Math.abs(value - last);
      if (step === 0) return;
      length = step <= largestStep && nowMs - lastAtMs <= windowMs ? length + 1 : 1;
      last = value;
      lastAtMs = nowMs;
      if (length >= longest || nowMs - longestAtMs > windowMs) {
        longest = length;
        longestAtMs = nowMs;
      }
    },
    longest: (nowMs) => (nowMs - longestAtMs <= windowMs ? longest : 0),
  };
}
