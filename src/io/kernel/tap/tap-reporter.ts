// Collects what taps tell until main takes it: bounded whatever happens on the wire and however long main is away. Knows no thread and no clock.
import { mostTold, type TapItem, type TapReport } from './tap-report.ts';

type Counts = Record<TapItem['type'], number>;

const noCounts = (): Counts => ({
  ...{ gap: 0, attempt: 0, conflict: 0, evicted: 0 },
  ...{ names: 0, lost: 0, gone: 0, widened: 0 },
});

/** One per worker. */
export interface TapReporter {
  /** Something of this kind can be told; otherwise it is counted. Ask before an item is made. */
  hasRoom(type: TapItem['type']): boolean;
  add(item: TapItem): void;
  lost(pod: string, count: number): void;
  /** Hand over what there is, unless main still has the report before. */
  flush(): void;
  /** The same, only when names are among it: the flows that show them follow at once. */
  flushNames(): void;
  /** Main has taken the report. */
  heard(): void;
  /** The end: hand over what there is. */
  close(): void;
  /** Things that were only counted, ever. */
  readonly untold: number;
}

class Collector implements TapReporter {
  untold = 0;
  readonly #post: (report: TapReport) => void;
  #items: TapItem[] = [];
  #counts = noCounts();
  #beyond = noCounts();
  readonly #lost = new Map<string, number>();
  #isAwaited = false;

  constructor(post: (report: TapReport) => void) {
    this.#post = post;
  }

  hasRoom(type: TapItem['type']): boolean {
    if (this.#counts[type] < mostTold[type]) return true;
    this.#beyond[type] += 1;
    this.untold += 1;
    return false;
  }

  add(item: TapItem): void {
    this.#counts[item.type] += 1;
    this.#items.push(item);
  }

  lost(pod: string, count: number): void {
    if (!this.#lost.has(pod) && this.#lost.size >= mostTold.lost) {
      this.#beyond.lost += count;
      this.untold += count;
    } else this.#lost.set(pod, (this.#lost.get(pod) ?? 0) + count);
  }

  flush(): void {
    if (!this.#isAwaited) this.#hand();
  }

  flushNames(): void {
    if (this.#counts.names > 0) this.flush();
  }

  heard(): void {
    this.#isAwaited = false;
  }

  close(): void {
    this.#hand();
  }

  #hand(): void {
    if (this.#items.length === 0 && this.#lost.size === 0) return;
    for (const [pod, count] of this.#lost) this.#items.push({ type: 'lost', pod, count });
    this.#post({ items: this.#items, untold: this.#beyond });
    this.#isAwaited = true;
    this.#items = [];
    this.#counts = noCounts();
    this.#beyond = noCounts();
    this.#lost.clear();
  }
}

/** Nothing is told yet. `post`: to main, which answers by `heard`. */
export const createTapReporter = (post: (report: TapReport) => void): TapReporter => new Collector(post);
