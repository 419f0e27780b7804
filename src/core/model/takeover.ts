// Whether a start of a node's agent has taken its pods over: what "ready" means, and so when an older start may go. Pure; time comes in.
import type { NodeSummary } from './node-summary.ts';

/**
 * For so long a pod without a namespace is waited for, ms: its runtime makes it within seconds. One that never gets a namespace of its own that we
 * see (a sandbox, a pod that is ending) must not hold up a roll-out for ever; the status names it.
 */
export const takeoverMs = 30_000;

/** Answers why it is not so yet, in a sentence; undefined from the first time on that it is. */
export type Takeover = (pods: NodeSummary['pods'], nowMs: number) => string | undefined;

/** @param beganMs by the same clock as what is asked with later. */
export function createTakeover(beganMs: number): Takeover {
  let isTaken = false;
  return ({ waiting, enrolled, failed }, nowMs) => {
    isTaken ||= waiting === 0 || nowMs - beganMs >= takeoverMs;
    if (isTaken) return undefined;
    return `${waiting} of ${waiting + enrolled + failed} pods have not been taken over yet: their namespaces are waited for.`;
  };
}
