// The pairs of a preview: what is worked out once for all flows of one caller, destination and address. Knows the worlds, judges
// nothing.
import type { FlowEvent } from '../model/event.ts';
import { pairKey, workloadOf } from '../model/workload-key.ts';
import type { PairRisks } from './preview-doubts.ts';
import type { World } from './preview-worlds.ts';
import { identityOf } from './request-facts.ts';
import type { Scope, ScopeIdentity } from './scope.ts';

/** What does not change between flows of one caller, destination and address. */
export interface Pair {
  readonly who: ScopeIdentity;
  readonly before: Scope;
  readonly after: Scope;
  /** Nothing of the change can reach this pair: not judged at all. */
  readonly untouched: boolean;
  /** The changed policy selects it. */
  readonly concerned: boolean;
  /** Made when first needed. */
  risks: PairRisks | undefined;
}

/** Pairs remembered; beyond it they are worked out again. */
const maxPairs = 20_000;

/** Remembers the pairs of one preview, a bounded number of them. */
export interface PairBook {
  /** Whether the change selects a pair of the window, by `ns/Kind/name>ns/Kind/name`. */
  readonly seen: ReadonlyMap<string, boolean>;
  of(flow: FlowEvent): Pair;
  /** The set of policies has changed: scopes are made anew. */
  renew(worlds: readonly [World, World]): void;
}

/** `selects`: whether the changed policy selects a pair; undefined when there is none. */
export function createPairBook(selects: ((who: ScopeIdentity) => boolean) | undefined): PairBook {
  const pairs = new Map<string, Pair>();
  const seen = new Map<string, boolean>();
  let worlds: readonly [World, World] | undefined;
  let byAddress = false;
  return {
    seen,
    of(flow) {
      const key = keyOf(flow, byAddress);
      const known = pairs.get(key);
      if (known !== undefined) return known;
      if (worlds === undefined) throw new Error('a pair was asked for before the worlds were made');
      if (pairs.size >= maxPairs) pairs.clear();
      const pair = makePair(flow, worlds, selects);
      pairs.set(key, pair);
      if (seen.size < maxPairs)
        seen.set(pairKey(workloadOf(flow.source), workloadOf(flow.destination)), pair.concerned);
      return pair;
    },
    renew(made) {
      worlds = made;
      byAddress = made.some(({ evaluator }) => evaluator.tables.cidrs.length > 0);
      pairs.clear();
    },
  };
}

function makePair(
  flow: FlowEvent,
  [one, other]: readonly [World, World],
  selects: ((who: ScopeIdentity) => boolean) | undefined,
): Pair {
  const who = identityOf(flow.source, flow.destination);
  const before = one.evaluator.scope(who);
  const after = other.evaluator.scope(who);
  const concerned = selects?.(who) ?? false;
  // Throttles can share buckets across pairs, so with them even a pair the change does not select can be affected.
  const untouched = !concerned && !before.throttled && !after.throttled;
  return { who, before, after, concerned, untouched, risks: undefined };
}

function keyOf({ source, destination }: FlowEvent, byAddress: boolean): string {
  const key = `${source.namespace}/${source.kind ?? ''}/${source.workload} ${source.principal} ${source.assurance}>${destination.namespace}/${destination.kind ?? ''}/${destination.workload} ${destination.principal} ${destination.assurance} ${destination.address ?? ''}`;
  return byAddress ? `${key} ${(source.address ?? '').replace(/:\d+$/, '')}` : key;
}
