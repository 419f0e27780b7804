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

/** The windows of one kind that the flow in hand may add to: used again for every flow. */
interface Place {
  readonly measures: readonly Measure[];
  /** Windows a caller may have of this kind. */
  readonly limit: number;
  /** Of the caller in hand. */
  windows: Map<string, Window>;
  key: string;
}

/** All callers, and what is known of the flow in hand. */
interface Memory {
  readonly limits: DetectLimits;
  readonly options: WindowOptions;
  /** Oldest first. */
  readonly callers: Map<string, Caller>;
  /** What the flow in hand adds to the window in hand. */
  readonly addition: {
    plan: readonly Measure[];
    readonly values: (number | string | undefined)[];
    nowMs: number;
  };
  readonly routes: Place;
  readonly subjects: Place;
  members: number;
  evicted: number;
}

function createMemory({ byScope }: Plan, limits: DetectLimits, seed: number): Memory {
  const { caller, callerRoute, subjectRoute } = byScope;
  const place = { windows: new Map<string, Window>(), key: '' };
  return {
    limits,
    options: {
      windowMs: limits.windowMs,
      distinctLimit: limits.distinctPerWindow,
      hash: createTextHash(seed),
    },
    callers: new Map(),
    addition: { plan: caller, values: [], nowMs: 0.5 },
    routes: { ...place, measures: callerRoute, limit: limits.routesPerCaller },
    subjects: { ...place, measures: subjectRoute, limit: limits.subjectsPerCaller },
    members: 0,
    evicted: 0,
  };
}

/** The oldest window goes; false when there is none. */
function drop(memory: Memory, caller: Caller, from: Map<string, Window>): boolean {
  const oldest = from.entries().next().value;
  if (oldest === undefined) return false;
  from.delete(oldest[0]);
  const freed = membersOf(oldest[1]);
  caller.members -= freed;
  memory.members -= freed;
  memory.evicted += 1;
  return true;
}

function forget(memory: Memory, key: string, caller: Caller): void {
  memory.callers.delete(key);
  memory.members -= caller.members;
  memory.evicted += 1;
}

function windowAt(memory: Memory, caller: Caller, { windows, key, limit }: Place): Window {
  const { nowMs } = memory.addition;
  const known = windows.get(key);
  if (known) {
    if (nowMs - known.touchedMs < touchMs) return known;
    known.touchedMs = nowMs;
    windows.delete(key);
    windows.set(key, known);
    return known;
  }
  if (windows.size >= limit) drop(memory, caller, windows);
  const made: Window = { slots: [], touchedMs: nowMs };
  windows.set(key, made);
  return made;
}

/** Takes what measures ask for into the hand; false when that is nothing. */
function takes({ addition }: Memory, measures: readonly Measure[], facts: Facts): boolean {
  addition.plan = measures;
  return takeValues(measures, facts, addition.values);
}

/** Adds what `takes` found. */
function grow(memory: Memory, caller: Caller, window: Window): void {
  const grown = addToWindow(window, memory.addition, memory.options);
  caller.members += grown;
  memory.members += grown;
}

/** The window of a place, grown by what `takes` found: it is made when there is something to add. */
function grownAt(memory: Memory, caller: Caller, place: Place): Window {
  const window = windowAt(memory, caller, place);
  grow(memory, caller, window);
  return window;
}

const knownAt = ({ windows, key }: Place): Window => windows.get(key) ?? noWindow;

function makeRoom(memory: Memory, caller: Caller): void {
  const { limits, callers } = memory;
  while (caller.members > limits.membersPerCaller) {
    if (!drop(memory, caller, caller.subjects.size > 1 ? caller.subjects : caller.routes)) break;
  }
  for (const [key, oldest] of callers) {
    if (memory.members <= limits.members || oldest === caller) break;
    forget(memory, key, oldest);
  }
}

function newCaller(key: string, timeMs: number, provenance: Provenance): Caller {
  return {
    key,
    nowMs: timeMs,
    firstMs: timeMs,
    overall: { slots: [], touchedMs: timeMs },
    routes: new Map(),
    subjects: new Map(),
    provenance,
    suspicions: new Map(),
    members: 0,
    findings: 0,
  };
}

/** Puts a caller at the young end; the oldest makes room. */
function meet(memory: Memory, made: Caller): Caller {
  const { callers, limits } = memory;
  const oldest = callers.size >= limits.callers ? callers.entries().next().value : undefined;
  if (oldest) forget(memory, oldest[0], oldest[1]);
  callers.set(made.key, made);
  return made;
}

function statsOf({ callers, members, evicted }: Memory): CallerStats {
  let windows = 0;
  for (const caller of callers.values()) windows += 1 + caller.routes.size + caller.subjects.size;
  return { callers: callers.size, windows, members, evicted };
}

/** Starts with no caller known; `seed` keys the sketches, so that nobody outside can make keys collide. */
export function createCallers(plan: Plan, limits: DetectLimits, seed: number): Callers {
  const memory = createMemory(plan, limits, seed);
  const { callers, addition, routes, subjects } = memory;
  const own = plan.byScope.caller;
  const subjectKeys = createPairTexts(limits.keys);
  const peerKeys = createPairTexts(limits.keys);
  return {
    of: (key, timeMs) => {
      const caller =
        callers.get(key) ??
        meet(memory, newCaller(key, timeMs, createProvenance(limits.disclosedPerCaller, seed)));
      if (timeMs - caller.nowMs >= touchMs) {
        callers.delete(key);
        callers.set(key, caller);
      }
      if (timeMs > caller.nowMs) caller.nowMs = timeMs;
      return caller;
    },
    add: (caller, facts, routeKey) => {
      const subjectKey = subjectKeys(facts.credential ?? '', routeKey);
      addition.nowMs = facts.nowMs;
      if (takes(memory, own, facts)) grow(memory, caller, caller.overall);
      routes.windows = caller.routes;
      routes.key = routeKey;
      const route = takes(memory, routes.measures, facts) ? grownAt(memory, caller, routes) : knownAt(routes);
      subjects.windows = caller.subjects;
      subjects.key = subjectKey;
      const subject = takes(memory, subjects.measures, facts)
        ? grownAt(memory, caller, subjects)
        : knownAt(subjects);
      if (caller.members > limits.membersPerCaller || memory.members > limits.members)
        makeRoom(memory, caller);
      const peerKey = peerKeys(caller.key, subjectKey);
      return { caller, route, subject, subjectKey, peerKey };
    },
    stats: () => statsOf(memory),
  };
}
