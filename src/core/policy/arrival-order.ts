// Puts what comes nearly in order of time into that order, and holds back only so much for it. Recorded flows come as they end;
// throttles counted them as they arrived. Knows only times.

/** How much is held back before the earliest is let go. */
export interface ArrivalLimits {
  readonly items: number;
  /** Behind the latest time seen, milliseconds. */
  readonly heldMs: number;
}

/** Flows with headers and bodies take a few KB each; half a minute is longer than nearly every request. */
export const arrivalLimits: ArrivalLimits = { items: 4_096, heldMs: 30_000 };

/** A bounded queue by time; of equal times the first comes first. */
export interface ArrivalOrder<T> {
  /** `atMs`: epoch ms; what is no time counts as the latest one seen. */
  push(item: T, atMs: number): void;
  /** Lets go of everything held. */
  flush(): void;
}

/** Items let go are forgotten in bulk, so that each costs no move of the rest. */
const compactAt = 1_024;

/** `release` gets the items in order, but for those that came later than the limits wait. */
export function createArrivalOrder<T>(
  release: (item: T) => void,
  limits: ArrivalLimits = arrivalLimits,
): ArrivalOrder<T> {
  const items: T[] = [];
  const times: number[] = [];
  let head = 0;
  let latestMs = Number.NEGATIVE_INFINITY;

  /** Behind everything that is not later. */
  function placeOf(atMs: number): number {
    let low = head;
    let high = times.length;
    if (low === high || (times[high - 1] ?? 0) <= atMs) return high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((times[middle] ?? 0) <= atMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }
  function letGo(): void {
    const item = items[head];
    head += 1;
    if (item !== undefined) release(item);
    if (head < compactAt) return;
    items.splice(0, head);
    times.splice(0, head);
    head = 0;
  }
  const isDue = (): boolean =>
    items.length - head > limits.items || (times[head] ?? latestMs) < latestMs - limits.heldMs;

  return {
    push(item, atMs) {
      const time = Number.isNaN(atMs) ? latestMs : atMs;
      const place = placeOf(time);
      if (place === items.length) {
        items.push(item);
        times.push(time);
      } else {
        items.splice(place, 0, item);
        times.splice(place, 0, time);
      }
      latestMs = Math.max(latestMs, time);
      while (isDue()) letGo();
    },
    flush() {
      while (head < items.length) letGo();
    },
  };
}
