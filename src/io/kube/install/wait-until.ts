// Waiting for something in the cluster, with a bound that is told and an end at the person's word.
/** What bounds a wait. */
export interface Patience {
  /** How long one thing may take, ms. */
  readonly timeoutMs: number;
  /** Epoch ms. */
  readonly now: () => number;
  readonly sleep: (ms: number) => Promise<void>;
  /** True once the person does not want to wait any more. */
  readonly isStopped: () => boolean;
  /** Between two looks, ms; half a second when absent. */
  readonly lookMs?: number;
}

/** How a wait ended. */
export type WaitEnd = 'done' | 'timeout' | 'stopped';

/** Between two looks, ms: a rollout takes seconds, and one look is one small request. */
const usualLookMs = 500;

/** Looks until `look` says that it is done. At least once. */
export async function waitUntil(look: () => Promise<boolean>, patience: Patience): Promise<WaitEnd> {
  const { timeoutMs, now, sleep, isStopped, lookMs = usualLookMs } = patience;
  const endMs = now() + timeoutMs;
  for (;;) {
    if (await look()) return 'done';
    if (isStopped()) return 'stopped';
    if (now() >= endMs) return 'timeout';
    await sleep(lookMs);
  }
}
