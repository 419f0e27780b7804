// The port between a connection's brain and policy: what `inspect` asks and `decide` answers, on numbers and spans only.
// Implemented over the compiled tables in decide.ts; tests of inspect use a small fake.
import type { Decision } from '../model/exchange.ts';
import type { HeadView } from '../model/head-view.ts';

/** What kind of judgement a scope needs; a connection without enforcing L7 policy may be forwarded even when unreadable. */
export const judgement = { none: 0, l4: 1, l7: 2 } as const;

export interface Decider {
  /** Of the snapshot these answers come from. */
  readonly generation: number;
  /** The set of policies that can concern connections of this listener (its source and destination); computed once per snapshot. */
  scopeOf(listener: number): number;
  /** The strongest judgement an *enforcing*, unexpired policy of the scope needs: one of `judgement`. */
  judges(scope: number, now: number): number;
  /** Judge one request. Fills every field of `out`; allocates nothing when nothing matches. Throttles count this call. */
  decide(scope: number, head: HeadView, route: string, now: number, out: Decision): void;
  /** Judge a stream that is not readable as HTTP: L4 policies decide, L7 ones are indeterminate and follow `failure`. */
  decideOpaque(scope: number, now: number, out: Decision): void;
}
