// Counters of the taps of one worker, at the end of the shared counters: written by the worker ten times a second, read by main.
import type { TapCounters } from '../../../core/tap/tap-port.ts';

/** What is summed over the pods' taps, those that are over included. */
export const summedCounters = [
  'connections',
  'open',
  'exchanges',
  'attempts',
  'gaps',
  'gapBytes',
  'midStream',
  'resumed',
  'conflicts',
  'evicted',
  'ignored',
  'malformed',
  'dnsMessages',
  'bufferedBytes',
] as const satisfies readonly (keyof TapCounters)[];

/** What is counted of the rings together (`TapStats`), and of reports that were not told one by one. */
const ownCounters = ['rings', 'frames', 'drops', 'freezes', 'cutPasses', 'untold'] as const;

const names = [...ownCounters, ...summedCounters];

/** Counters that all taps of a worker have, summed or of the rings. */
export type TapPlaneStats = Readonly<Record<(typeof names)[number], number>>;

/** Counters at the end of the shared memory. */
export const tapCounterCount = names.length;

/** Puts down how it stands. */
export function writeTapStats(view: Float64Array, stats: TapPlaneStats): void {
  const first = view.length - tapCounterCount;
  for (const [at, name] of names.entries()) view[first + at] = stats[name];
}

/** A copy of what was put down last; zeros before. */
export function readTapStats(view: Float64Array): TapPlaneStats {
  const first = view.length - tapCounterCount;
  return Object.fromEntries(names.map((name, at) => [name, view[first + at] ?? 0])) as TapPlaneStats;
}
