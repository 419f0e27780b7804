// Main's end of the pods that the worker taps: numbers each, sends the orders, waits for the answers, takes the reports. Knows no ring.
import { closeSync } from 'node:fs';
import { AppError } from '../../core/model/app-error.ts';
import { assertNever } from '../../core/model/assert-never.ts';
import type { CarriedPorts } from '../../core/tap/tap-filter.ts';
import type { TapReport } from './tap/tap-report.ts';
import type { TapAnswer, TapOrder, TapPod, TapPodScope } from './worker-message.ts';

/** One tapped interface of a pod. After another `tapPod` of the same interface, and once its ring is gone, its calls do nothing. */
export interface TapHandle {
  readonly pod: string;
  /** For connections of the pod that begin from now on, on whatever interface. */
  setScope(scope: TapPodScope): void;
  /**
   * What inline carries of the pod is left out of all its rings from now on, and nothing else. Resolves when the kernel has the filters (or this
   * ring is gone): only then may inline let go of a port that was left out.
   */
  setCarried(carried: CarriedPorts): Promise<void>;
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
  readonly interfaceName: string | undefined;
  readonly tapped: PromiseWithResolvers<undefined>;
  readonly untapped: PromiseWithResolvers<undefined>;
  /** Orders about the filter that are not answered yet, oldest first. */
  readonly filtered: (() => void)[];
}

/** Nothing more will be heard of it: nobody waits any longer. */
function release({ untapped, filtered }: Entry): void {
  untapped.resolve(undefined);
  for (const resolve of filtered.splice(0)) resolve();
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
      interfaceName: pod.interfaceName,
      tapped: Promise.withResolvers(),
      untapped: Promise.withResolvers(),
      filtered: [],
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
    switch (answer.type) {
      case 'tapped':
        this.#begun(answer.tap, entry);
        return;
      case 'tapFiltered':
        entry.filtered.shift()?.();
        return;
      case 'tapFailed':
        entry.tapped.reject(new AppError(answer));
        this.#forget(answer.tap, entry);
        return;
      case 'untapped':
        this.#forget(answer.tap, entry);
        return;
      default:
        assertNever(answer);
    }
  }

  #forget(number: number, entry: Entry): void {
    this.#entries.delete(number);
    release(entry);
  }

  /** What the interface had before is this one's now. */
  #begun(number: number, entry: Entry): void {
    const isSame = ({ pod, interfaceName }: Entry): boolean =>
      pod === entry.pod && interfaceName === entry.interfaceName;
    for (const [other, before] of this.#entries)
      if (isSame(before) && other < number) this.#forget(other, before);
    entry.tapped.resolve(undefined);
  }

  end(why: () => AppError): void {
    this.#ended = why;
    for (const entry of this.#entries.values()) {
      entry.tapped.reject(why());
      release(entry);
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
      async setCarried(carried) {
        if (!isHere()) return;
        say({ type: 'tapCarried', tap: number, carried });
        await new Promise<void>((resolve) => entry.filtered.push(resolve));
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
