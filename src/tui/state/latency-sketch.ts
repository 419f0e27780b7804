// Quantiles of latency from logarithmic buckets (relative error at most 8 %), over this and the last minute of data.

/** Bucket width as a factor; 0.05 ms to ten minutes fit 112 of them. */
const growth = 1.16;
const lowestMs = 0.05;
const buckets = 112;
const generationMs = 60_000;
const logGrowth = Math.log(growth);

/** Latencies in bounded memory. `nowMs` is the flow's own stamp: no clock is read. */
export interface LatencySketch {
  add(latencyMs: number, nowMs: number): void;
  /** The `q` quantile (0 to 1) in ms, undefined before any value. */
  quantile(q: number): number | undefined;
}

function bucketOf(latencyMs: number): number {
  if (!(latencyMs > lowestMs)) return 0;
  return Math.min(buckets - 1, 1 + Math.floor(Math.log(latencyMs / lowestMs) / logGrowth));
}

/** Middle of a bucket, in ms. */
function valueOf(bucket: number): number {
  return bucket === 0 ? lowestMs : lowestMs * growth ** (bucket - 0.5);
}

/** Two generations of buckets; the older is dropped each minute of data. */
export function createLatencySketch(): LatencySketch {
  let current = new Uint32Array(buckets);
  let previous = new Uint32Array(buckets);
  let startedMs = -1;
  return {
    add(latencyMs, nowMs) {
      if (startedMs < 0) startedMs = nowMs;
      if (nowMs - startedMs >= generationMs) {
        const emptied = nowMs - startedMs >= 2 * generationMs ? current.fill(0) : current;
        const reused = previous.fill(0);
        previous = emptied;
        current = reused;
        startedMs = nowMs;
      }
      const bucket = bucketOf(latencyMs);
      current[bucket] = (current[bucket] ?? 0) + 1;
    },
    quantile(q) {
      let total = 0;
      for (let bucket = 0; bucket < buckets; bucket++)
        total += (current[bucket] ?? 0) + (previous[bucket] ?? 0);
      if (total === 0) return undefined;
      const rank = Math.min(total - 1, Math.floor(q * total));
      let seen = 0;
      for (let bucket = 0; bucket < buckets; bucket++) {
        seen += (current[bucket] ?? 0) + (previous[bucket] ?? 0);
        if (seen > rank) return valueOf(bucket);
      }
      return undefined;
    },
  };
}
