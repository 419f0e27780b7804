// Adds up what a preview found: by caller, by route and status, first victims, success. Bounded; knows no policy.
import type { WorkloadId } from '../model/brand.ts';
import type { FlowEvent } from '../model/event.ts';
import { workloadOf } from '../model/workload-key.ts';
import type { OpenPair } from './preview-connections.ts';
import type { NodeReach } from './preview-node.ts';

/** `Transition.from` of an answer that went to the client and whose status could not be read. */
export const notRead = 1;

/** `Transition.to` of what the kernel would refuse by address: nobody answers. */
export const refusedInKernel = 2;

/**
 * `from`: status recorded (0: no answer, `notRead`); `to`: status we would have answered, `refusedInKernel`, or 0 when it would be let
 * through and nobody knows.
 */
export interface Transition {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

/** What a change would have done to a window of flows. */
export interface PreviewResult {
  /** RFC 3339 of the first and last flow; absent when there was none. */
  readonly windowStart?: string;
  readonly windowEnd?: string;
  /** Flows in the window. */
  readonly total: number;
  /** Flows let through now and refused then, or the other way round. */
  readonly flips: number;
  readonly toRefused: number;
  readonly toAllowed: number;
  /**
   * Removals over a window that tells its policies: flows answered before the policy was there that it would have refused too.
   * They are no flips. Absent for every other change.
   */
  readonly earlier?: number;
  /** Callers with flips, most flips first. */
  readonly byCaller: readonly {
    readonly caller: WorkloadId;
    readonly flips: number;
    readonly total: number;
  }[];
  /** `route` includes the method, e.g. `GET /orders/{id}`; `(not HTTP)` for other streams. Most flips first. */
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
  readonly openConnections: readonly OpenPair[];
  /** Only of an agent that works in the pods of a node. */
  readonly onNode?: NodeReach;
  readonly notSeen: readonly WorkloadId[];
  /** Flows the recording does not say enough about (masked or missing values), by reason. */
  readonly undecidable: readonly { readonly count: number; readonly why: string }[];
  /** Streams that are not readable HTTP (TLS, say) and that the changed policy lets through by its `failure: Open`; absent for 0. */
  readonly passingUnread?: number;
  /** Flows that would be refused and were answered, nobody knows how: their status was not read; absent for 0. */
  readonly unreadFlips?: number;
  /** Where a recording is damaged, in a sentence: nothing behind it was judged. Absent for a whole one and for live flows. */
  readonly damage?: string;
  /** True when callers or routes beyond the limits of this summary were folded into the totals only. */
  readonly truncated: boolean;
}

/** Adds up one preview. */
export interface Tally {
  seen(flow: FlowEvent, atMs: number): void;
  /** `to`: status then, 0 for let through. */
  flip(flow: FlowEvent, to: number): void;
  /** A removed policy would have refused this flow, had it been there. */
  earlier(): void;
  undecidable(why: string): void;
  /** The changed policy lets this flow through unread. */
  passesUnread(): void;
  result(openConnections: readonly OpenPair[]): PreviewResult;
}

/** Callers and routes told apart; more are in the totals only. */
const maxCallers = 5_000;
const maxRoutes = 5_000;
const maxVictims = 5;
const maxReasons = 32;

interface CallerCount {
  flips: number;
  total: number;
}
interface RouteCount {
  readonly caller: WorkloadId;
  readonly route: string;
  flips: number;
  /** By `from * 1000 + to`. */
  readonly transitions: Map<number, number>;
}

/** Whose flips are wanted and who is known; see `PreviewInput`. */
export interface TallyOptions {
  readonly focusCaller?: WorkloadId;
  readonly knownCallers?: readonly WorkloadId[];
  /** A removal over a window that tells its policies: `earlier` is part of the result. */
  readonly countsEarlier?: boolean;
}

interface Moment {
  readonly atMs: number;
  readonly time: string;
}

class FlowTally implements Tally {
  readonly #options: TallyOptions;
  readonly #callers = new Map<WorkloadId, CallerCount>();
  readonly #routes = new Map<string, RouteCount>();
  readonly #reasons = new Map<string, number>();
  readonly #firstVictims: FlowEvent[] = [];
  readonly #counts = {
    total: 0,
    toRefused: 0,
    toAllowed: 0,
    successTotal: 0,
    successFlips: 0,
    othersSuccessFlips: 0,
  };
  #truncated = false;
  #earlier = 0;
  #passingUnread = 0;
  #unreadFlips = 0;
  #start: Moment | undefined;
  #end: Moment | undefined;

  constructor(options: TallyOptions) {
    this.#options = options;
  }

