// What the kernel refused since it was last asked: counters of many pods as hits of policies. Counters start anew with their table, so a
// smaller number is a new beginning; those of closed ports start anew with each reading. Pure.
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
      last.set(pod, new Map([...policies].map(([policy, { packets }]) => [policy, packets])));
      return [...policies].flatMap(([policy, { packets, closedPackets }]) => {
        const known = before?.get(policy) ?? 0;
        const count = closedPackets + (packets < known ? packets : packets - known);
        return count === 0 ? [] : [{ policy, count }];
      });
    },
    forget: (pod) => void last.delete(pod),
  };
}
