// What is remembered per caller: its windows, where its ids come from, what was found on it. Bounded per caller and in all;
// what a caller makes up pushes out its own memory first.
import type { Facts } from './facts.ts';
import type { DetectLimits } from './limits.ts';
import type { Measure } from './measure.ts';
import type { Plan } from './plan.ts';
import { createProvenance, type Provenance } from './provenance.ts';
import { createPairTexts } from './pair-text.ts';
import { createTextHash } from './sketch.ts';
import { addToWindow, membersOf, takeValues, type Window, type WindowOptions } from './window.ts';

/** What is remembered of one caller. */
export interface Caller {
  readonly key: string;
  /** Highest event time of its flows: its clock. */
  nowMs: number;
  readonly firstMs: number;
  readonly overall: Window;
  readonly routes: Map<string, Window>;
  readonly subjects: Map<string, Window>;
  readonly provenance: Provenance;
  /** When a rule last found something of medium severity or more. */
  readonly suspicions: Map<string, number>;
  /** Set members of all its windows. */
  members: number;
  findings: number;
}

/** The windows that one flow belongs to. */
export interface Touched {
  readonly caller: Caller;
  readonly route: Window;
  readonly subject: Window;
  readonly subjectKey: string;
  /** Of caller and subject. */
  readonly peerKey: string;
}

/** How many callers are held, and how many had to go for want of room. */
export interface CallerStats {
  readonly callers: number;
  readonly windows: number;
  readonly members: number;
  /** Callers and windows that had to make room. */
  readonly evicted: number;
}

/** The bounded memory of callers. */
export interface Callers {
  of(key: string, timeMs: number): Caller;
  add(caller: Caller, facts: Facts, routeKey: string): Touched;
  stats(): CallerStats;
}

/** Stands for a window that there is none of yet. */
const noWindow: Window = { slots: [], touchedMs: 0 };
/** A caller or window is moved to the young end at most this often. */
const touchMs = 1000;

/** Starts with no caller known; `seed` keys the sketches, so that nobody outside can make keys collide. */
export function createCallers(plan: Plan, limits: DetectLimits, seed: number): Callers {
  const options: WindowOptions = {
    windowMs: limits.windowMs,
    distinctLimit: limits.distinctPerWindow,
    hash: createTextHash(seed),
  };
  /** Oldest first. */
  const callers = new Map<string, Caller>();
  const subjectKeys = createPairTexts(limits.keys);
  const peerKeys = createPairTexts(limits.keys);
  /** Of the flow and scope in hand. */
  const values: (number | string | undefined)[] = [];
  let members = 0;
  let evicted = 0;

  const drop = (caller: Caller, from: Map<string, Window>): boolean => {
    const oldest = from.entries().next().value;
    if (oldest === undefined) return false;
    from.delete(oldest[0]);
    const freed = membersOf(oldest[1]);
    caller.members -= freed;
    members -= freed;
    evicted += 1;
    return true;
  };
  const forget = (key: string, caller: Caller): void => {
    callers.delete(key);
    members -= caller.members;
    evicted += 1;
  };
  const windowIn = (
    caller: Caller,
    from: Map<string, Window>,
    { key, limit, nowMs }: { readonly key: string; readonly limit: number; readonly nowMs: number },
  ): Window => {
    const known = from.get(key);
    if (known) {
      if (nowMs - known.touchedMs < touchMs) return known;
      known.touchedMs = nowMs;
      from.delete(key);
      from.set(key, known);
      return known;
    }
    if (from.size >= limit) drop(caller, from);
    const made: Window = { slots: [], touchedMs: nowMs };
    from.set(key, made);
    return made;
  };
  /** Adds what `takeValues` found. */
  const grow = (caller: Caller, window: Window, measures: readonly Measure[], nowMs: number): void => {
    const grown = addToWindow(window, { plan: measures, values, nowMs }, options);
    caller.members += grown;
    members += grown;
  };
  const makeRoom = (caller: Caller): void => {
    while (caller.members > limits.membersPerCaller) {
      if (!drop(caller, caller.subjects.size > 1 ? caller.subjects : caller.routes)) break;
    }
    for (const [key, oldest] of callers) {
      if (members <= limits.members || oldest === caller) break;
      forget(key, oldest);
    }
  };
  const create = (key: string, timeMs: number): Caller => {
    const oldest = callers.size >= limits.callers ? callers.entries().next().value : undefined;
    if (oldest) forget(oldest[0], oldest[1]);
    const made: Caller = {
      key,
      nowMs: timeMs,
      firstMs: timeMs,
      overall: { slots: [], touchedMs: timeMs },
      routes: new Map(),
      subjects: new Map(),
      provenance: createProvenance(limits.disclosedPerCaller, seed),
      suspicions: new Map(),
      members: 0,
      findings: 0,
    };
    callers.set(key, made);
    return made;
  };
  return {
    of: (key, timeMs) => {
      const caller = callers.get(key) ?? create(key, timeMs);
      if (timeMs - caller.nowMs >= touchMs) {
        callers.delete(key);
        callers.set(key, caller);
      }
      if (timeMs > caller.nowMs) caller.nowMs = timeMs;
      return caller;
    },
    add: (caller, facts, routeKey) => {
      const subjectKey = subjectKeys(facts.credential ?? '', routeKey);
      const { nowMs } = facts;
      const { caller: own, callerRoute, subjectRoute } = plan.byScope;
      if (takeValues(own, facts, values)) grow(caller, caller.overall, own, nowMs);
      let route: Window | undefined;
      if (takeValues(callerRoute, facts, values)) {
        route = windowIn(caller, caller.routes, { key: routeKey, limit: limits.routesPerCaller, nowMs });
        grow(caller, route, callerRoute, nowMs);
      } else route = caller.routes.get(routeKey);
      let subject: Window | undefined;
      if (takeValues(subjectRoute, facts, values)) {
        subject = windowIn(caller, caller.subjects, {
          key: subjectKey,
          limit: limits.subjectsPerCaller,
          nowMs,
        });
        grow(caller, subject, subjectRoute, nowMs);
      } else subject = caller.subjects.get(subjectKey);
      if (caller.members > limits.membersPerCaller || members > limits.members) makeRoom(caller);
      const peerKey = peerKeys(caller.key, subjectKey);
      return { caller, route: route ?? noWindow, subject: subject ?? noWindow, subjectKey, peerKey };
    },
    stats: () => {
      let windows = 0;
      for (const caller of callers.values()) windows += 1 + caller.routes.size + caller.subjects.size;
      return { callers: callers.size, windows, members, evicted };
    },
  };
}
