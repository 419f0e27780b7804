// What is remembered per caller: its windows, where its ids come from, what was found on it. Bounded per caller and in all;
// what a caller makes up pushes out its own memory first.
import type { Facts } from './facts.ts';
import type { DetectLimits } from './limits.ts';
import type { Plan } from './plan.ts';
import { createProvenance, type Provenance } from './provenance.ts';
import type { Scope } from './measure.ts';
import { addToWindow, membersOf, valuesOf, type Window, type WindowOptions } from './window.ts';

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
}

export interface CallerStats {
  readonly callers: number;
  readonly windows: number;
  readonly members: number;
  /** Callers and windows that had to make room. */
  readonly evicted: number;
}

export interface Callers {
  of(key: string, timeMs: number): Caller;
  add(caller: Caller, facts: Facts, routeKey: string): Touched;
  stats(): CallerStats;
}

/** Stands for a window that there is none of yet. */
const noWindow: Window = { slots: [] };
/** A caller is moved to the young end at most this often. */
const touchMs = 1000;

export function createCallers(plan: Plan, limits: DetectLimits, seed: number): Callers {
  const options: WindowOptions = {
    windowMs: limits.windowMs,
    distinctLimit: limits.distinctPerWindow,
    seed,
  };
  /** Oldest first. */
  const callers = new Map<string, Caller>();
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
  const windowIn = (caller: Caller, from: Map<string, Window>, key: string, limit: number): Window => {
    const known = from.get(key);
    if (known) {
      from.delete(key);
      from.set(key, known);
      return known;
    }
    if (from.size >= limit) drop(caller, from);
    const made: Window = { slots: [] };
    from.set(key, made);
    return made;
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
      overall: { slots: [] },
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
      const subjectKey = `${facts.credential ?? ''} ${routeKey}`;
      let grown = 0;
      const addIn = (scope: Scope, known: Window | undefined, find: () => Window): Window => {
        const measures = plan.byScope[scope];
        const values = valuesOf(measures, facts);
        if (values === undefined) return known ?? noWindow;
        const window = find();
        grown += addToWindow(window, { plan: measures, values, nowMs: facts.nowMs }, options);
        return window;
      };
      addIn('caller', caller.overall, () => caller.overall);
      const route = addIn('callerRoute', caller.routes.get(routeKey), () =>
        windowIn(caller, caller.routes, routeKey, limits.routesPerCaller),
      );
      const subject = addIn('subjectRoute', caller.subjects.get(subjectKey), () =>
        windowIn(caller, caller.subjects, subjectKey, limits.subjectsPerCaller),
      );
      caller.members += grown;
      members += grown;
      makeRoom(caller);
      return { caller, route, subject, subjectKey };
    },
    stats: () => {
      let windows = 0;
      for (const caller of callers.values()) windows += 1 + caller.routes.size + caller.subjects.size;
      return { callers: callers.size, windows, members, evicted };
    },
  };
}
