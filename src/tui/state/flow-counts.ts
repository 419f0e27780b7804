// What happened in the last minute, by verdict, error and coverage: the counters that edges and totals share.
import type { FlowEvent } from '../../core/model/event.ts';
import type { VerdictCounts } from './data-view.ts';
import type { DataClock } from './data-clock.ts';
import type { SecondWindow } from './second-window.ts';
import { createSecondWindow, windowSeconds } from './second-window.ts';

/** Fields of the window, the first four by verdict action. */
const fields = {
  allow: 0,
  block: 1,
  throttle: 2,
  redact: 3,
  shadow: 4,
  errors: 5,
  opaque: 6,
  opening: 7,
  announced: 8,
  empty: 9,
} as const;
const fieldCount = 10;

/** True for an answer that failed without a policy refusing it: 5xx, or none at all. */
export function isError(flow: FlowEvent): boolean {
  if (flow.verdict.action === 'block' || flow.verdict.action === 'throttle') return false;
  // An answer without a status was not read, or never came.
  return flow.response !== undefined && (flow.response.status ?? 500) >= 500;
}

/**
 * Nothing was said that could be read: a connection that was never established, or the word that one was cut, whose traffic is told by
 * whoever saw it.
 */
const isEmpty = ({ opaque, gear }: FlowEvent): boolean => opaque === 'attempt' || gear === 'kernel';

/**
 * Rates and shares of one edge, or of all, by the data's clock. An opening counts as seen and unread, never as a
 * flow.
 */
export interface FlowCounts {
  /** Flows per second over the last ten seconds. */
  readonly rate: number;
  /** Shares of the last minute, 0 to 1; undefined when nothing came in it. */
  readonly errorShare: number | undefined;
  readonly refusedShare: number | undefined;
  /** Of what had any content: refused attempts have none. */
  readonly opaqueShare: number | undefined;
  /** Counts of the last minute. */
  readonly recent: VerdictCounts;
  /** Flows in one second. */
  at(second: number): number;
  add(flow: FlowEvent, timeMs: number): void;
}

/** Count one flow into its second: a field of its verdict and those of all else that it was. */
function addFlow(window: SecondWindow, second: number, flow: FlowEvent): void {
  const isOpaque = flow.protocol === 'opaque';
  if (flow.opening === true) {
    // What began opaque is part of what is seen and not read; everything else is counted at its end.
    if (isOpaque) window.add(second, fields.opening);
    return;
  }
  window.add(second, fields[flow.verdict.action]);
  if (flow.opening === false && isOpaque) window.add(second, fields.announced);
  if (flow.shadow) window.add(second, fields.shadow);
  if (isError(flow)) window.add(second, fields.errors);
  if (isEmpty(flow)) window.add(second, fields.empty);
  else if (isOpaque) window.add(second, fields.opaque);
}

/** Flows of whichever verdict over the `seconds` that end with `second`. */
const allOf = (window: SecondWindow, second: number, seconds: number): number =>
  window.sum(fields.allow, second, seconds) +
  window.sum(fields.block, second, seconds) +
  window.sum(fields.throttle, second, seconds) +
  window.sum(fields.redact, second, seconds);

/** Counters at zero. */
export function createFlowCounts(clock: DataClock): FlowCounts {
  const window = createSecondWindow(fieldCount);
  const minute = (field: number): number => window.sum(field, clock.second, windowSeconds);
  /** `part` of the last minute's flows and `more`, which may be fewer. */
  const share = (part: number, more = 0): number | undefined => {
    const whole = allOf(window, clock.second, windowSeconds) + more;
    return whole === 0 ? undefined : part / whole;
  };
  return {
    get rate() {
      return allOf(window, clock.second, clock.rateSeconds) / clock.rateSpan;
    },
    get errorShare() {
      return share(minute(fields.errors));
    },
    get refusedShare() {
      return share(minute(fields.block) + minute(fields.throttle));
    },
    get opaqueShare() {
      // Those that have begun and not ended; both ends of one are counted at the second of its beginning.
      const live = Math.max(0, minute(fields.opening) - minute(fields.announced));
      return share(minute(fields.opaque) + live, live - minute(fields.empty));
    },
    get recent() {
      return {
        allow: minute(fields.allow),
        block: minute(fields.block),
        throttle: minute(fields.throttle),
        redact: minute(fields.redact),
        shadow: minute(fields.shadow),
      };
    },
    at: (second) => allOf(window, second, 1),
    add: (flow, timeMs) => addFlow(window, Math.floor(timeMs / 1000), flow),
  };
}
