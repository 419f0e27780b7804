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

class SortedQueue<T> implements ArrivalOrder<T> {
  readonly #release: (item: T) => void;
  readonly #limits: ArrivalLimits;
  readonly #items: T[] = [];
  readonly #times: number[] = [];
  /** Index of the earliest item still held. */
  #head = 0;
  #latestMs = Number.NEGATIVE_INFINITY;

  constructor(release: (item: T) => void, limits: ArrivalLimits) {
    this.#release = release;
    this.#limits = limits;
  }

  push(item: T, atMs: number): void {
    const time = Number.isNaN(atMs) ? this.#latestMs : atMs;
    const place = this.#placeOf(time);
    if (place === this.#items.length) {
      this.#items.push(item);
      this.#times.push(time);
    } else {
      this.#items.splice(place, 0, item);
      this.#times.splice(place, 0, time);
    }
    this.#latestMs = Math.max(this.#latestMs, time);
    while (this.#isDue()) this.#letGo();
  }

  flush(): void {
    while (this.#head < this.#items.length) this.#letGo();
  }

  /** Behind everything that is not later. */
  #placeOf(atMs: number): number {
    let low = this.#head;
    let high = this.#times.length;
    if (low === high || (this.#times[high - 1] ?? 0) <= atMs) return high;
    while (low < high) {
      const middle = (low + high) >>> 1;
      if ((this.#times[middle] ?? 0) <= atMs) low = middle + 1;
      else high = middle;
    }
    return low;
  }

  #isDue(): boolean {
    const { items, heldMs } = this.#limits;
    if (this.#items.length - this.#head > items) return true;
    return (this.#times[this.#head] ?? this.#latestMs) < this.#latestMs - heldMs;
  }

  #letGo(): void {
    const item = this.#items[this.#head];
    this.#head += 1;
    if (this.#head >= compactAt) {
      this.#items.splice(0, this.#head);
      this.#times.splice(0, this.#head);
      this.#head = 0;
    }
    if (item !== undefined) this.#release(item);
  }
}

/** `release` gets the items in order, but for those that came later than the limits wait. */
export const createArrivalOrder = <T>(
  release: (item: T) => void,
  limits: ArrivalLimits = arrivalLimits,
): ArrivalOrder<T> => new SortedQueue(release, limits);
