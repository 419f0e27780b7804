// Main's end of the pods that the worker taps: numbers each, sends the orders, waits for the answers, takes the reports. Knows no ring.
import { closeSync } from 'node:fs';
import { AppError } from '../../core/model/app-error.ts';
import type { TapReport } from './tap/tap-report.ts';
import type { TapAnswer, TapOrder, TapPod, TapPodScope } from './worker-message.ts';

/** One tapped pod. After another `tapPod` of the same pod, and once the tap is gone, its calls do nothing. */
export interface TapHandle {
  readonly pod: string;
  /** For connections that begin from now on. */
  setScope(scope: TapPodScope): void;
  /** Resolves when the ring is closed and everything that was open is told. Idempotent. */
  untap(): Promise<void>;
}

/** All taps of one worker. */
export interface TapHandles {
  /** Rejects with AppError when the worker cannot; the ring is closed then. */
  tap(pod: TapPod): Promise<TapHandle>;
  hear(answer: TapAnswer): void;
  /** The worker is over: nobody waits any longer. */
  end(why: () => AppError): void;
}

/** What handles are made with. */
export interface TapHandleOptions {
  readonly say: (order: TapOrder) => void;
  readonly onReport: (report: TapReport) => void;
}

interface Entry {
  readonly pod: string;
  readonly tapped: PromiseWithResolvers<undefined>;
  readonly untapped: PromiseWithResolvers<undefined>;
}

class Handles implements TapHandles {
  readonly #options: TapHandleOptions;
  readonly #entries = new Map<number, Entry>();
  #lastNumber = 0;
  #ended: (() => AppError) | undefined;

  constructor(options: TapHandleOptions) {
    this.#options = options;
  }

  async tap(pod: TapPod): Promise<TapHandle> {
    if (this.#ended) {
      closeSync(pod.fd);
      throw this.#ended();
    }
    const number = ++this.#lastNumber;
    const entry: Entry = {
      pod: pod.pod,
      tapped: Promise.withResolvers(),
      untapped: Promise.withResolvers(),
    };
    this.#entries.set(number, entry);
    this.#options.say({ type: 'tap', tap: number, pod });
    await entry.tapped.promise;
    return this.#handleOf(number, entry);
  }

  hear(answer: TapAnswer): void {
    if (answer.type === 'tapReport') {
      this.#options.say({ type: 'tapHeard' });
      this.#options.onReport(answer.report);
      return;
    }
    const entry = this.#entries.get(answer.tap);
    if (!entry) return;
    if (answer.type === 'tapped') this.#begun(answer.tap, entry);
    else {
      this.#entries.delete(answer.tap);
      if (answer.type === 'tapFailed') entry.tapped.reject(new AppError(answer));
      entry.untapped.resolve(undefined);
    }
  }

  /** What the pod had before is this one's now. */
  #begun(number: number, entry: Entry): void {
    for (const [other, { pod, untapped }] of this.#entries) {
      if (pod !== entry.pod || other >= number) continue;
      this.#entries.delete(other);
      untapped.resolve(undefined);
    }
    entry.tapped.resolve(undefined);
  }

  end(why: () => AppError): void {
    this.#ended = why;
    for (const { tapped, untapped } of this.#entries.values()) {
      tapped.reject(why());
      untapped.resolve(undefined);
    }
    this.#entries.clear();
  }

  #handleOf(number: number, entry: Entry): TapHandle {
    const { say } = this.#options;
    const isHere = (): boolean => this.#entries.get(number) === entry;
    return {
      pod: entry.pod,
      setScope(scope) {
        if (isHere()) say({ type: 'tapScope', tap: number, scope });
      },
      async untap() {
        if (isHere()) say({ type: 'untap', tap: number });
        await entry.untapped.promise;
      },
    };
  }
}

/** No taps yet. */
export const createTapHandles = (options: TapHandleOptions): TapHandles => new Handles(options);
