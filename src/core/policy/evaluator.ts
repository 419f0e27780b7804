// The verdict: one function for enforcement, preview and explain. Order as in the semantics: Block first, whatever its
// specificity; then every Throttle that matches, the strictest wins; else allow. Shadow is a second, full evaluation of
// "enforced set plus shadow set" with buckets of its own; it never changes the answer.
import type { Decision } from '../model/exchange.ts';
import type { HeadView } from '../model/head-view.ts';
import type { ThrottleBuckets } from './buckets.ts';
import { judgement } from './decider.ts';
import {
  actionAllow,
  actionRefuse,
  actionThrottled,
  noPolicy,
  resetDecision,
  setShadow,
  shadowAsEnforced,
  strictParsing,
} from './decision.ts';
import { createLookup, type DecideWork } from './lookup.ts';
import {
  decidePlain,
  decideWithoutHttp,
  firstPlain,
  noteUnevaluated,
  plainRule,
  refuseBy,
  ruleOf,
} from './plain-verdict.ts';
import { printablePath } from './printable-path.ts';
import { createScope, type Scope, type ScopeIdentity } from './scope.ts';
import { openTables, type Tables } from './tables.ts';
import { createThrottler, type ThrottledRequest, type ThrottleOutcome } from './throttle.ts';

export interface Evaluator {
  readonly tables: Tables;
  readonly work: Readonly<DecideWork>;
  scope(identity: ScopeIdentity): Scope;
  /** One of `judgement`: what an enforcing, unexpired policy of the scope needs at most. */
  judges(scope: Scope, now: number): number;
  decide(scope: Scope, head: HeadView, route: string, now: number, out: Decision): void;
  decideOpaque(scope: Scope, now: number, out: Decision): void;
  /** The reading of the path that the last `decide` went by; '' when nothing decided. Allocates. */
  normalisedPath(): string;
}

export function createEvaluator(buffer: SharedArrayBuffer, buckets: ThrottleBuckets): Evaluator {
  const tables = openTables(buffer);
  const lookup = createLookup(tables);
  const { found, readings } = lookup;
  const throttler = createThrottler(tables, buckets);
  const outcome: ThrottleOutcome = { refusedBy: -1, retryAfterMs: 0, limitBurst: 0, limitRemaining: 0 };
  const request: ThrottledRequest = { head: undefined, route: '', now: 0 };
  /** Row whose path pattern the last decision went by; -1 when it was decided without one. */
  let decidedRow = -1;
  let decided = false;

  const rowOfThrottle = (policy: number): number => {
    for (let index = 0; index < found.allThrottleCount; index += 1)
      if (found.throttles[index] === policy) return found.throttleRows[index] ?? -1;
    return -1;
  };

  /**
   * Buckets of both worlds are opened before either is charged, a hypothetical one as full as the real one, also where a
   * shadow Block means that only the real one will be charged.
   */
  const openBuckets = (scope: Scope, union: boolean): void => {
    buckets.begin();
    throttler.open(scope, request, found.throttles, found.throttleCount, false);
    if (union) throttler.open(scope, request, found.throttles, found.allThrottleCount, true);
  };

  const chargeEnforced = (out: Decision): void => {
    throttler.charge(found.throttles, found.throttleCount, false, outcome);
    out.limitBurst = outcome.limitBurst;
    out.limitRemaining = outcome.limitRemaining;
    if (outcome.refusedBy === -1) return;
    decidedRow = rowOfThrottle(outcome.refusedBy);
    out.action = actionThrottled;
    out.policy = outcome.refusedBy;
    out.rule = ruleOf(tables, decidedRow);
    out.indeterminate = false;
    out.retryAfterMs = outcome.retryAfterMs;
  };

  const chargeUnion = (out: Decision): void => {
    throttler.charge(found.throttles, found.allThrottleCount, true, outcome);
    const by = outcome.refusedBy;
    if ((by === -1) === (out.action === actionAllow)) return;
    const row = by === -1 ? -1 : rowOfThrottle(by);
    setShadow(out, by === -1 ? actionAllow : actionThrottled, by, by === -1 ? -1 : ruleOf(tables, row));
    out.shadowRetryAfterMs = outcome.retryAfterMs;
    if (out.policy === noPolicy) decidedRow = row;
  };

  const admit = (scope: Scope, shadowPlain: number, now: number, out: Decision): void => {
    if (found.unsure !== -1) noteUnevaluated(found.unsure, plainRule(tables, found.unsure), out);
    const shadowBlock = shadowPlain === -1 ? found.shadowBlock : shadowPlain;
    const shadowed = now < scope.shadowUntil;
    if (found.allThrottleCount > 0) openBuckets(scope, shadowed);
    if (found.throttleCount > 0) chargeEnforced(out);
    shadowAsEnforced(out);
    if (shadowed && shadowBlock === -1 && found.allThrottleCount > 0) chargeUnion(out);
    if (shadowBlock === -1) return;
    const row = shadowPlain === -1 ? found.shadowBlockRow : -1;
    setShadow(
      out,
      actionRefuse,
      shadowBlock,
      row === -1 ? plainRule(tables, shadowBlock) : ruleOf(tables, row),
    );
    if (out.policy === noPolicy) decidedRow = row;
  };

  const decideHttp = (scope: Scope, now: number, out: Decision): void => {
    const shadowPlain = now < scope.shadowUntil ? firstPlain(tables, scope, scope.shadowPlain, now) : -1;
    if (found.block === -1) {
      admit(scope, shadowPlain, now, out);
      return;
    }
    decidedRow = found.blockRow;
    refuseBy(tables, found.block, ruleOf(tables, decidedRow), out);
    out.indeterminate = scope.unsure.has(found.block);
    shadowAsEnforced(out);
  };

  const judge = (scope: Scope, head: HeadView, route: string, now: number, out: Decision): void => {
    if (decidePlain(tables, scope, now, out)) return;
    if (now >= scope.httpUntil && now >= scope.shadowUntil) {
      shadowAsEnforced(out);
      return;
    }
    request.head = head;
    request.route = route;
    request.now = now;
    const code = lookup.find(scope, head, now);
    if (code === -1 || now >= scope.httpUntil) {
      decideHttp(scope, now, out);
      return;
    }
    out.action = actionRefuse;
    out.policy = strictParsing;
    out.rule = code;
    out.indeterminate = false;
    shadowAsEnforced(out);
  };

  return {
    tables,
    work: lookup.work,
    scope: (identity) => createScope(tables, identity),
    judges(scope, now) {
      if (now < scope.httpUntil) return judgement.l7;
      return now < scope.plainUntil ? judgement.l4 : judgement.none;
    },
    decide(scope, head, route, now, out) {
      resetDecision(out);
      decidedRow = -1;
      readings.count = 0;
      judge(scope, head, route, now, out);
      decided = out.policy !== noPolicy || out.shadowPolicy !== noPolicy;
    },
    decideOpaque(scope, now, out) {
      resetDecision(out);
      decided = false;
      decideWithoutHttp(tables, scope, now, out);
    },
    normalisedPath() {
      if (!decided || readings.count === 0) return '';
      const reading = decidedRow === -1 ? 0 : lookup.readingOf(decidedRow);
      return printablePath(readings.buffer(reading), readings.start(reading), readings.end(reading));
    },
  };
}
