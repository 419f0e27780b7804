// Which exchanges are told with headers and bodies: details are for people, and nobody reads 25,000 heads a second. Decided when
// an exchange ends, for then it is known whether it went wrong. Knows no ring; time comes in.
import type { Exchange } from '../../core/model/exchange.ts';
import type { DataPlaneLimits } from './limits.ts';

/** Keeps count over time; one per worker. */
export interface DetailBudget {
  /** Takes a token, or makes the exchange light. `nowMs` never jumps. */
  apply(exchange: Exchange, nowMs: number): void;
}

/** Lowest status that says something went wrong. */
const firstError = 400;

/** What somebody will look for: refused (or would have been), answered by us, failed, cut off, not readable. */
function isTrouble({ decision, status, local, broken, opaque }: Exchange): boolean {
  return (
    decision.action !== 0 ||
    decision.shadowAction !== 0 ||
    local ||
    status >= firstError ||
    status === 0 ||
    broken !== '' ||
    opaque !== ''
  );
}

/** A token bucket that holds one second's worth and starts full. */
function createBucket(perSecond: number): (nowMs: number) => boolean {
  let tokens = perSecond;
  let filledMs = Number.NaN;
  return (nowMs) => {
    if (nowMs > filledMs) tokens = Math.min(perSecond, tokens + ((nowMs - filledMs) * perSecond) / 1000);
    filledMs = nowMs;
    if (tokens < 1) return false;
    tokens -= 1;
    return true;
  };
}

/** Only the lengths go to zero: nothing of it is copied any further. */
function lighten(exchange: Exchange): void {
  exchange.light = true;
  exchange.requestBodyLength = 0;
  exchange.responseHeadLength = 0;
  exchange.responseBodyLength = 0;
}

/** Two budgets, so that ordinary load does not hide trouble and trouble does not hide ordinary traffic. */
export function createDetailBudget(
  limits: Pick<DataPlaneLimits, 'detailedPerSecond' | 'detailedTroublePerSecond'>,
): DetailBudget {
  const ordinary = createBucket(limits.detailedPerSecond);
  const trouble = createBucket(limits.detailedTroublePerSecond);
  return {
    apply(exchange, nowMs) {
      const take = isTrouble(exchange) ? trouble : ordinary;
      if (!take(nowMs)) lighten(exchange);
    },
  };
}
