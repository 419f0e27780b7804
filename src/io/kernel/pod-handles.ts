// Main's end of the pods that the worker carries: gives each its place among the counters, sends the orders, waits for the answers.
// Knows no socket.
import { AppError } from '../../core/model/app-error.ts';
import { readService, type PodStats } from './shared-stats.ts';
import type { FromWorker, InlinePod, ToWorker } from './worker-message.ts';

/** One attached pod. */
export interface InlineHandle {
  readonly pod: string;
  stats(): PodStats;
  /**
   * The ports taken over from now on; connections to others drain, and are cut after `withinMs` (0: at once). Resolves when new connections
   * go the new way: only then is the moment to cut those that still go the old one. Rejects with AppError when the worker cannot have them;
   * the ports before are carried on.
   */
  setPorts(ports: readonly number[], withinMs: number): Promise<void>;
  /**
   * Listens no longer, drains, cuts after `withinMs` (0: at once). Resolves when the last connection is gone, or the worker is; from then
   * on the namespace's descriptor may be closed. Idempotent: a later call may only shorten the time.
   */
  detach(withinMs: number): Promise<void>;
}

/** The messages that are answers about pods. */
type PodAnswer = Extract<FromWorker, { readonly place: number }>;

/** All pods of one worker. */
export interface PodHandles {
  /** Rejects with AppError when the worker cannot; the listening descriptors are closed then, and the worker's otherwise. */
  attach(pod: InlinePod): Promise<InlineHandle>;
  /** The worker's answer about a place. */
  hear(answer: PodAnswer): void;
  /** The worker is over: nobody waits any longer. */
  end(why: () => AppError): void;
}

/** What handles are made with. */
export interface PodHandleOptions {
  readonly say: (message: ToWorker) => void;
  readonly counters: Float64Array;
  /** First place among the services' counters that a pod may have, and how many. */
  readonly firstPlace: number;
  readonly places: number;
  /** The kernel refused the heartbeat of this pod with this error. */
  readonly onBeatFailed: (pod: string, error: number) => void;
}

interface Entry {
  readonly pod: string;
  readonly attached: PromiseWithResolvers<undefined>;
  readonly detached: PromiseWithResolvers<undefined>;
  /** Orders about ports that are not answered yet, oldest first. */
  readonly portsSet: PromiseWithResolvers<undefined>[];
}

function tooMany(pod: string, places: number): AppError {
  return new AppError({
    code: 'TOO_MANY_PODS',
    family: 'cannotCreate',
    message: `The ports of pod ${pod} cannot be taken over: the worker already has ${places} pods.`,
    hint: 'Raise the number of pods of a worker (limits.inlinePods), or start another worker.',
  });
}

/** Nothing more will be heard of the place: nobody waits any longer. */
function release({ detached, portsSet }: Entry): void {
  detached.resolve(undefined);
  for (const set of portsSet.splice(0)) set.resolve(undefined);
}

class Handles implements PodHandles {
  readonly #options: PodHandleOptions;
  readonly #entries = new Map<number, Entry>();
  #ended: (() => AppError) | undefined;

  constructor(options: PodHandleOptions) {
    this.#options = options;
  }

  async attach(pod: InlinePod): Promise<InlineHandle> {
    if (this.#ended) throw this.#ended();
    const place = this.#freePlace();
    if (place === undefined) throw tooMany(pod.pod, this.#options.places);
    const entry: Entry = {
      pod: pod.pod,
      attached: Promise.withResolvers(),
      detached: Promise.withResolvers(),
      portsSet: [],
    };
    this.#entries.set(place, entry);
    this.#options.say({ type: 'attach', place, pod });
    await entry.attached.promise;
    return this.#handleOf(place, entry);
  }

  hear(answer: PodAnswer): void {
    const entry = this.#entries.get(answer.place);
    if (!entry) return;
    if (answer.type === 'beatFailed') this.#options.onBeatFailed(entry.pod, answer.error);
    else if (answer.type === 'attached') entry.attached.resolve(undefined);
    else if (answer.type === 'portsSet') entry.portsSet.shift()?.resolve(undefined);
    else if (answer.type === 'portsFailed') entry.portsSet.shift()?.reject(new AppError(answer));
    else {
      this.#entries.delete(answer.place);
      if (answer.type === 'attachFailed') entry.attached.reject(new AppError(answer));
      release(entry);
    }
  }

  end(why: () => AppError): void {
    this.#ended = why;
    for (const entry of this.#entries.values()) {
      entry.attached.reject(why());
      release(entry);
    }
    this.#entries.clear();
  }

  #freePlace(): number | undefined {
    const { firstPlace, places } = this.#options;
    for (let place = firstPlace; place < firstPlace + places; place++)
      if (!this.#entries.has(place)) return place;
    return undefined;
  }

  #handleOf(place: number, entry: Entry): InlineHandle {
    const { say, counters } = this.#options;
    const isHere = (): boolean => this.#entries.get(place) === entry;
    return {
      pod: entry.pod,
      stats: () => readService(counters, place),
      async setPorts(ports, withinMs) {
        if (!isHere()) return;
        say({ type: 'ports', place, pod: entry.pod, ports, withinMs });
        const answer = Promise.withResolvers<undefined>();
        entry.portsSet.push(answer);
        await answer.promise;
      },
      async detach(withinMs) {
        if (isHere()) say({ type: 'detach', place, withinMs });
        await entry.detached.promise;
      },
    };
  }
}

/** No pods yet. */
export const createPodHandles = (options: PodHandleOptions): PodHandles => new Handles(options);
