// Verdicts that need no HTTP: Blocks without a match, and streams that are not HTTP, where policies that ask for HTTP fields
// cannot be evaluated and do what their `failure` says: never silently widened to the port, never silently dropped.
import type { Decision } from '../model/exchange.ts';
import { actionRefuse, noPolicy, setShadow, shadowAsEnforced } from './decision.ts';
import type { Scope } from './scope.ts';
import { expiresAt } from './scope-index.ts';
import { policyColumn as column, policyStride, rowColumn, rowStride } from './table-layout.ts';
import type { Tables } from './tables.ts';

/** Rule of a row. */
export const ruleOf = (tables: Tables, row: number): number =>
  tables.rows[row * rowStride + rowColumn.rule] ?? -1;

/** Rule of a policy decided by its peers alone. */
export const plainRule = (tables: Tables, policy: number): number =>
  tables.policies[policy * policyStride + column.plainRule] ?? -1;

const isClosed = (tables: Tables, policy: number): boolean =>
  tables.policies[policy * policyStride + column.closed] === 1;

/** Lets through, visibly, what `policy` could not be evaluated for. */
export function noteUnevaluated(policy: number, rule: number, out: Decision): void {
  if (out.policy !== noPolicy) return;
  out.policy = policy;
  out.rule = rule;
  out.indeterminate = true;
}

/** Verdicts without HTTP over one snapshot; allocates nothing. */
export interface PlainJudge {
  /** Fills in a Block: policy, rule, and how to refuse. */
  refuse(policy: number, rule: number, out: Decision): void;
  /** First Block of `scope.plain` that applies, or -1. */
  first(scope: Scope, now: number): number;
  /** The same of `scope.shadowPlain`. */
  firstShadow(scope: Scope, now: number): number;
  /** A Block by peers alone; true when one applied to enforcement, else what could not be evaluated is noted. */
  decide(scope: Scope, now: number, out: Decision): boolean;
  /** The whole verdict on a stream that cannot be read as HTTP; `out` must be reset. */
  decideStream(scope: Scope, now: number, out: Decision): void;
}

class TablePlainJudge implements PlainJudge {
  readonly #tables: Tables;
  #now = 0;

  constructor(tables: Tables) {
    this.#tables = tables;
  }

  refuse(policy: number, rule: number, out: Decision): void {
    out.action = actionRefuse;
    out.policy = policy;
    out.rule = rule;
    out.answer = this.#tables.policies[policy * policyStride + column.reset] ?? 0;
  }

  first(scope: Scope, now: number): number {
    return this.#firstOf(scope, scope.plain, now);
  }

  firstShadow(scope: Scope, now: number): number {
    return this.#firstOf(scope, scope.shadowPlain, now);
  }

  decide(scope: Scope, now: number, out: Decision): boolean {
    const denied = this.first(scope, now);
    if (denied === -1) {
      const unsure = scope.unsure.size === 0 ? -1 : this.#firstUnsure(scope, now);
      if (unsure !== -1) noteUnevaluated(unsure, plainRule(this.#tables, unsure), out);
      return false;
    }
    this.refuse(denied, plainRule(this.#tables, denied), out);
    out.indeterminate = scope.unsure.has(denied);
    shadowAsEnforced(out);
    return true;
  }

  decideStream(scope: Scope, now: number, out: Decision): void {
    if (this.decide(scope, now, out)) return;
    this.#now = now;
    const closed = this.#firstHttp(scope.http, true);
    const open = this.#firstHttp(scope.http, false);
    if (closed !== -1) {
      this.refuse(closed, this.#firstRule(closed), out);
      out.indeterminate = true;
    } else if (open !== -1) noteUnevaluated(open, this.#firstRule(open), out);
    shadowAsEnforced(out);
    if (closed !== -1 || now >= scope.shadowUntil) return;
    const plain = this.firstShadow(scope, now);
    const denied = plain === -1 ? this.#firstHttp(scope.shadowHttp, true) : plain;
    if (denied === -1) return;
    const rule = plain === -1 ? this.#firstRule(denied) : plainRule(this.#tables, denied);
    setShadow(out, actionRefuse, denied, rule);
  }

  #firstOf(scope: Scope, policies: readonly number[], now: number): number {
    for (const policy of policies) {
      if (now >= expiresAt(this.#tables, policy)) continue;
      if (scope.unsure.size === 0 || !scope.unsure.has(policy) || isClosed(this.#tables, policy))
        return policy;
    }
    return -1;
  }

  /** First policy that could not be evaluated for want of an address and lets through, or -1. */
  #firstUnsure(scope: Scope, now: number): number {
    for (const policy of scope.plain)
      if (scope.unsure.has(policy) && now < expiresAt(this.#tables, policy)) return policy;
    return -1;
  }

  /** First policy that asks for HTTP and fails closed, or open; -1 for none. */
  #firstHttp(policies: readonly number[], closed: boolean): number {
    for (const policy of policies)
      if (isClosed(this.#tables, policy) === closed && this.#now < expiresAt(this.#tables, policy))
        return policy;
    return -1;
  }

  /** The first of a policy's ways in: what it would have looked at. */
  #firstRule(policy: number): number {
    return ruleOf(this.#tables, this.#tables.policies[policy * policyStride + column.rowsAt] ?? 0);
  }
}

/** One per evaluator. */
export const createPlainJudge = (tables: Tables): PlainJudge => new TablePlainJudge(tables);
