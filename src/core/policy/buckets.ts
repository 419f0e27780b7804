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

/** About 13 MB of buckets in all; a quarter of them for any one throttle. */
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

class TokenBuckets implements ThrottleBuckets {
  overflowed = 0;
  readonly #limits: BucketLimits;
  readonly #byKey = new Map<string, number>();
  readonly #buckets: Bucket[] = [];
  readonly #perOwner = new Map<string, number>();
  #hand = 0;
  #request = 0;

  constructor(limits: BucketLimits) {
    this.#limits = limits;
  }

  get size(): number {
    return this.#buckets.length;
  }

  begin(): void {
    this.#request += 1;
  }

  open(terms: BucketTerms, key: string, now: number, seed: number): number {
    const nowMs = Math.floor(now);
    const known = this.#byKey.get(key);
    if (known !== undefined) return this.#reopen(known, nowMs);
    if (!this.#hasRoom(terms.owner)) this.#evictRefilled(nowMs);
    if (this.#hasRoom(terms.owner)) return this.#add(terms, key, nowMs, seed);
    this.overflowed += 1;
    const shared = `overflow\n${terms.owner}`;
    const existing = this.#byKey.get(shared);
    return existing === undefined ? this.#add(terms, shared, nowMs, seed) : this.#reopen(existing, nowMs);
  }

  waitMs(index: number): number {
    const { level, terms } = this.#at(index);
    return level >= terms.periodMs ? 0 : Math.ceil((terms.periodMs - level) / terms.rate);
  }

  take(index: number): void {
    const bucket = this.#at(index);
    bucket.level -= bucket.terms.periodMs;
  }

  remaining(index: number): number {
    const { level, terms } = this.#at(index);
    return Math.floor(level / terms.periodMs);
  }

  burst(index: number): number {
    return this.#at(index).terms.burst;
  }

  #at(index: number): Bucket {
    const bucket = this.#buckets[index];
    if (bucket === undefined) throw new Error(`no bucket ${index}: opened in an earlier request?`);
    return bucket;
  }

  #hasRoom(owner: string): boolean {
    const { maxBuckets, maxBucketsPerOwner } = this.#limits;
    return this.#buckets.length < maxBuckets && (this.#perOwner.get(owner) ?? 0) < maxBucketsPerOwner;
  }

  #add(terms: BucketTerms, key: string, nowMs: number, seed: number): number {
    const level = this.#buckets[seed]?.level ?? capacity(terms);
    this.#buckets.push({ key, terms, level, filledAt: nowMs, opened: this.#request });
    this.#byKey.set(key, this.#buckets.length - 1);
    this.#count(terms.owner, 1);
    return this.#buckets.length - 1;
  }

  #reopen(index: number, nowMs: number): number {
    const bucket = this.#at(index);
    refill(bucket, nowMs);
    bucket.opened = this.#request;
    return index;
  }

  #count(owner: string, by: number): void {
    const total = (this.#perOwner.get(owner) ?? 0) + by;
    if (total === 0) this.#perOwner.delete(owner);
    else this.#perOwner.set(owner, total);
  }

  #evictRefilled(nowMs: number): void {
    for (let probe = 0; probe < probesPerEviction && this.#buckets.length > 0; probe += 1) {
      this.#hand = (this.#hand + 1) % this.#buckets.length;
      const candidate = this.#at(this.#hand);
      if (candidate.opened === this.#request) continue;
      refill(candidate, nowMs);
      if (candidate.level >= capacity(candidate.terms)) this.#forget(this.#hand, candidate);
    }
  }

  /** Moves the last bucket into the gap; never one opened in this request, whose index is in use. */
  #forget(index: number, bucket: Bucket): void {
    const last = this.#at(this.#buckets.length - 1);
    if (last !== bucket && last.opened === this.#request) return;
    this.#byKey.delete(bucket.key);
    this.#count(bucket.terms.owner, -1);
    this.#buckets.pop();
    if (last === bucket) return;
    this.#buckets[index] = last;
    this.#byKey.set(last.key, index);
  }
}

/** One per worker. */
export const createBuckets = (limits: Partial<BucketLimits> = {}): ThrottleBuckets =>
  new TokenBuckets({ ...defaultBucketLimits, ...limits });
