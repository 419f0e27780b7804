// Token buckets of all throttles of one worker: exact bursts, a bounded number of keys. Time comes in; no clock here.
// Only a bucket that has refilled is ever evicted, so forgetting it changes nothing. When none can be forgotten, a new key
// shares one overflow bucket with the other new keys of its throttle: whoever cycles keys gets one burst for all of them.

/** Bounds of one worker's buckets. */
export interface BucketLimits {
  /** Buckets held in all; about 200 bytes each. */
  readonly maxBuckets: number;
  /** Buckets one throttle may hold, so that one with a key under a caller's control cannot starve the others. */
  readonly maxBucketsPerOwner: number;
}

export const defaultBucketLimits: BucketLimits = { maxBuckets: 65_536, maxBucketsPerOwner: 16_384 };

/** What a throttle grants. Whole numbers keep it exact: a token is `periodMs` units and every millisecond adds `rate` of them. */
export interface BucketTerms {
  /** Whose bucket: the policy with its numbers, so that changed numbers start afresh. */
  readonly owner: string;
  /** Tokens per period. */
  readonly rate: number;
  readonly periodMs: number;
  /** Tokens a bucket can hold. */
  readonly burst: number;
}

/** State of throttles; outlives snapshots, so that a policy that stays keeps its buckets. */
export interface ThrottleBuckets {
  /** Buckets held now. */
  readonly size: number;
  /** Keys that had to share an overflow bucket so far. */
  readonly overflowed: number;
  /** Call before the first `open` of a request: buckets opened since then stay valid until the next call. */
  begin(): void;
  /** The bucket of `key`, refilled to `nowMs`; a new one is full, or as full as `seed` (another opened bucket, -1 for none). */
  open(terms: BucketTerms, key: string, nowMs: number, seed: number): number;
  /** Whole milliseconds until there is a token; 0 when there is one. */
  waitMs(bucket: number): number;
  /** Takes one token; only after `waitMs` said 0. */
  take(bucket: number): void;
  /** Whole tokens left. */
  remaining(bucket: number): number;
  /** Tokens it holds when full. */
  burst(bucket: number): number;
}

interface Bucket {
  readonly key: string;
  readonly terms: BucketTerms;
  /** In units: `burst * periodMs` when full. */
  level: number;
  filledAt: number;
  /** Request that opened it last. */
  opened: number;
}

/** Buckets looked at when room is needed; bounds the work of one request. */
const probesPerEviction = 16;
/** A clock that goes back further than this was set; less is jitter between threads and is waited out. */
const clockStepMs = 5_000;

const capacity = ({ burst, periodMs }: BucketTerms): number => burst * periodMs;

function refill(bucket: Bucket, nowMs: number): void {
  const elapsed = nowMs - bucket.filledAt;
  if (elapsed > 0)
    bucket.level = Math.min(capacity(bucket.terms), bucket.level + elapsed * bucket.terms.rate);
  if (elapsed > 0 || elapsed < -clockStepMs) bucket.filledAt = nowMs;
}

export function createBuckets(limits: Partial<BucketLimits> = {}): ThrottleBuckets {
  const { maxBuckets, maxBucketsPerOwner } = { ...defaultBucketLimits, ...limits };
  const byKey = new Map<string, number>();
  const buckets: Bucket[] = [];
  const perOwner = new Map<string, number>();
  let hand = 0;
  let request = 0;
  let overflowed = 0;

  const count = (owner: string, by: number): void => {
    const total = (perOwner.get(owner) ?? 0) + by;
    if (total === 0) perOwner.delete(owner);
    else perOwner.set(owner, total);
  };
  const hasRoom = (owner: string): boolean =>
    buckets.length < maxBuckets && (perOwner.get(owner) ?? 0) < maxBucketsPerOwner;

  const evictRefilled = (nowMs: number): void => {
    for (let probe = 0; probe < probesPerEviction && buckets.length > 0; probe += 1) {
      hand = (hand + 1) % buckets.length;
      const candidate = buckets[hand];
      if (candidate === undefined || candidate.opened === request) continue;
      refill(candidate, nowMs);
      if (candidate.level < capacity(candidate.terms)) continue;
      forget(hand, candidate);
    }
  };
  /** Moves the last bucket into the gap; never one opened in this request, whose index is in use. */
  const forget = (at: number, bucket: Bucket): void => {
    const last = buckets[buckets.length - 1];
    if (last === undefined || (last !== bucket && last.opened === request)) return;
    byKey.delete(bucket.key);
    count(bucket.terms.owner, -1);
    buckets.pop();
    if (last === bucket) return;
    buckets[at] = last;
    byKey.set(last.key, at);
  };
  const add = (terms: BucketTerms, key: string, nowMs: number, seed: number): number => {
    const level = buckets[seed]?.level ?? capacity(terms);
    buckets.push({ key, terms, level, filledAt: nowMs, opened: request });
    byKey.set(key, buckets.length - 1);
    count(terms.owner, 1);
    return buckets.length - 1;
  };
  const reopen = (at: number, nowMs: number): number => {
    const bucket = buckets[at];
    if (bucket !== undefined) {
      refill(bucket, nowMs);
      bucket.opened = request;
    }
    return at;
  };
  const at = (index: number): Bucket => {
    const bucket = buckets[index];
    if (bucket === undefined) throw new Error(`no bucket ${index}: opened in an earlier request?`);
    return bucket;
  };

  return {
    get size() {
      return buckets.length;
    },
    get overflowed() {
      return overflowed;
    },
    begin() {
      request += 1;
    },
    open(terms, key, now, seed) {
      const nowMs = Math.floor(now);
      const known = byKey.get(key);
      if (known !== undefined) return reopen(known, nowMs);
      if (!hasRoom(terms.owner)) evictRefilled(nowMs);
      if (hasRoom(terms.owner)) return add(terms, key, nowMs, seed);
      overflowed += 1;
      const shared = `overflow\n${terms.owner}`;
      const existing = byKey.get(shared);
      return existing === undefined ? add(terms, shared, nowMs, seed) : reopen(existing, nowMs);
    },
    waitMs(index) {
      const { level, terms } = at(index);
      return level >= terms.periodMs ? 0 : Math.ceil((terms.periodMs - level) / terms.rate);
    },
    take(index) {
      const bucket = at(index);
      bucket.level -= bucket.terms.periodMs;
    },
    remaining(index) {
      const { level, terms } = at(index);
      return Math.floor(level / terms.periodMs);
    },
    burst: (index) => at(index).terms.burst,
  };
}
