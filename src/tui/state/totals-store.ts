// Sums over all flows and what each policy decided, counted as flows arrive. Mutable, owned by the flow store.
import type { PolicyName } from '../../core/model/brand.ts';
import { policyName } from '../../core/model/brand.ts';
import type { FlowEvent, LostEvent } from '../../core/model/event.ts';
import type { DataClock } from './data-clock.ts';
import type { PolicyTally } from './data-view.ts';
import { fieldCount, isError, windowFields } from './edge-store.ts';
import { createSecondWindow, windowSeconds } from './second-window.ts';

/** Most policies and loss places counted; past it, new ones are not. */
const tallyLimit = 20_000;
const lostPlaces = 64;

export interface TotalsStore {
  readonly flows: number;
  readonly rate: number;
  readonly errorShare: number;
  readonly refusedShare: number;
  readonly opaqueShare: number | undefined;
  readonly perSecond: readonly number[];
  readonly lost: number;
  readonly lostBy: ReadonlyMap<string, number>;
  tally(name: PolicyName): PolicyTally | undefined;
  add(flow: FlowEvent, timeMs: number): void;
  addLost(event: LostEvent): void;
  /** A seek: flow sums start afresh, what was lost stays told. */
  clear(): void;
}

interface MutableTally {
  hits: number;
  shadowHits: number;
  firstHitMs: number;
  lastHitMs: number;
}

function createTallies(): {
  get(name: PolicyName): PolicyTally | undefined;
  add(flow: FlowEvent, timeMs: number): void;
  clear(): void;
} {
  const tallies = new Map<PolicyName, MutableTally>();
  const of = (name: string): MutableTally | undefined => {
    const key = policyName(name);
    let tally = tallies.get(key);
    if (!tally && tallies.size < tallyLimit) {
      tally = { hits: 0, shadowHits: 0, firstHitMs: 0, lastHitMs: 0 };
      tallies.set(key, tally);
    }
    return tally;
  };
  return {
    get: (name) => tallies.get(name),
    add(flow, timeMs) {
      const enforced = flow.verdict.policy === undefined ? undefined : of(flow.verdict.policy);
      if (enforced) {
        enforced.hits++;
        if (enforced.firstHitMs === 0) enforced.firstHitMs = timeMs;
        enforced.lastHitMs = Math.max(enforced.lastHitMs, timeMs);
      }
      const shadow = flow.shadow?.policy === undefined ? undefined : of(flow.shadow.policy);
      if (shadow) {
        shadow.shadowHits++;
        shadow.lastHitMs = Math.max(shadow.lastHitMs, timeMs);
      }
    },
    clear: () => tallies.clear(),
  };
}

/** Sums at zero. */
export function createTotalsStore(clock: DataClock): TotalsStore {
  let window = createSecondWindow(fieldCount);
  const tallies = createTallies();
  const lostBy = new Map<string, number>();
  let flows = 0;
  let lost = 0;
  const sum = (field: number, seconds: number): number => window.sum(field, clock.second, seconds);
  const all = (seconds: number): number =>
    sum(0, seconds) + sum(1, seconds) + sum(2, seconds) + sum(3, seconds);
  const share = (part: number): number | undefined => {
    const whole = all(windowSeconds);
    return whole === 0 ? undefined : part / whole;
  };
  return {
    get flows() {
      return flows;
    },
    get rate() {
      return all(clock.rateSeconds) / clock.rateSpan;
    },
    get errorShare() {
      return share(sum(windowFields.errors, windowSeconds)) ?? 0;
    },
    get refusedShare() {
      return share(sum(windowFields.block, windowSeconds) + sum(windowFields.throttle, windowSeconds)) ?? 0;
    },
    get opaqueShare() {
      return share(sum(windowFields.opaque, windowSeconds));
    },
    get perSecond() {
      const at = (second: number): number =>
        window.sum(0, second, 1) +
        window.sum(1, second, 1) +
        window.sum(2, second, 1) +
        window.sum(3, second, 1);
      return Array.from({ length: windowSeconds }, (_, index) =>
        at(clock.second - windowSeconds + 1 + index),
      );
    },
    get lost() {
      return lost;
    },
    lostBy,
    tally: (name) => tallies.get(name),
    add(flow, timeMs) {
      const second = Math.floor(timeMs / 1000);
      flows++;
      window.add(second, windowFields[flow.verdict.action]);
      if (isError(flow)) window.add(second, windowFields.errors);
      if (flow.protocol === 'opaque') window.add(second, windowFields.opaque);
      tallies.add(flow, timeMs);
    },
    addLost(event) {
      lost += event.count;
      if (lostBy.has(event.where) || lostBy.size < lostPlaces)
        lostBy.set(event.where, (lostBy.get(event.where) ?? 0) + event.count);
    },
    clear() {
      window = createSecondWindow(fieldCount);
      tallies.clear();
      flows = 0;
    },
  };
}
