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
import { createLookup, type DecideWork, type Lookup } from './lookup.ts';
import { createPlainJudge, noteUnevaluated, plainRule, ruleOf, type PlainJudge } from './plain-verdict.ts';
import { printablePath } from './printable-path.ts';
import { createScopeMaker, type Scope, type ScopeIdentity, type ScopeMaker } from './scope.ts';
import type { ScopeWork } from './scope-index.ts';
import { openTables, type Tables } from './tables.ts';
import { createThrottler, type ThrottledRequest, type Throttler, type ThrottleOutcome } from './throttle.ts';

/** Judges requests and streams by one snapshot; reused, allocates nothing where nothing matches. Times are epoch ms. */
export interface Evaluator {
  readonly tables: Tables;
  readonly work: Readonly<DecideWork>;
  readonly scopeWork: ScopeWork;
  scope(identity: ScopeIdentity): Scope;
  /** One of `judgement`: what an enforcing, unexpired policy of the scope needs at most. */
  judges(scope: Scope, now: number): number;
  /** A Block by peers alone applies: every request and every stream of the scope is refused. */
  refusesAll(scope: Scope, now: number): boolean;
  decide(scope: Scope, head: HeadView, route: string, now: number, out: Decision): void;
  /** `decide` without throttles: charges nothing. */
  judge(scope: Scope, head: HeadView, route: string, now: number, out: Decision): void;
  decideOpaque(scope: Scope, now: number, out: Decision): void;
  /** The reading of the path that the last `decide` went by, while its head is valid; '' when nothing decided. Allocates. */
  normalisedPath(): string;
}

class TableEvaluator implements Evaluator {
  readonly tables: Tables;
  readonly #lookup: Lookup;
  readonly #plain: PlainJudge;
  readonly #scopes: ScopeMaker;
  readonly #buckets: ThrottleBuckets;
  readonly #throttler: Throttler;
  readonly #outcome: ThrottleOutcome = { refusedBy: -1, retryAfterMs: 0, limitBurst: 0, limitRemaining: 0 };
  readonly #request: ThrottledRequest = { head: undefined, route: '', now: 0 };
  /** Row whose path pattern the last decision went by; -1 when it was decided without one. */
  #decidedRow = -1;
  #decided = false;
  /** Throttles count. */
  #charging = true;
  /** The last path could not be judged: it is told as it was sent. */
  #unreadable = false;

  constructor(buffer: SharedArrayBuffer, buckets: ThrottleBuckets) {
    this.tables = openTables(buffer);
    this.#lookup = createLookup(this.tables);
    this.#plain = createPlainJudge(this.tables);
    this.#scopes = createScopeMaker(this.tables);
    this.#buckets = buckets;
    this.#throttler = createThrottler(this.tables, buckets, this.#lookup.found.throttles);
  }

  get work(): Readonly<DecideWork> {
    return this.#lookup.work;
  }

  get scopeWork(): ScopeWork {
    return this.#scopes.work;
  }

  scope(identity: ScopeIdentity): Scope {
    return this.#scopes.make(identity);
  }

  judges(scope: Scope, now: number): number {
    if (now < scope.httpUntil) return judgement.l7;
    return now < scope.plainUntil ? judgement.l4 : judgement.none;
  }

  refusesAll(scope: Scope, now: number): boolean {
    return this.#plain.first(scope, now) !== -1;
  }

  decide(scope: Scope, head: HeadView, route: string, now: number, out: Decision): void {
    resetDecision(out);
    this.#decidedRow = -1;
    this.#unreadable = false;
    this.#lookup.readings.count = 0;
    this.#request.head = head;
    this.#request.route = route;
    this.#request.now = now;
    this.#judge(scope, head, out);
    this.#decided = out.policy !== noPolicy || out.shadowPolicy !== noPolicy;
  }

  judge(scope: Scope, head: HeadView, route: string, now: number, out: Decision): void {
    this.#charging = false;
    this.decide(scope, head, route, now, out);
    this.#charging = true;
  }

  decideOpaque(scope: Scope, now: number, out: Decision): void {
    resetDecision(out);
    this.#decided = false;
    this.#unreadable = false;
    this.#plain.decideStream(scope, now, out);
  }

