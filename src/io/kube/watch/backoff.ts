// How long to wait before the next try: doubling up to a bound, with jitter, so that agents of many nodes do not come back at once. Pure.

/** Bounds of waiting, ms. */
export interface BackoffLimits {
  readonly firstMs: number;
  readonly mostMs: number;
}

/** Between half of what is due and all of it. `random`: 0 to 1. */
export function backoffMs(tries: number, { firstMs, mostMs }: BackoffLimits, random: number): number {
  const due = Math.min(mostMs, firstMs * 2 ** Math.min(tries, 20));
  return due * (0.5 + random / 2);
}
