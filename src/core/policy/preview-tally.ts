// Adds up what a preview found: by caller, by route and status, first victims, success. Bounded; knows no policy.
import type { WorkloadId } from '../model/brand.ts';
import type { FlowEvent } from '../model/event.ts';
import { workloadOf } from '../model/workload-key.ts';
import type { OpenPair } from './preview-connections.ts';

/** `from`: status recorded (0: none); `to`: status we would have answered, 0 when it would be let through and nobody knows. */
export interface Transition {
  readonly from: number;
  readonly to: number;
  readonly count: number;
}

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
  readonly notSeen: readonly WorkloadId[];
  /** Flows the recording does not say enough about (masked or missing values), by reason. */
  readonly undecidable: readonly { readonly count: number; readonly why: string }[];
  /** True when callers or routes beyond the limits of this summary were folded into the totals only. */
  readonly truncated: boolean;
}

export interface Tally {
  seen(flow: FlowEvent, atMs: number): void;
  /** `to`: status then, 0 for let through. */
  flip(flow: FlowEvent, to: number): void;
  undecidable(why: string): void;
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

export function createTally(options: {
  readonly focusCaller?: WorkloadId;
  readonly knownCallers?: readonly WorkloadId[];
}): Tally {
  const callers = new Map<WorkloadId, CallerCount>();
  const routes = new Map<string, RouteCount>();
  const reasons = new Map<string, number>();
  const firstVictims: FlowEvent[] = [];
  const counts = {
    total: 0,
    toRefused: 0,
    toAllowed: 0,
    successTotal: 0,
    successFlips: 0,
    othersSuccessFlips: 0,
  };
  let truncated = false;
  let start: { atMs: number; time: string } | undefined;
  let end: { atMs: number; time: string } | undefined;

  const callerOf = (id: WorkloadId): CallerCount | undefined => {
    const known = callers.get(id);
    if (known !== undefined) return known;
    if (callers.size >= maxCallers) {
      truncated = true;
      return undefined;
    }
    const made = { flips: 0, total: 0 };
    callers.set(id, made);
    return made;
  };
  const routeOf = (caller: WorkloadId, flow: FlowEvent): RouteCount | undefined => {
    const { request } = flow;
    const route = request === undefined ? '(not HTTP)' : `${request.method} ${request.route || request.path}`;
    const key = `${caller} ${route}`;
    const known = routes.get(key);
    if (known !== undefined) return known;
    if (routes.size >= maxRoutes) {
      truncated = true;
      return undefined;
    }
    const made = { caller, route, flips: 0, transitions: new Map<number, number>() };
    routes.set(key, made);
    return made;
  };
  const countRefused = (flow: FlowEvent, caller: WorkloadId): void => {
    counts.toRefused += 1;
    if (firstVictims.length < maxVictims) firstVictims.push(flow);
    if (!succeeded(flow)) return;
    counts.successFlips += 1;
    if (caller !== options.focusCaller) counts.othersSuccessFlips += 1;
  };

  return {
    seen(flow, atMs) {
      counts.total += 1;
      if (start === undefined || atMs < start.atMs) start = { atMs, time: flow.time };
      if (end === undefined || atMs > end.atMs) end = { atMs, time: flow.time };
      if (succeeded(flow)) counts.successTotal += 1;
      const caller = callerOf(workloadOf(flow.source));
      if (caller !== undefined) caller.total += 1;
    },
    flip(flow, to) {
      const id = workloadOf(flow.source);
      const caller = callerOf(id);
      if (caller !== undefined) caller.flips += 1;
      if (to === 0) counts.toAllowed += 1;
      else countRefused(flow, id);
      const route = routeOf(id, flow);
      if (route === undefined) return;
      route.flips += 1;
      const transition = (flow.response?.status ?? 0) * 1000 + to;
      route.transitions.set(transition, (route.transitions.get(transition) ?? 0) + 1);
    },
    undecidable(why) {
      if (reasons.has(why) || reasons.size < maxReasons) reasons.set(why, (reasons.get(why) ?? 0) + 1);
    },
    result: (openConnections) => ({
      ...(start === undefined ? {} : { windowStart: start.time }),
      ...(end === undefined ? {} : { windowEnd: end.time }),
      ...counts,
      flips: counts.toRefused + counts.toAllowed,
      byCaller: [...callers]
        .filter(([, { flips }]) => flips > 0)
        .map(([caller, { flips, total }]) => ({ caller, flips, total }))
        .toSorted((a, b) => b.flips - a.flips),
      byRoute: [...routes.values()].map(spellRoute).toSorted((a, b) => b.flips - a.flips),
      firstVictims: [...firstVictims],
      openConnections,
      notSeen: (options.knownCallers ?? []).filter((caller) => !callers.has(caller)),
      undecidable: [...reasons].map(([why, count]) => ({ count, why })),
      truncated,
    }),
  };
}

/** Answered by the upstream, and well. */
function succeeded({ response }: FlowEvent): boolean {
  return response !== undefined && response.local !== true && response.status >= 200 && response.status < 400;
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
