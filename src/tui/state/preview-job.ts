// A preview run in slices over the flows held, so that the screen stays alive: the caller steps it between frames.
import { createPreview } from '../../core/policy/preview.ts';
import type { PolicyChange, PreviewResult } from '../../core/policy/preview.ts';
import type { Millis, WorkloadId } from '../../core/model/brand.ts';
import type { AgentStatus } from '../../core/model/feed-message.ts';
import type { Session } from './session.ts';

export interface PreviewJobInput {
  readonly session: Session;
  readonly change: PolicyChange;
  readonly focusCaller: WorkloadId | undefined;
  /** Last status of the agent, for the open connections it counts. */
  readonly status: AgentStatus | undefined;
  /** The clock policies are judged by (expiry): the position's clock in replay. */
  readonly nowMs: Millis;
}

export interface PreviewJob {
  /** Flows to judge. */
  readonly total: number;
  /** Judge up to `limit` more; the result once all are. May throw AppError (a policy that cannot be compiled). */
  step(limit: number): { readonly done: number; readonly result: PreviewResult | undefined };
}

/** A job over what is held now. */
export function createPreviewJob(input: PreviewJobInput): PreviewJob {
  const { session } = input;
  const callers = session.data.flows.services
    .filter((service) => service.callees.length > 0 || service.identity?.role === 'caller')
    .map((service) => service.id);
  const preview = createPreview({
    current: session.policies(),
    change: input.change,
    ...(input.focusCaller === undefined ? {} : { focusCaller: input.focusCaller }),
    ...(input.status === undefined ? {} : { openByPair: input.status.openByPair }),
    knownCallers: callers,
    nowMs: input.nowMs,
  });
  const total = session.data.flows.totals.held;
  const flows = session.flows.held()[Symbol.iterator]();
  let done = 0;
  return {
    total,
    step(limit) {
      for (let count = 0; count < limit; count++) {
        const next = flows.next();
        if (next.done === true) return { done: total, result: preview.result() };
        preview.push(next.value);
        done++;
      }
      return { done, result: undefined };
    },
  };
}
