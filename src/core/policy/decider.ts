// The port between a connection's brain and policy: what `inspect` asks and `decide` answers, on numbers and spans only.
// Implemented over the compiled tables in decide.ts; tests of inspect use a small fake.
import type { Decision } from '../model/exchange.ts';
import type { HeadView } from '../model/head-view.ts';
import type { Peer } from '../model/identity.ts';

/** What kind of judgement a scope needs; a connection without enforcing L7 policy may be forwarded even when unreadable. */
export const judgement = { none: 0, l4: 1, l7: 2 } as const;

/** What a connection asks of policy; one per worker and snapshot. Everything is synchronous, times are epoch ms. */
export interface Decider {
  /** Of the snapshot these answers come from. */
  readonly generation: number;
  /** The set of policies that can concern connections of this listener (its source and destination); computed once per snapshot. */
  scopeOf(listener: number): number;
  /**
   * The same for one client of that listener, by its address in text (`10.0.0.7`, `::1`); for policies that select sources
   * by cidr. Without it (`scopeOf`) such policies cannot be evaluated and follow `failure`. Call once per accepted connection.
   */
  scopeOfClient?(listener: number, clientAddress: string): number;
  /**
   * The same for a connection whose ends were looked up instead of configured. The number may be of a bounded cache: ask again
   * whenever the decider in force is another object.
   */
  scopeOfConnection?(pair: JudgedPair): number;
  /** The strongest judgement an *enforcing*, unexpired policy of the scope needs: one of `judgement`. */
  judges(scope: number, now: number): number;
  /** True while a Block by peers alone refuses whatever comes: nothing needs to be read, or connected, to know it. Counts nothing. */
  refusesAll?(scope: number, now: number): boolean;
  /** Judge one request. Fills every field of `out`; allocates nothing when nothing matches. Throttles count this call. */
  decide(scope: number, head: HeadView, route: string, now: number, out: Decision): void;
  /** The same without throttles: charges nothing. For requests that were admitted and are judged again. */
  judge(scope: number, head: HeadView, route: string, now: number, out: Decision): void;
  /** Judge a stream that is not readable as HTTP: L4 policies decide, L7 ones are indeterminate and follow `failure`. */
  decideOpaque(scope: number, now: number, out: Decision): void;
  /**
   * The reading of the path that the last `decide` of this decider went by, for `Exchange.normalisedPath`; '' when no policy
   * decided. Allocates: call it only when `out.policy` or `out.shadowPolicy` is not -1.
   */
  normalisedPath?(): string;
  /** What the throttle `policy` (as in `Decision.policy`) calls itself and how long its quota takes to come back: for 429. Allocates. */
  throttleTerms?(policy: number): ThrottleTerms;
}

/** Who connects to whom, as far as policies select by it. Peers are told apart as objects: hand over the same one for the same peer. */
export interface JudgedPair {
  readonly source: Peer;
  readonly destination: Peer;
  /** Port the client connected to; 0 when unknown. */
  readonly destinationPort: number;
  /** Address or `address:port` of either end; '' when unknown. */
  readonly clientAddress: string;
  readonly destinationAddress: string;
}

/** Of one throttle, as its callers may know it. */
export interface ThrottleTerms {
  /** `namespace/name`. */
  readonly name: string;
  /** Whole seconds in which an empty bucket fills up, at least 1. */
  readonly windowSeconds: number;
}

/**
 * Why a path cannot be judged. `decide` answers `action` block with `policy` -2 (strict parsing: 400, not 403) and `rule` an
 * index into this table when an enforcing L7 policy is in scope; otherwise the request passes.
 */
export const strictPathCodes = ['PATH_NUL', 'PATH_CONTROL', 'PATH_NOT_UTF8', 'PATH_AMBIGUOUS'] as const;
/** One of `strictPathCodes`. */
export type StrictPathCode = (typeof strictPathCodes)[number];
