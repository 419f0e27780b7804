// What the kernel refused since it was last asked: counters of many pods as hits of policies. Counters start anew with their table, so a
// smaller number is a new beginning. Pure.
import type { RuleCounters } from '../../../core/plan/read-counters.ts';

/** Openings refused by one policy. */
export interface PolicyHits {
  /** `namespace/name`. */
  readonly policy: string;
  readonly count: number;
}

/** The last reading of each pod. */
export interface KernelHits {
  /** What is new of this pod. */
  read(pod: string, counters: RuleCounters): readonly PolicyHits[];
  /** The pod is gone. */
  forget(pod: string): void;
}

/** Nothing read yet. */
export function createKernelHits(): KernelHits {
  const last = new Map<string, ReadonlyMap<string, number>>();
  return {
    read(pod, { policies }) {
      const before = last.get(pod);
      const now = new Map(
        [...policies].map(([policy, count]) => [policy, count.packets + count.closedPackets]),
      );
      last.set(pod, now);
      return [...now].flatMap(([policy, total]) => {
        const known = before?.get(policy) ?? 0;
        const count = total < known ? total : total - known;
        return count === 0 ? [] : [{ policy, count }];
      });
    },
    forget: (pod) => void last.delete(pod),
  };
}
