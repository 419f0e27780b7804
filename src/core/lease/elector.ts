// Who leads, by a Lease: acquire, renew, lose. A pure state machine: what was read and what became of a write come in, what to do comes out.
// Others' clocks are not believed: a Lease has run out when it has not changed for its whole duration by our own.
/** What a Lease says; `version` to be compared and to write with. */
export interface LeaseRecord {
  readonly holder: string;
  readonly version: string;
  /** How long it holds after each change, ms. */
  readonly durationMs: number;
  readonly transitions: number;
}

/** How long what holds. The leader gives up before others may take over. */
export interface LeaseTimes {
  readonly durationMs: number;
  /** A leader that could not renew for so long leads no more. */
  readonly renewMs: number;
  /** Between two looks or tries. */
  readonly retryMs: number;
}

/** As Kubernetes' own components have it. */
export const leaseTimes: LeaseTimes = { durationMs: 15_000, renewMs: 10_000, retryMs: 2_000 };

/** What to do with the Lease after it was looked at. */
export type LeaseStep =
  | { readonly type: 'create' }
  /** Write it with us as its holder, over that version. */
  | { readonly type: 'take' | 'renew'; readonly over: LeaseRecord }
  | { readonly type: 'wait' };

/** Times are monotonic ms of ours. */
export interface Elector {
  /** @param record undefined: there is none. */
  looked(record: LeaseRecord | undefined, nowMs: number): LeaseStep;
  /** The write succeeded; what stands now. @param askedMs when it was begun: others count from later at the earliest. */
  wrote(record: LeaseRecord, askedMs: number): void;
  /** Whether we lead at this moment, whatever was last heard. */
  isLeader(nowMs: number): boolean;
  /** We step down by ourselves. */
  resign(): void;
  holder(): string | undefined;
}

/** @param self names this start of this program; nobody else may have it. */
export function createElector(self: string, times: LeaseTimes = leaseTimes): Elector {
  let seen: { readonly record: LeaseRecord; readonly sinceMs: number } | undefined;
  let renewedMs: number | undefined;
  return {
    looked(record, nowMs) {
      if (record === undefined) {
        seen = undefined;
        renewedMs = undefined;
        return { type: 'create' };
      }
      if (seen?.record.version !== record.version) seen = { record, sinceMs: nowMs };
      if (record.holder === self) return { type: 'renew', over: record };
      renewedMs = undefined;
      const isOver = record.holder === '' || nowMs - seen.sinceMs >= record.durationMs;
      return isOver ? { type: 'take', over: record } : { type: 'wait' };
    },
    wrote(record, askedMs) {
      seen = { record, sinceMs: askedMs };
      renewedMs = record.holder === self ? askedMs : undefined;
    },
    isLeader: (nowMs) => renewedMs !== undefined && nowMs - renewedMs < times.renewMs,
    resign() {
      renewedMs = undefined;
    },
    holder: () => seen?.record.holder,
  };
}
