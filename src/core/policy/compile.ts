// Policies → flat tables in one SharedArrayBuffer. Runs on the main thread; what it writes is read by evaluator.ts.
// Knows no listener: which policies concern whom is worked out once per scope, in scope.ts.
import type { Millis } from '../model/brand.ts';
import { createCompiler } from './compiler.ts';
import type { Policy } from './schema.ts';
import type { Snapshot } from './snapshot.ts';

export type { Snapshot } from './snapshot.ts';

/** Compiles parsed policies; those that are Off, or expired at `nowMs`, are left out. Of two with one name the last counts. */
export const compilePolicies = (
  policies: readonly Policy[],
  options: { readonly generation: number; readonly nowMs: Millis },
): Snapshot => createCompiler().compile(policies, options);
