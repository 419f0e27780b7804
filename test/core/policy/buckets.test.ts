// Token buckets: exact bursts, exact waits, bounded keys that cannot be cycled for fresh bursts, clocks that step.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createBuckets, type BucketTerms, type ThrottleBuckets } from '../../../src/core/policy/buckets.ts';

const terms = (rate: number, periodMs: number, burst: number, owner = 'o'): BucketTerms => ({
  owner,
  rate,
  periodMs,
  burst,
});

/** One request of one key: whether it was admitted. */
function ask(buckets: ThrottleBuckets, limit: BucketTerms, key: string, nowMs: number): boolean {
  buckets.begin();
  const bucket = buckets.open(limit, `${limit.owner} ${key}`, nowMs, -1);
  if (buckets.waitMs(bucket) > 0) return false;
  buckets.take(bucket);
  return true;
}

test('a burst is exactly the burst, also where a token takes a fraction of a millisecond', () => {
  for (const limit of [terms(3, 1000, 7), terms(7, 60_000, 1), terms(999_999_999, 1000, 5)]) {
    const buckets = createBuckets();
    const admitted = Array.from({ length: 20 }, () => ask(buckets, limit, 'k', 1_790_000_000_000));
    expect(admitted.filter(Boolean).length).toBe(limit.burst);
  }
});

test('over any run, admitted requests never exceed burst plus rate times time, and the wait told is exact', () => {
  const run = fc.record({
    rate: fc.integer({ min: 1, max: 50 }),
    periodMs: fc.constantFrom(1000, 60_000),
    burst: fc.integer({ min: 1, max: 20 }),
    gaps: fc.array(fc.integer({ min: 0, max: 700 }), { minLength: 1, maxLength: 60 }),
  });
  fc.assert(
    fc.property(run, ({ rate, periodMs, burst, gaps }) => {
      const buckets = createBuckets();
      const limit = terms(rate, periodMs, burst);
      let now = 1_790_000_000_000;
      const start = now;
      let admitted = 0;
      for (const gap of gaps) {
        now += gap;
        buckets.begin();
        const bucket = buckets.open(limit, 'k', now, -1);
        const wait = buckets.waitMs(bucket);
        if (wait === 0) {
          buckets.take(bucket);
          admitted += 1;
          continue;
        }
        // One millisecond early there is none, at the told time there is one.
        const probe = (atMs: number): number => {
          buckets.begin();
          return buckets.waitMs(buckets.open(limit, 'k', atMs, -1));
        };
        expect(probe(now + wait - 1)).toBe(1);
        expect(probe(now + wait)).toBe(0);
        now += wait;
      }
      expect(admitted).toBeLessThanOrEqual(burst + Math.floor((rate * (now - start)) / periodMs));
    }),
    { numRuns: 200 },
  );
});

test('cycling keys never gets more than one burst of each key that fits and one of all the others together', () => {
  const buckets = createBuckets({ maxBuckets: 100, maxBucketsPerOwner: 50 });
  const limit = terms(1, 3_600_000, 2);
  let admitted = 0;
  for (let round = 0; round < 3; round += 1)
    for (let key = 0; key < 1_000; key += 1) if (ask(buckets, limit, `k${key}`, 1000)) admitted += 1;
  expect(admitted).toBe(50 * 2 + 2);
  expect(buckets.size).toBe(51);
  expect(buckets.overflowed).toBeGreaterThan(0);
});

test('a throttle whose keys a caller controls cannot take the buckets of another', () => {
  const buckets = createBuckets({ maxBuckets: 100, maxBucketsPerOwner: 50 });
  for (let key = 0; key < 1_000; key += 1) ask(buckets, terms(1, 3_600_000, 1, 'noisy'), `k${key}`, 1000);
  for (let key = 0; key < 40; key += 1)
    expect(ask(buckets, terms(1, 3_600_000, 1, 'calm'), `k${key}`, 1000)).toBe(true);
});

test('buckets that have refilled make room, and forgetting them changes no answer', () => {
  const buckets = createBuckets({ maxBuckets: 32, maxBucketsPerOwner: 32 });
  const limit = terms(1, 1000, 1);
  let now = 1000;
  for (let key = 0; key < 5_000; key += 1) {
    now += 100;
    expect(ask(buckets, limit, `k${key}`, now)).toBe(true);
    expect(ask(buckets, limit, `k${key}`, now)).toBe(false);
  }
  expect(buckets.size).toBeLessThanOrEqual(33);
  expect(buckets.overflowed).toBe(0);
});

test('a bucket opened for this request is not forgotten by the next one opened for it', () => {
  const buckets = createBuckets({ maxBuckets: 1, maxBucketsPerOwner: 1 });
  const [a, b] = [terms(1, 1000, 1, 'a'), terms(1, 1000, 1, 'b')];
  buckets.begin();
  const first = buckets.open(a, 'a', 1000, -1);
  const second = buckets.open(b, 'b', 1000, -1);
  buckets.take(first);
  buckets.take(second);
  expect([buckets.waitMs(first), buckets.waitMs(second)]).toEqual([1000, 1000]);
});

test('jitter of the clock grants nothing, a step back does not stop the refill', () => {
  const buckets = createBuckets();
  const limit = terms(1, 1000, 1);
  expect(ask(buckets, limit, 'k', 100_000)).toBe(true);
  expect(ask(buckets, limit, 'k', 99_500)).toBe(false);
  expect(ask(buckets, limit, 'k', 100_999)).toBe(false);
  expect(ask(buckets, limit, 'k', 101_000)).toBe(true);
  expect(ask(buckets, limit, 'k', 10_000)).toBe(false);
  expect(ask(buckets, limit, 'k', 11_000)).toBe(true);
});

test('a new bucket starts as full as its seed', () => {
  const buckets = createBuckets();
  const limit = terms(1, 1000, 3);
  buckets.begin();
  const first = buckets.open(limit, 'a', 1000, -1);
  buckets.take(first);
  expect(buckets.remaining(buckets.open(limit, 'b', 1000, first))).toBe(2);
});

test('the bucket of an earlier open stands where it stood, also when room is made for a later one', () => {
  const buckets = createBuckets({ maxBuckets: 2, maxBucketsPerOwner: 2 });
  const [idle, wide, narrow] = [terms(1, 1000, 1, 'i'), terms(1, 1000, 3, 'w'), terms(1, 1000, 1, 'n')];
  buckets.begin();
  buckets.open(idle, 'idle', 1000, -1);
  buckets.begin();
  const opened = buckets.open(wide, 'wide', 1000, -1);
  buckets.open(narrow, 'narrow', 1000, -1);
  expect(buckets.burst(opened)).toBe(3);
});
