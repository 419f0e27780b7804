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

/** The answer of a Block: policy, rule, and how to refuse. */
export function refuseBy(tables: Tables, policy: number, rule: number, out: Decision): void {
  out.action = actionRefuse;
  out.policy = policy;
  out.rule = rule;
  out.answer = tables.policies[policy * policyStride + column.reset] ?? 0;
}

/** Lets through, visibly, what `policy` could not be evaluated for. */
export function noteUnevaluated(policy: number, rule: number, out: Decision): void {
  if (out.policy !== noPolicy) return;
  out.policy = policy;
  out.rule = rule;
  out.indeterminate = true;
}

/** First Block of `scope.plain` or `scope.shadowPlain` that applies, or -1. */
export function firstPlain(tables: Tables, scope: Scope, policies: readonly number[], now: number): number {
  for (const policy of policies) {
    if (now >= expiresAt(tables, policy)) continue;
    if (scope.unsure.size === 0 || !scope.unsure.has(policy) || isClosed(tables, policy)) return policy;
  }
  return -1;
}

/** First policy that could not be evaluated for want of an address and lets through, or -1. */
export function firstUnsure(tables: Tables, scope: Scope, now: number): number {
  for (const policy of scope.plain)
    if (scope.unsure.has(policy) && now < expiresAt(tables, policy)) return policy;
  return -1;
}

/** A Block by peers alone; `true` when one applied to enforcement. Otherwise `shadowPolicy` is left for the caller. */
export function decidePlain(tables: Tables, scope: Scope, now: number, out: Decision): boolean {
  const denied = firstPlain(tables, scope, scope.plain, now);
  if (denied === -1) {
    const unsure = scope.unsure.size === 0 ? -1 : firstUnsure(tables, scope, now);
    if (unsure !== -1) noteUnevaluated(unsure, plainRule(tables, unsure), out);
    return false;
  }
  refuseBy(tables, denied, plainRule(tables, denied), out);
  out.indeterminate = scope.unsure.has(denied);
  shadowAsEnforced(out);
  return true;
}

/** The whole verdict on a stream that cannot be read as HTTP; `out` must be reset. */
export function decideWithoutHttp(tables: Tables, scope: Scope, now: number, out: Decision): void {
  if (decidePlain(tables, scope, now, out)) return;
  const closed = firstHttp(tables, scope.http, now, true);
  const open = firstHttp(tables, scope.http, now, false);
  if (closed !== -1) {
    refuseBy(tables, closed, firstRule(tables, closed), out);
    out.indeterminate = true;
  } else if (open !== -1) noteUnevaluated(open, firstRule(tables, open), out);
  shadowAsEnforced(out);
  if (closed !== -1 || now >= scope.shadowUntil) return;
  const plain = firstPlain(tables, scope, scope.shadowPlain, now);
  if (plain !== -1) {
    setShadow(out, actionRefuse, plain, plainRule(tables, plain));
    return;
  }
  const shadowClosed = firstHttp(tables, scope.shadowHttp, now, true);
  if (shadowClosed !== -1) setShadow(out, actionRefuse, shadowClosed, firstRule(tables, shadowClosed));
}

function firstHttp(tables: Tables, policies: readonly number[], now: number, closed: boolean): number {
  for (const policy of policies)
    if (isClosed(tables, policy) === closed && now < expiresAt(tables, policy)) return policy;
  return -1;
}

/** The first of a policy's ways in: what it would have looked at. */
const firstRule = (tables: Tables, policy: number): number =>
  ruleOf(tables, tables.policies[policy * policyStride + column.rowsAt] ?? 0);
