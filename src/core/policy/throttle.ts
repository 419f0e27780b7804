// Throttles on one admitted request: all that match apply, all or none of them is charged, the strictest refusal is named.
// Keys are strings only where a throttle has matched.
import { createHash } from 'node:crypto';
import { Buffer } from 'node:buffer';
import { headerStride, type HeadView } from '../model/head-view.ts';
import type { BucketTerms, ThrottleBuckets } from './buckets.ts';
import { policyText, type Scope } from './scope.ts';
import { findLowerString } from './string-table.ts';
import {
  headerPart,
  keyParts,
  numberColumn,
  numberStride,
  policyColumn as column,
  policyStride,
} from './table-layout.ts';
import type { Tables } from './tables.ts';

/** Result of charging: reused. */
export interface ThrottleOutcome {
  /** Policy that refused, -1 when all admitted. */
  refusedBy: number;
  retryAfterMs: number;
  /** Of the one that refused, else of the one with the fewest tokens left; 0 when no throttle matched. */
  limitBurst: number;
  limitRemaining: number;
}

/** The request being charged. */
export interface ThrottledRequest {
  head: HeadView | undefined;
  route: string;
  now: number;
}

/** Charges the throttles of one snapshot; reused for every request. */
export interface Throttler {
  /** The throttles in force. */
  readonly enforced: ThrottleWorld;
  /** Those of "enforced set plus shadow set". */
  readonly union: ThrottleWorld;
  /** Opens the buckets of a world's throttles; of both worlds, `enforced` first. */
  open(scope: Scope, request: ThrottledRequest, world: ThrottleWorld): void;
  /** Charges what `open` opened last for that world. */
  charge(world: ThrottleWorld, out: ThrottleOutcome): void;
}

/** The throttles of one world that a request met: `policies[0, count)`, and the bucket opened for each policy. */
export interface ThrottleWorld {
  readonly policies: Int32Array;
  readonly opened: Int32Array;
  /** Set it before `open`. */
  count: number;
}

/** Longer key parts are replaced by their hash: a caller must not choose how much memory a key takes. */
const maxPartLength = 96;

interface KeyPlan {
  readonly terms: BucketTerms;
  /** The key as far as the scope fixes it. */
  readonly fixed: string;
  /** Parts that depend on the request, as stored in `lists`. */
  readonly varying: readonly number[];
}
interface Plan {
  readonly enforced: KeyPlan;
  readonly union: KeyPlan;
}

class PolicyThrottler implements Throttler {
  readonly #tables: Tables;
  readonly #buckets: ThrottleBuckets;
  readonly #plans = new WeakMap<Scope, Map<number, Plan>>();
  readonly enforced: ThrottleWorld;
  readonly union: ThrottleWorld;

  constructor(tables: Tables, buckets: ThrottleBuckets, policies: Int32Array) {
    const policyCount = tables.policies.length / policyStride;
    const world = (): ThrottleWorld => ({ policies, opened: new Int32Array(policyCount).fill(-1), count: 0 });
    this.#tables = tables;
    this.#buckets = buckets;
    this.enforced = world();
    this.union = world();
  }

