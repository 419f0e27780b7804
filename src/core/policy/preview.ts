// What a change of policy would have done to the flows of a window: the evaluator that enforces, run twice per flow.
import type { Millis, PolicyName, WorkloadId } from '../model/brand.ts';
import type { FlowEvent } from '../model/event.ts';
import type { FlowPolicy } from './schema.ts';

export type PolicyChange =
  | { readonly type: 'add'; readonly policy: FlowPolicy }
  | { readonly type: 'remove'; readonly name: PolicyName };

export interface PreviewInput {
  readonly current: readonly FlowPolicy[];
  readonly change: PolicyChange;
  /** Whose flips are wanted; everybody else's successful flips are counted as `othersSuccessFlips`. */
  readonly focusCaller?: WorkloadId;
  /** Open connections by `ns/Kind/name>ns/Kind/name`, as the agent's status has them. */
  readonly openByPair?: Readonly<Record<string, number>>;
  /** Callers known to exist; those absent from the window are `notSeen`. */
  readonly knownCallers?: readonly WorkloadId[];
  readonly nowMs: Millis;
}

/** `from`: status recorded; `to`: status it would have got, 0 when it would be let through and nobody knows. */
export interface Transition {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

export interface PreviewResult {
  /** RFC 3339 of the first and last flow; absent when there was none. */
  readonly windowStart?: string;
  readonly windowEnd?: string;
  /** Flows judged. */
  readonly total: number;
  readonly flips: number;
  readonly toRefused: number;
  readonly toAllowed: number;
  /** Callers with flips, most flips first. */
  readonly byCaller: readonly {
    readonly caller: WorkloadId;
    readonly flips: number;
    readonly total: number;
  }[];
  /** `route` includes the method, e.g. `GET /orders/{id}`. */
  readonly byRoute: readonly {
    readonly caller: WorkloadId;
    readonly route: string;
    readonly flips: number;
    readonly transitions: readonly Transition[];
  }[];
  /** The first flows that would be refused, at most 5. */
  readonly firstVictims: readonly FlowEvent[];
  /** Flows the upstream answered with 2xx or 3xx, and how many of those would be refused. */
  readonly successTotal: number;
  readonly successFlips: number;
  /** Successful flows of anyone but `focusCaller` that would be refused. */
  readonly othersSuccessFlips: number;
  /** Open connections between pairs the change concerns. */
  readonly openConnections: readonly { readonly pair: string; readonly count: number }[];
  readonly notSeen: readonly WorkloadId[];
  /** Flows the recording does not say enough about (masked or missing values), by reason. */
  readonly undecidable: readonly { readonly count: number; readonly why: string }[];
  /** True when callers or routes beyond the limits of this summary were folded into the totals only. */
  readonly truncated: boolean;
}

export interface Preview {
  /** In event order. */
  push(flow: FlowEvent): void;
  result(): PreviewResult;
}

export function createPreview(input: PreviewInput): Preview {
  throw new Error(`being written: ${input.current.length}`);
}
