// What the engine remembers for the rules: each measure is one row (whose memory, of what kind, which value of a flow).
// Rules that name the same row share its memory.
import type { Facts } from './facts.ts';

/**
 * Whose window a value goes into.
 * - `caller`: one principal, whatever it calls
 * - `callerRoute`: one principal on one route of one destination
 * - `subjectRoute`: one credential of one principal on one route; requests without credential share one
 * - `route`: a route of a destination, over all callers, without a window
 */
export type Scope = 'caller' | 'callerRoute' | 'subjectRoute' | 'route';

interface MeasureBase {
  /** Unique over all rules: `<rule>.<what>`. */
  readonly id: string;
  readonly scope: Scope;
}

/** One thing that a rule wants remembered, and how it is counted. */
export type Measure =
  /** How much was added during the last window; 0 adds nothing. Not for `route`. */
  | (MeasureBase & { readonly kind: 'count'; readonly value: (facts: Facts) => number })
  /** How much was added since its owner was first seen. */
  | (MeasureBase & { readonly kind: 'total'; readonly value: (facts: Facts) => number })
  /** How many different values during the last window. Not for `route`. */
  | (MeasureBase & { readonly kind: 'distinct'; readonly value: (facts: Facts) => string | undefined })
  /** Longest run of numbers in small steps during the last window. Not for `route`. */
  | (MeasureBase & { readonly kind: 'run'; readonly value: (facts: Facts) => number | undefined });

/** What other callers or credentials reach in the same measure on the same route. */
export interface Peers {
  readonly count: number;
  /** 90th percentile of their highest values; 0 without peers. */
  readonly p90: number;
}

/** The memory as a rule reads it: after the flow was added. An unknown measure is our bug and throws. */
export interface View {
  count(measure: Measure): number;
  distinct(measure: Measure): number;
  run(measure: Measure): number;
  /** Highest value of closed windows of the same owner, and how many were closed. */
  usual(measure: Measure): { readonly highest: number; readonly windows: number };
  /** The other credentials on this route, of any caller; `siblings` those of the same caller. */
  peers(measure: Measure): Peers;
  siblings(measure: Measure): Peers;
  /** Other rules that found something of medium severity or more on this caller lately. */
  readonly suspected: number;
  /** The baseline of this route is younger than the learning period. */
  readonly learning: boolean;
}