  open(scope: Scope, request: ThrottledRequest, world: ThrottleWorld): void {
    const { policies, opened } = world;
    const union = world === this.union;
    for (let index = 0; index < world.count; index += 1) {
      const policy = policies[index] ?? 0;
      const plan = this.#planOf(scope, policy);
      const { terms, fixed, varying } = union ? plan.union : plan.enforced;
      const key = varying.length === 0 ? fixed : fixed + varyingKey(this.#tables, varying, request);
      // A policy in force starts its second, hypothetical bucket as full as its real one is now.
      const seed = union ? (this.enforced.opened[policy] ?? -1) : -1;
      opened[policy] = this.#buckets.open(terms, key, request.now, seed);
    }
  }

  charge(world: ThrottleWorld, out: ThrottleOutcome): void {
    refuse(this.#buckets, world, out);
    if (out.refusedBy === -1) admit(this.#buckets, world, out);
    const named = out.refusedBy;
    if (named !== -1) out.limitBurst = burstOf(this.#tables, named);
  }

  #planOf(scope: Scope, policy: number): Plan {
    let ofScope = this.#plans.get(scope);
    if (ofScope === undefined) {
      ofScope = new Map<number, Plan>();
      this.#plans.set(scope, ofScope);
    }
    let plan = ofScope.get(policy);
    if (plan === undefined) {
      plan = {
        enforced: makePlan(this.#tables, scope, { policy, world: '' }),
        union: makePlan(this.#tables, scope, { policy, world: 'shadow ' }),
      };
      ofScope.set(policy, plan);
    }
    return plan;
  }
}

/** One per evaluator; the buckets outlive it. `policies`: where the throttles that a request met are listed. */
export const createThrottler = (tables: Tables, buckets: ThrottleBuckets, policies: Int32Array): Throttler =>
  new PolicyThrottler(tables, buckets, policies);

const burstOf = (tables: Tables, policy: number): number =>
  tables.policyNumbers[policy * numberStride + numberColumn.burst] ?? 0;

/** Names the throttle with the longest wait, if any has to wait. */
function refuse(
  buckets: ThrottleBuckets,
  { policies, opened, count }: ThrottleWorld,
  out: ThrottleOutcome,
): void {
  out.refusedBy = -1;
  out.retryAfterMs = 0;
  out.limitBurst = 0;
  out.limitRemaining = 0;
  for (let index = 0; index < count; index += 1) {
    const policy = policies[index] ?? 0;
    const waitMs = buckets.waitMs(opened[policy] ?? 0);
    if (waitMs <= out.retryAfterMs) continue;
    out.retryAfterMs = waitMs;
    out.refusedBy = policy;
  }
}

/** Charges every throttle and reports the one with the fewest tokens left. Two throttles never share a bucket. */
function admit(
  buckets: ThrottleBuckets,
  { policies, opened, count }: ThrottleWorld,
  out: ThrottleOutcome,
): void {
  for (let index = 0; index < count; index += 1) {
    const bucket = opened[policies[index] ?? 0] ?? 0;
    buckets.take(bucket);
    const remaining = buckets.remaining(bucket);
    if (index > 0 && remaining >= out.limitRemaining) continue;
    out.limitRemaining = remaining;
    out.limitBurst = buckets.burst(bucket);
  }
}

/** `world` begins the owner's name, so that hypothetical buckets are never the real ones. */
function makePlan(
  tables: Tables,
  scope: Scope,
  { policy, world }: { readonly policy: number; readonly world: string },
): KeyPlan {
  const at = policy * policyStride;
  const numbers = tables.policyNumbers.subarray(policy * numberStride);
  const rate = numbers[numberColumn.rate] ?? 0;
  const periodMs = numbers[numberColumn.periodMs] ?? 0;
  const burst = numbers[numberColumn.burst] ?? 0;
  const owner = `${world}${policyText(tables, policy)} ${rate}/${periodMs}+${burst}`;
  const keyAt = tables.policies[at + column.keyAt] ?? 0;
  const parts = tables.lists.subarray(keyAt, keyAt + (tables.policies[at + column.keyCount] ?? 0));
  const fixed = [owner];
  const varying: number[] = [];
  for (const part of parts) {
    const value = fixedPart(scope, part);
    if (value === undefined) varying.push(part);
    else fixed.push(`${part}${present(value)}`);
  }
  return { terms: { owner, rate, periodMs, burst }, fixed: fixed.join('\n'), varying };
}

/** Value of a part that the scope fixes; undefined for one that each request brings. */
function fixedPart(scope: Scope, part: number): string | undefined {
  const { source, destination } = scope.identity;
  const spell = (workload: typeof source.workload): string =>
    `${workload.namespace}/${workload.kind}/${workload.name}`;
  switch (keyParts[part]) {
    case 'principal':
      return source.principal;
    case 'workload':
      return spell(source.workload);
    case 'destination':
      return spell(destination.workload);
    default:
      return undefined;
  }
}

/** A missing part is a value of its own, unlike any that can be sent. */
const missing = '!';
const several = '+';
const present = (value: string): string => `=${bounded(value)}`;

const bounded = (value: string): string =>
  value.length <= maxPartLength ? value : `#${createHash('sha256').update(value).digest('hex')}`;

function varyingKey(tables: Tables, varying: readonly number[], request: ThrottledRequest): string {
  let key = '';
  for (const part of varying) key += `\n${part}${varyingPart(tables, part, request)}`;
  return key;
}

function varyingPart(tables: Tables, part: number, { head, route }: ThrottledRequest): string {
  if (head === undefined) return missing;
  if (part >= headerPart) return headerPartOf(tables, part - headerPart, head);
  if (keyParts[part] === 'method') return present(text(head, head.methodStart, head.methodEnd));
  return route === '' ? missing : present(route);
}

/**
 * The parser refuses line breaks in values, so parts cannot run into each other. Requests with several lines of the name share
 * one bucket: which of them a server reads nobody knows, and a new value beside the real one must not open a new bucket.
 */
function headerPartOf(tables: Tables, name: number, head: HeadView): string {
  let found = missing;
  for (let index = 0; index < head.headerCount; index += 1) {
    const at = index * headerStride;
    if (findLowerString(tables, head.bytes, head.headers[at] ?? 0, head.headers[at + 1] ?? 0) !== name)
      continue;
    if (found !== missing) return several;
    found = present(text(head, head.headers[at + 2] ?? 0, head.headers[at + 3] ?? 0));
  }
  return found;
}

const text = (head: HeadView, start: number, end: number): string =>
  Buffer.from(head.bytes.buffer, head.bytes.byteOffset + start, end - start).toString('latin1');
