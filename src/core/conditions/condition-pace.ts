// When conditions are written: a transition at once, what only counts differently at most every half minute, because each write wakes
// every watcher of policies. Pure: time and jitter come in.
import type { Condition } from './policy-conditions.ts';

/** What was written of one object, and when. */
export interface Written {
  readonly conditions: readonly Condition[];
  readonly atMs: number;
}

/** What to do now. */
export type Pace =
  | { readonly type: 'write' }
  /** Not before `atMs`; ask again then. */
  | { readonly type: 'wait'; readonly atMs: number }
  | { readonly type: 'nothing' };

/** Between two writes that change messages only. */
export const countsEveryMs = 30_000;

const transitionOf = ({ type, status, reason, observedGeneration }: Condition): string =>
  JSON.stringify([type, status, reason, observedGeneration]);

const same = (
  a: readonly Condition[],
  b: readonly Condition[],
  textOf: (condition: Condition) => string,
): boolean =>
  a.length === b.length && a.every((one, at) => b[at] !== undefined && textOf(one) === textOf(b[at]));

/**
 * @param last what was written last; undefined: nothing yet, or by somebody who cannot be asked.
 * @param jitterMs 0 to as much as writes of many objects are to be spread by; the same for an object while it waits, so that it ends.
 */
export function paceOf(
  last: Written | undefined,
  next: readonly Condition[],
  { nowMs, jitterMs }: { readonly nowMs: number; readonly jitterMs: number },
): Pace {
  if (last === undefined || !same(last.conditions, next, transitionOf)) return { type: 'write' };
  if (same(last.conditions, next, ({ message }) => message)) return { type: 'nothing' };
  const atMs = last.atMs + countsEveryMs + jitterMs;
  // A clock that was set back must not silence an object.
  return nowMs >= atMs || nowMs < last.atMs ? { type: 'write' } : { type: 'wait', atMs };
}
