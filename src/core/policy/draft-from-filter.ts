// `block 'from:scanner path:/admin/*'`: a filter as a policy, refusing by name what no policy can express.
import type { Millis } from '../model/brand.ts';
import type { FilterNode } from '../filter/filter.ts';
import type { FlowPolicy } from './schema.ts';

export interface FilterDraftInput {
  readonly node: FilterNode | undefined;
  readonly action: 'Block' | 'Throttle';
  readonly nowMs: Millis;
  /** Lifetime; `defaultTtlMs` when absent. */
  readonly ttlMs?: number;
  readonly suffix: string;
  /** Where the policy lives and what unqualified names mean. */
  readonly namespace: string;
  readonly reason?: string;
  /** Throttle only, default `10/s`. */
  readonly rate?: string;
  readonly author?: string;
}

/** @throws AppError (usage) naming the part that no policy can express and what to write instead. */
export function draftFromFilter(input: FilterDraftInput): FlowPolicy {
  throw new Error(`being written: ${input.action}`);
}
