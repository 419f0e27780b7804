// Sums over all flows and what each policy decided, counted as flows arrive. Mutable, owned by the flow store.
import type { PolicyName } from '../../core/model/brand.ts';
import { policyName } from '../../core/model/brand.ts';
import type { FlowEvent, LostEvent } from '../../core/model/event.ts';
import type { DataClock } from './data-clock.ts';
import type { PolicyTally } from './data-view.ts';
import { createFlowCounts } from './flow-counts.ts';
import { windowSeconds } from './second-window.ts';

/** Most policies and loss places counted; past it, new ones are not. */
const tallyLimit = 20_000;
const lostPlaces = 64;

/**
 * Sums over all flows since the store began or since the last seek; shares and rates are of the last minute and the
 * last ten seconds.
 */
export interface TotalsStore {
  readonly flows: number;
  readonly rate: number;
  readonly errorShare: number;
  readonly refusedShare: number;
  readonly opaqueShare: number | undefined;
  readonly perSecond: readonly number[];
  readonly lost: number;
  readonly lostBy: ReadonlyMap<string, number>;
  readonly detailsNotKept: number;
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
  let counts = createFlowCounts(clock);
  const tallies = createTallies();
  const lostBy = new Map<string, number>();
  let flows = 0;
  let lost = 0;
  let detailsNotKept = 0;
  return {
    get flows() {
      return flows;
    },
    get rate() {
      return counts.rate;
    },
    get errorShare() {
      return counts.errorShare ?? 0;
    },
    get refusedShare() {
      return counts.refusedShare ?? 0;
    },
    get opaqueShare() {
      return counts.opaqueShare;
    },
    get perSecond() {
      const oldest = clock.second - windowSeconds + 1;
      return Array.from({ length: windowSeconds }, (_, index) => counts.at(oldest + index));
    },
    get lost() {
      return lost;
    },
    lostBy,
    get detailsNotKept() {
      return detailsNotKept;
    },
    tally: (name) => tallies.get(name),
    add(flow, timeMs) {
      counts.add(flow, timeMs);
      if (flow.opening === true) return;
      flows++;
      tallies.add(flow, timeMs);
    },
    addLost(event) {
      // These flows are there; only headers and bodies are not.
      if (event.where === 'details') {
        detailsNotKept += event.count;
        return;
      }
      lost += event.count;
      if (lostBy.has(event.where) || lostBy.size < lostPlaces)
        lostBy.set(event.where, (lostBy.get(event.where) ?? 0) + event.count);
    },
    clear() {
      counts = createFlowCounts(clock);
      tallies.clear();
      flows = 0;
    },
  };
}
