// The exact policy object behind a key press on a flow. Pure: time and the random suffix come in.
import type { Millis } from '../model/brand.ts';
import type { FlowEvent } from '../model/event.ts';
import type { FlowPolicy } from './schema.ts';

/** Default lifetime of an interactive policy. */
export const defaultTtlMs = 30 * 60_000;

export interface DraftInput {
  readonly action: 'Block' | 'Throttle';
  readonly flow: FlowEvent;
  readonly nowMs: Millis;
  /** Lifetime; `defaultTtlMs` when absent. */
  readonly ttlMs?: number;
  /** Four or so random hex digits: makes the name unique. */
  readonly suffix: string;
  readonly reason?: string;
  /** Throttle only, default `10/s`. */
  readonly rate?: string;
  readonly author?: string;
  /** Finding id that led here. */
  readonly finding?: string;
  /** Everything from this caller to this destination instead of the flow's method and route. */
  readonly wholeWorkload?: boolean;
}

export function draftPolicy(input: DraftInput): FlowPolicy {
  throw new Error(`being written: ${input.action}`);
}