  normalisedPath(): string {
    const { readings } = this.#lookup;
    const { head } = this.#request;
    if (this.#unreadable && head !== undefined)
      return printablePath(head.bytes, head.pathStart, head.pathEnd);
    if (!this.#decided || readings.count === 0) return '';
    const reading = this.#decidedRow === -1 ? 0 : this.#lookup.readingOf(this.#decidedRow);
    return printablePath(readings.buffer(reading), readings.start(reading), readings.end(reading));
  }

  #judge(scope: Scope, head: HeadView, out: Decision): void {
    const { now } = this.#request;
    if (this.#plain.decide(scope, now, out)) return;
    if (now >= scope.httpUntil && now >= scope.shadowUntil) {
      shadowAsEnforced(out);
      return;
    }
    const code = this.#lookup.find(scope, head, now);
    if (code === -1 || now >= scope.httpUntil) {
      this.#decideHttp(scope, now, out);
      return;
    }
    this.#unreadable = true;
    out.action = actionRefuse;
    out.policy = strictParsing;
    out.rule = code;
    out.indeterminate = false;
    shadowAsEnforced(out);
  }

  #decideHttp(scope: Scope, now: number, out: Decision): void {
    const { found } = this.#lookup;
    if (found.block === -1) {
      this.#admit(scope, now, out);
      return;
    }
    this.#decidedRow = found.blockRow;
    this.#plain.refuse(found.block, ruleOf(this.tables, found.blockRow), out);
    out.indeterminate = scope.unsure.has(found.block);
    shadowAsEnforced(out);
  }

  /** No Block in force: throttles, then what shadow would have done. */
  #admit(scope: Scope, now: number, out: Decision): void {
    const { found } = this.#lookup;
    const shadowed = now < scope.shadowUntil;
    const shadowPlain = shadowed ? this.#plain.firstShadow(scope, now) : -1;
    const shadowBlock = shadowPlain === -1 ? found.shadowBlock : shadowPlain;
    if (found.unsure !== -1) noteUnevaluated(found.unsure, plainRule(this.tables, found.unsure), out);
    if (!this.#charging) found.throttleCount = found.allThrottleCount = 0;
    if (found.allThrottleCount > 0) this.#openBuckets(scope, shadowed);
    if (found.throttleCount > 0) this.#chargeEnforced(out);
    shadowAsEnforced(out);
    if (shadowed && shadowBlock === -1 && found.allThrottleCount > 0) this.#chargeUnion(out);
    if (shadowBlock === -1) return;
    const row = shadowPlain === -1 ? found.shadowBlockRow : -1;
    const rule = row === -1 ? plainRule(this.tables, shadowBlock) : ruleOf(this.tables, row);
    setShadow(out, actionRefuse, shadowBlock, rule);
    if (out.policy === noPolicy) this.#decidedRow = row;
  }

  /**
   * Buckets of both worlds are opened before either is charged, a hypothetical one as full as the real one, also where a
   * shadow Block means that only the real one will be charged.
   */
  #openBuckets(scope: Scope, shadowed: boolean): void {
    const { throttleCount, allThrottleCount } = this.#lookup.found;
    this.#buckets.begin();
    const { enforced, union } = this.#throttler;
    enforced.count = throttleCount;
    this.#throttler.open(scope, this.#request, enforced);
    if (!shadowed) return;
    union.count = allThrottleCount;
    this.#throttler.open(scope, this.#request, union);
  }

  #chargeEnforced(out: Decision): void {
    const outcome = this.#outcome;
    this.#throttler.charge(this.#throttler.enforced, outcome);
    out.limitBurst = outcome.limitBurst;
    out.limitRemaining = outcome.limitRemaining;
    if (outcome.refusedBy === -1) return;
    this.#decidedRow = this.#rowOfThrottle(outcome.refusedBy);
    out.action = actionThrottled;
    out.policy = outcome.refusedBy;
    out.rule = ruleOf(this.tables, this.#decidedRow);
    out.indeterminate = false;
    out.retryAfterMs = outcome.retryAfterMs;
  }

  #chargeUnion(out: Decision): void {
    const outcome = this.#outcome;
    this.#throttler.charge(this.#throttler.union, outcome);
    const by = outcome.refusedBy;
    if ((by === -1) === (out.action === actionAllow)) return;
    const row = by === -1 ? -1 : this.#rowOfThrottle(by);
    setShadow(out, by === -1 ? actionAllow : actionThrottled, by, by === -1 ? -1 : ruleOf(this.tables, row));
    out.shadowRetryAfterMs = outcome.retryAfterMs;
    if (out.policy === noPolicy) this.#decidedRow = row;
  }

  #rowOfThrottle(policy: number): number {
    const { throttles, throttleRows, allThrottleCount } = this.#lookup.found;
    for (let index = 0; index < allThrottleCount; index += 1)
      if (throttles[index] === policy) return throttleRows[index] ?? -1;
    return -1;
  }
}

/** `buckets` may be those of an earlier snapshot's evaluator: policies that stay keep theirs. */
export const createEvaluator = (buffer: SharedArrayBuffer, buckets: ThrottleBuckets): Evaluator =>
  new TableEvaluator(buffer, buckets);