  seen(flow: FlowEvent, atMs: number): void {
    this.#counts.total += 1;
    if (this.#start === undefined || atMs < this.#start.atMs) this.#start = { atMs, time: flow.time };
    if (this.#end === undefined || atMs > this.#end.atMs) this.#end = { atMs, time: flow.time };
    if (succeeded(flow)) this.#counts.successTotal += 1;
    const caller = this.#callerOf(workloadOf(flow.source));
    if (caller !== undefined) caller.total += 1;
  }

  flip(flow: FlowEvent, to: number): void {
    const id = workloadOf(flow.source);
    const caller = this.#callerOf(id);
    if (caller !== undefined) caller.flips += 1;
    if (to === 0) this.#counts.toAllowed += 1;
    else this.#countRefused(flow, id);
    const route = this.#routeOf(id, flow);
    if (route === undefined) return;
    route.flips += 1;
    const transition = answerOf(flow) * 1000 + to;
    route.transitions.set(transition, (route.transitions.get(transition) ?? 0) + 1);
  }

  earlier(): void {
    this.#earlier += 1;
  }

  undecidable(why: string): void {
    if (this.#reasons.has(why) || this.#reasons.size < maxReasons)
      this.#reasons.set(why, (this.#reasons.get(why) ?? 0) + 1);
  }

  passesUnread(): void {
    this.#passingUnread += 1;
  }

  result(openConnections: readonly OpenPair[]): PreviewResult {
    const { toRefused, toAllowed } = this.#counts;
    return {
      ...(this.#start === undefined ? {} : { windowStart: this.#start.time }),
      ...(this.#end === undefined ? {} : { windowEnd: this.#end.time }),
      ...this.#counts,
      flips: toRefused + toAllowed,
      ...(this.#options.countsEarlier === true ? { earlier: this.#earlier } : {}),
      byCaller: [...this.#callers]
        .filter(([, { flips }]) => flips > 0)
        .map(([caller, { flips, total }]) => ({ caller, flips, total }))
        .toSorted((a, b) => b.flips - a.flips),
      byRoute: [...this.#routes.values()].map(spellRoute).toSorted((a, b) => b.flips - a.flips),
      firstVictims: [...this.#firstVictims],
      openConnections,
      notSeen: (this.#options.knownCallers ?? []).filter((caller) => !this.#callers.has(caller)),
      undecidable: [...this.#reasons].map(([why, count]) => ({ count, why })),
      ...(this.#passingUnread === 0 ? {} : { passingUnread: this.#passingUnread }),
      ...(this.#unreadFlips === 0 ? {} : { unreadFlips: this.#unreadFlips }),
      truncated: this.#truncated,
    };
  }

  #countRefused(flow: FlowEvent, caller: WorkloadId): void {
    this.#counts.toRefused += 1;
    if (this.#firstVictims.length < maxVictims) this.#firstVictims.push(flow);
    if (answerOf(flow) === notRead) this.#unreadFlips += 1;
    if (!succeeded(flow)) return;
    this.#counts.successFlips += 1;
    if (caller !== this.#options.focusCaller) this.#counts.othersSuccessFlips += 1;
  }

  #callerOf(id: WorkloadId): CallerCount | undefined {
    const known = this.#callers.get(id);
    if (known !== undefined) return known;
    if (this.#callers.size >= maxCallers) {
      this.#truncated = true;
      return undefined;
    }
    const made = { flips: 0, total: 0 };
    this.#callers.set(id, made);
    return made;
  }

  #routeOf(caller: WorkloadId, { request }: FlowEvent): RouteCount | undefined {
    const route = request === undefined ? '(not HTTP)' : `${request.method} ${request.route || request.path}`;
    const key = `${caller} ${route}`;
    const known = this.#routes.get(key);
    if (known !== undefined) return known;
    if (this.#routes.size >= maxRoutes) {
      this.#truncated = true;
      return undefined;
    }
    const made = { caller, route, flips: 0, transitions: new Map<number, number>() };
    this.#routes.set(key, made);
    return made;
  }
}

/** One per preview. */
export const createTally = (options: TallyOptions): Tally => new FlowTally(options);

/** Status recorded, 0 or `notRead`. */
function answerOf({ response }: FlowEvent): number {
  if (response === undefined) return 0;
  return response.status ?? (response.bytes > 0 ? notRead : 0);
}

/** Answered by the upstream, and well. */
function succeeded({ response }: FlowEvent): boolean {
  const status = response?.status ?? 0;
  return response?.local !== true && status >= 200 && status < 400;
}

function spellRoute({ caller, route, flips, transitions }: RouteCount): PreviewResult['byRoute'][number] {
  return {
    caller,
    route,
    flips,
    transitions: [...transitions]
      .map(([key, count]) => ({ from: Math.floor(key / 1000), to: key % 1000, count }))
      .toSorted((a, b) => b.count - a.count),
  };
}
