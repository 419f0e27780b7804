// Decision numbers → the verdict of an event: policy, rule, field and normalised value by name. Main thread only.
import type { Verdict } from '../model/event.ts';
import type { Decision } from '../model/exchange.ts';
import type { Snapshot } from './snapshot.ts';

export interface DescribedVerdict {
  readonly verdict: Verdict;
  /** Only where "enforced set plus shadow set" would have acted differently. */
  readonly shadow?: Verdict;
}

/** `blockId` is the opaque id of a refusal; the empty string when there is none. */
export function describeVerdict(
  decision: Decision,
  snapshot: Snapshot,
  normalisedPath: string,
  blockId = '',
): DescribedVerdict {
  throw new Error(`being written: ${decision.action} ${snapshot.generation} ${normalisedPath} ${blockId}`);
}
