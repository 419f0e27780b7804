// The status of a policy object as it is written: its conditions, and on how many nodes it stands. Pure.
import type { NodeReport } from './policy-conditions.ts';

/** Nodes on which it stands, of those with a pod that it selects. */
export interface NodeCount {
  readonly enforced: number;
  readonly meant: number;
}

/** Counted from what agents said of this generation. */
export function nodeCountOf(reports: readonly NodeReport[], generation: number): NodeCount {
  const busy = reports.filter(
    ({ event: { enforcement }, ...report }) =>
      report.generation === generation && enforcement !== undefined && enforcement.state !== 'idle',
  );
  const enforced = busy.filter(({ event }) => event.enforcement?.state === 'enforced').length;
  return { enforced, meant: busy.length };
}
