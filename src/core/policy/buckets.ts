// Token buckets of all throttles of one worker: exact bursts, a bounded number of keys. Time comes in; no clock here.

/** Bounds of one worker's buckets. */
export interface BucketLimits {
  /** Buckets held in all. */
  readonly maxBuckets: number;
  /** Buckets one policy may hold. */
  readonly maxBucketsPerPolicy: number;
}

/** State of throttles; outlives snapshots, so that a policy that stays keeps its buckets. */
export interface ThrottleBuckets {
  /** Buckets held now. */
  readonly size: number;
}

export function createBuckets(limits?: Partial<BucketLimits>): ThrottleBuckets {
  return { size: limits?.maxBuckets ?? 0 };
}
