// How connections are shared among those who call: who holds much is refused while little is free, and a newcomer finds room. The threshold
// moves with what is free, as in switches whose ports share one memory. Counted at accept and at the end of a connection. No I/O.

/** Why a connection is not taken. */
export type Refusal = 'full' | 'share';

/** Who holds how many connections. `Service` is whatever one pod or one listener is known by. */
export interface Shares<Service> {
  /** There is such a service now, or no longer. */
  serve(service: Service): void;
  unserve(service: Service): void;
  /**
   * Counts one more connection, or says why not. `caller` is the address without port; undefined where everybody has the same one, so
   * that it tells nobody apart.
   */
  enter(service: Service, caller: string | undefined): Refusal | undefined;
  /** One that had entered is over. */
  leave(service: Service, caller: string | undefined): void;
}

/** One caller may hold twice what is free: two thirds of all, the next one two thirds of the rest. */
const callerFactor = 2;
/** All callers of one service together, while there are others: eight ninths, so that one caller's two thirds do not shut the others out. */
const serviceFactor = 8;

class DynamicShares<Service> implements Shares<Service> {
  readonly #capacity: number;
  readonly #callers = new Map<string, number>();
  readonly #held = new Map<Service, number>();
  readonly #served = new Set<Service>();
  #open = 0;

  constructor(capacity: number) {
    this.#capacity = capacity;
  }

  serve(service: Service): void {
    this.#served.add(service);
  }

  unserve(service: Service): void {
    this.#served.delete(service);
  }

  enter(service: Service, caller: string | undefined): Refusal | undefined {
    const free = this.#capacity - this.#open;
    if (free <= 0) return 'full';
    const ofService = this.#held.get(service) ?? 0;
    const ofCaller = caller === undefined ? 0 : (this.#callers.get(caller) ?? 0);
    if (ofCaller >= callerFactor * free) return 'share';
    // Alone, there is nobody to leave room for.
    if (this.#served.size > 1 && ofService >= serviceFactor * free) return 'share';
    this.#open++;
    this.#held.set(service, ofService + 1);
    if (caller !== undefined) this.#callers.set(caller, ofCaller + 1);
    return undefined;
  }

  leave(service: Service, caller: string | undefined): void {
    this.#open--;
    lower(this.#held, service);
    if (caller !== undefined) lower(this.#callers, caller);
  }
}

/** Nobody with nothing is remembered. */
function lower<Key>(counts: Map<Key, number>, key: Key): void {
  const left = (counts.get(key) ?? 0) - 1;
  if (left > 0) counts.set(key, left);
  else counts.delete(key);
}

/** How many connections can be open at once: each takes two descriptors of those up to `lastFd` that nobody else has. */
export function connectionCapacity(bounds: {
  /** Highest descriptor a proxied socket may have. */
  readonly lastFd: number;
  /** Descriptors that the process has for itself. */
  readonly used: number;
  /** What the configuration allows. */
  readonly most: number;
}): number {
  return Math.max(1, Math.min(bounds.most, Math.floor((bounds.lastFd + 1 - bounds.used) / 2)));
}

/** Nobody holds any of `capacity` connections. */
export const createShares = <Service>(capacity: number): Shares<Service> => new DynamicShares(capacity);
