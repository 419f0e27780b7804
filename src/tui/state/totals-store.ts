// Sums over all flows and what each policy decided, counted as flows arrive. Mutable, owned by the flow store.
import type { PolicyName } from '../../core/model/brand.ts';
import { policyName } from '../../core/model/brand.ts';
import type { FlowEvent, LostEvent } from '../../core/model/event.ts';
import type { DataClock } from './data-clock.ts';
import type { PolicyTally } from './data-view.ts';
import type { FlowCounts } from './flow-counts.ts';
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

interface Tallies {
  get(name: PolicyName): PolicyTally | undefined;
  add(flow: FlowEvent, timeMs: number): void;
}

function createTallies(): Tallies {
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
  };
}

/** What did not come through, by where it was lost. */
function createLosses() {
  const byPlace = new Map<string, number>();
  const losses = {
    total: 0,
    byPlace,
    detailsNotKept: 0,
    add({ where, count }: LostEvent): void {
      // These flows are there; only headers and bodies are not.
      if (where === 'details') {
        losses.detailsNotKept += count;
        return;
      }
      losses.total += count;
      if (byPlace.has(where) || byPlace.size < lostPlaces)
        byPlace.set(where, (byPlace.get(where) ?? 0) + count);
    },
  };
  return losses;
}

/** Flows of each of the last 60 seconds, oldest first. */
function lastMinute(counts: FlowCounts, { second }: DataClock): readonly number[] {
  const oldest = second - windowSeconds + 1;
  return Array.from({ length: windowSeconds }, (_, index) => counts.at(oldest + index));
}

/** What a seek begins afresh. */
interface Running {
  readonly counts: FlowCounts;
  readonly tallies: Tallies;
  flows: number;
}

function countFlow(running: Running, flow: FlowEvent, timeMs: number): void {
  running.counts.add(flow, timeMs);
  if (flow.opening === true) return;
  running.flows++;
  running.tallies.add(flow, timeMs);
}

/** Sums at zero. */
export function createTotalsStore(clock: DataClock): TotalsStore {
  const begin = (): Running => ({ counts: createFlowCounts(clock), tallies: createTallies(), flows: 0 });
  const losses = createLosses();
  let running = begin();
  return {
    get flows() {
      return running.flows;
    },
    get rate() {
      return running.counts.rate;
    },
    get errorShare() {
      return running.counts.errorShare ?? 0;
    },
    get refusedShare() {
      return running.counts.refusedShare ?? 0;
    },
    get opaqueShare() {
      return running.counts.opaqueShare;
    },
    get perSecond() {
      return lastMinute(running.counts, clock);
    },
    get lost() {
      return losses.total;
    },
    lostBy: losses.byPlace,
    get detailsNotKept() {
      return losses.detailsNotKept;
    },
    tally: (name) => running.tallies.get(name),
    add: (flow, timeMs) => countFlow(running, flow, timeMs),
    addLost: (event) => losses.add(event),
    clear() {
      running = begin();
    },
  };
}
