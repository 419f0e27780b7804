// The memory as one rule reads it for one flow: looks up slots, never changes them.
import type { Touched } from './callers.ts';
import type { DetectLimits } from './limits.ts';
import type { Measure, Peers, View } from './measure.ts';
import type { Plan } from './plan.ts';
import { peersOf, type RouteBook } from './routes.ts';
import type { Slot, Window } from './window.ts';

/** What a view looks at; the engine fills it anew for every flow. */
export interface Sight {
  touched: Touched;
  book: RouteBook | undefined;
  nowMs: number;
  /** Id of the rule that reads. */
  rule: string;
}

const noPeers: Peers = { count: 0, p90: 0 };
const nothingUsual = { highest: 0, windows: 0 };

function windowFor(sight: Sight, measure: Measure): Window | undefined {
  switch (measure.scope) {
    case 'caller':
      return sight.touched.caller.overall;
    case 'callerRoute':
      return sight.touched.route;
    case 'subjectRoute':
      return sight.touched.subject;
    case 'route':
      return undefined;
  }
}

interface ViewOptions {
  readonly plan: Plan;
  readonly limits: DetectLimits;
  readonly learningMs: number;
}

/** Other rules that have lately found something on the caller. */
function suspicionsOf({ touched, rule, nowMs }: Sight, { suspicionMs }: DetectLimits): number {
  let count = 0;
  for (const [other, seenMs] of touched.caller.suspicions)
    if (other !== rule && nowMs - seenMs <= suspicionMs) count += 1;
  return count;
}

/** A view over `sight`, which the caller changes between flows. */
export function createView(sight: Sight, { plan, limits, learningMs }: ViewOptions): View {
  const slotOf = (measure: Measure): Slot | undefined =>
    windowFor(sight, measure)?.slots[plan.positionOf(measure)];
  const reach = (measure: Measure, sameCaller: boolean): Peers => {
    const { book, touched } = sight;
    if (!book) return noPeers;
    const position = plan.positionOf(measure);
    return peersOf(book, { caller: touched.caller.key, key: touched.peerKey, position }, sameCaller);
  };
  return {
    count: (measure) => {
      if (measure.scope === 'route') return sight.book?.totals[plan.positionOf(measure)] ?? 0;
      const slot = slotOf(measure);
      if (slot?.kind === 'total') return slot.sum;
      return slot?.kind === 'count' ? slot.count.total(sight.nowMs) : 0;
    },
    distinct: (measure) => {
      const slot = slotOf(measure);
      return slot?.kind === 'distinct' ? slot.set.size(sight.nowMs) : 0;
    },
    run: (measure) => {
      const slot = slotOf(measure);
      return slot?.kind === 'run' ? slot.run.longest(sight.nowMs) : 0;
    },
    usual: (measure) => {
      const slot = slotOf(measure);
      return slot?.kind === 'distinct' ? slot.set.peak() : nothingUsual;
    },
    peers: (measure) => reach(measure, false),
    siblings: (measure) => reach(measure, true),
    get suspected() {
      return suspicionsOf(sight, limits);
    },
    get learning() {
      const since = sight.book?.firstMs ?? sight.touched.caller.firstMs;
      return sight.nowMs - since < learningMs;
    },
  };
}
