// Why a flow or a hypothetical request is allowed or refused, in sentences; on demand, never per request.
import type { Millis } from '../model/brand.ts';
import type { Endpoint, FlowEvent, Verdict } from '../model/event.ts';
import type { FlowPolicy } from './schema.ts';

/** A request nobody has sent (yet). Omit `method` for a stream that is not HTTP. */
export interface HypotheticalRequest {
  readonly source: Endpoint;
  readonly destination: Endpoint;
  readonly method?: string;
  readonly host?: string;
  /** Without query, as it would be sent. */
  readonly path?: string;
  readonly route?: string;
  readonly headers?: readonly (readonly [string, string])[];
}

export interface ExplanationStep {
  /** Policy this step is about; absent for steps that concern all. */
  readonly policy?: string;
  readonly matched: boolean;
  readonly text: string;
}

export interface NearestMiss {
  readonly policy: string;
  /** The first field that kept it from matching, e.g. `match.http.paths`. */
  readonly rule: string;
  /** One sentence. */
  readonly text: string;
}

export interface Explanation {
  /** One sentence. */
  readonly outcome: string;
  readonly verdict: Verdict;
  readonly shadow?: Verdict;
  readonly steps: readonly ExplanationStep[];
  readonly nearestMiss?: NearestMiss;
}

export function explainRequest(
  policies: readonly FlowPolicy[],
  request: HypotheticalRequest,
  nowMs: Millis,
): Explanation {
  throw new Error(`being written: ${policies.length} ${request.source.workload} ${nowMs}`);
}

export function explainFlow(policies: readonly FlowPolicy[], flow: FlowEvent, nowMs: Millis): Explanation {
  throw new Error(`being written: ${policies.length} ${flow.id} ${nowMs}`);
}
