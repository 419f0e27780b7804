// What the kernel refused in one pod since it was last asked, as hits of policies: its counters begin anew with each reading. Pure.
import type { RuleCounters } from '../../../core/plan/read-counters.ts';

/** Openings refused by one policy. */
export interface PolicyHits {
  /** `namespace/name`. */
  readonly policy: string;
  readonly count: number;
}

/** Those of a reading, with what was refused while no agent was there. */
export const hitsIn = ({ policies }: Pick<RuleCounters, 'policies'>): readonly PolicyHits[] =>
  [...policies].flatMap(([policy, { packets, closedPackets }]) => {
    const count = packets + closedPackets;
    return count === 0 ? [] : [{ policy, count }];
  });
