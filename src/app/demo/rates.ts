// How much is going on in the shop, and whose part of it is how large. Data; knows no process.
import type { Role } from './topology.ts';

/** Requests per second over all edges when nothing is said: one core stays comfortable. */
export const defaultRate = 120;
/** Requests per second over all edges that can be asked for. */
export const maxRate = 2000;
/** The nightly job's part of the rate; the scanner comes on top, at its own pace. */
const nightlyShare = 0.12;

/** The part of one role in the requests per second over all edges, 0 for whoever only answers. */
export function rateOf(role: Role, rate: number): number {
  const bounded = Math.min(maxRate, Math.max(1, rate));
  if (role === 'web') return bounded * (1 - nightlyShare);
  return role === 'nightly' ? bounded * nightlyShare : 0;
}
