// Policies → flat tables in one SharedArrayBuffer. Runs on the main thread; what it writes is read by evaluator.ts.
import type { Millis } from '../model/brand.ts';
import type { FlowPolicy } from './schema.ts';
import type { Snapshot } from './snapshot.ts';

/** Compiles parsed policies; those that are Off, or expired at `nowMs`, are left out. */
export function compilePolicies(
  policies: readonly FlowPolicy[],
  options: { readonly generation: number; readonly nowMs: Millis },
): Snapshot {
  throw new Error(`being written: ${policies.length} ${options.generation}`);
}
