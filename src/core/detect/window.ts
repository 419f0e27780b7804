// One owner's memory: a slot per measure that it has values for. Knows measures by their position in the plan, no rule.
import type { Facts } from './facts.ts';
import type { Measure } from './measure.ts';
import {
  createRecentSet,
  createRunTracker,
  createSlidingCount,
  type RecentSet,
  type RunTracker,
  type SlidingCount,
} from './sketch.ts';

/** The memory of one measure of one caller. */
export type Slot =
  | { readonly kind: 'count'; readonly count: SlidingCount }
  | { readonly kind: 'total'; sum: number }
  | { readonly kind: 'distinct'; readonly set: RecentSet }
  | { readonly kind: 'run'; readonly run: RunTracker };

/** Bounds of one caller’s memory. */
export interface WindowOptions {
  readonly windowMs: number;
  readonly distinctLimit: number;
  /** Hash of a value, as `hashText` makes it. */
  readonly hash: (text: string) => number;
}

/** Slots by position of the measure; made when the first value comes. */
export interface Window {
  readonly slots: (Slot | undefined)[];
  /** When it was last moved to the young end. */
  touchedMs: number;
}

function slotFor(measure: Measure, options: WindowOptions): Slot {
  switch (measure.kind) {
    case 'count':
      return { kind: 'count', count: createSlidingCount(options.windowMs) };
    case 'total':
      return { kind: 'total', sum: 0 };
    case 'distinct':
      return { kind: 'distinct', set: createRecentSet(options.windowMs, options.distinctLimit) };
    case 'run':
      return { kind: 'run', run: createRunTracker(options.windowMs) };
  }
}

/** One value per measure; a measure without one for this flow has undefined. */
export type Values = readonly (number | string | undefined)[];

/** Fills `into` with what the measures of a scope have to add for one flow. False when nothing: then its window is left alone. */
export function takeValues(
  plan: readonly Measure[],
  facts: Facts,
  into: (number | string | undefined)[],
): boolean {
  let isAny = false;
  for (let position = 0; position < plan.length; position += 1) {
    const measure = plan[position];
    const value = measure?.value(facts);
    const adds = value !== 0 || measure?.kind === 'distinct' || measure?.kind === 'run';
    into[position] = adds ? value : undefined;
    if (adds && value !== undefined) isAny = true;
  }
  return isAny;
}

/** What one flow adds to a measure. */
export interface Addition {
  readonly plan: readonly Measure[];
  readonly values: Values;
  readonly nowMs: number;
}

/** Adds the values of one flow; returns by how many set members the window grew. */
export function addToWindow(
  window: Window,
  { plan, values, nowMs }: Addition,
  options: WindowOptions,
): number {
  let grown = 0;
  for (let position = 0; position < plan.length; position += 1) {
    const measure = plan[position];
    const value = values[position];
    if (measure === undefined || value === undefined) continue;
    const slot = (window.slots[position] ??= slotFor(measure, options));
    if (slot.kind === 'distinct') grown += slot.set.add(options.hash(String(value)), nowMs);
    else if (slot.kind === 'run') slot.run.add(Number(value), nowMs);
    else if (slot.kind === 'total') slot.sum += Number(value);
    else slot.count.add(Number(value), nowMs);
  }
  return grown;
}

/** Set members that a window holds. */
export function membersOf(window: Window): number {
  let members = 0;
  for (const slot of window.slots) if (slot?.kind === 'distinct') members += slot.set.held();
  return members;
}
