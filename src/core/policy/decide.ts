// The Decider over a snapshot's tables: both identities fixed by configuration (explicit listeners) or looked up per connection. Runs in
// the data plane's worker; make a new one when the snapshot changes, with the same buckets.
import type { ListenerConfig } from '../model/identity.ts';
import type { ThrottleBuckets } from './buckets.ts';
import type { Decider, JudgedPair, ThrottleTerms } from './decider.ts';
import { createEvaluator, type Evaluator } from './evaluator.ts';
import { parseAddress } from './ip-address.ts';
import type { DecideWork } from './lookup.ts';
import { policyText } from './scope.ts';
import { createScopeCache, mostPairScopes, type ScopeCache } from './scope-cache.ts';
import type { ScopeWork } from './scope-index.ts';
import { numberColumn, numberStride } from './table-layout.ts';
import type { Tables } from './tables.ts';

/** The port of `decider.ts` over compiled tables, with all its optional parts. */
export interface PolicyDecider extends Decider {
  /** Work done so far; for tests and benchmarks. */
  readonly work: Readonly<DecideWork>;
  readonly scopeWork: Readonly<ScopeWork>;
  scopeOfClient(listener: number, clientAddress: string): number;
  scopeOfConnection(pair: JudgedPair): number;
  refusesAll(scope: number, now: number): boolean;
  normalisedPath(): string;
  throttleTerms(policy: number): ThrottleTerms;
  /** The same judge as another object, so that connections ask for their scopes again: who is who has changed, or `isFull`. */
  renewed(): PolicyDecider;
  /** More scopes are held than should be: put `renewed()` in force. */
  isFull(): boolean;
}

/** Bounds of one decider. */
export interface DeciderLimits {
  readonly mostPairScopes: number;
}

/**
 * Scopes are made when first asked for and kept: at most one per listener and distinguishable client address, and
 * `mostPairScopes` of connections without listener.
 */
export function createDecider(
  buffer: SharedArrayBuffer,
  listeners: readonly ListenerConfig[],
  buckets: ThrottleBuckets,
  limits: DeciderLimits = { mostPairScopes },
): PolicyDecider {
  const evaluator = createEvaluator(buffer, buckets);
  return deciderOver(evaluator, createScopeCache(evaluator, listeners, limits.mostPairScopes));
}

function deciderOver(evaluator: Evaluator, scopes: ScopeCache): PolicyDecider {
  return {
    generation: evaluator.tables.generation,
    work: evaluator.work,
    scopeWork: evaluator.scopeWork,
    scopeOf: (listener) => scopes.ofListener(listener, undefined),
    scopeOfClient: (listener, address) => scopes.ofListener(listener, parseAddress(address)),
    scopeOfConnection: (pair) => scopes.ofPair(pair),
    judges: (index, now) => evaluator.judges(scopes.at(index), now),
    refusesAll: (index, now) => evaluator.refusesAll(scopes.at(index), now),
    decide: (index, head, route, now, out) => evaluator.decide(scopes.at(index), head, route, now, out),
    judge: (index, head, route, now, out) => evaluator.judge(scopes.at(index), head, route, now, out),
    decideOpaque: (index, now, out) => evaluator.decideOpaque(scopes.at(index), now, out),
    normalisedPath: () => evaluator.normalisedPath(),
    throttleTerms: (policy) => throttleTermsOf(evaluator.tables, policy),
    renewed: () => deciderOver(evaluator, scopes.renew()),
    isFull: () => scopes.full,
  };
}

/** A full bucket is the quota; the time in which the rate grants that much is its window. */
function throttleTermsOf(tables: Tables, policy: number): ThrottleTerms {
  const at = policy * numberStride;
  const rate = tables.policyNumbers[at + numberColumn.rate] ?? 0;
  const periodMs = tables.policyNumbers[at + numberColumn.periodMs] ?? 0;
  const burst = tables.policyNumbers[at + numberColumn.burst] ?? 0;
  const windowMs = rate > 0 ? (burst * periodMs) / rate : 0;
  return { name: policyText(tables, policy), windowSeconds: Math.max(1, Math.ceil(windowMs / 1000)) };
}
