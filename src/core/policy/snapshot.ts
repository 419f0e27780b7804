// A compiled policy set: the flat tables that workers judge by, and the words that turn their numbers back into names.
// Knows neither listeners nor workers; made by compile.ts, read by evaluator.ts and describe-verdict.ts.
import type { PolicyName } from '../model/brand.ts';
import type { Policy } from './schema.ts';

/** What `compilePolicies` returns. `Decision.policy` and `.rule` are indexes into `names`/`policies` and `rules`. */
export interface Snapshot {
  /** Everything a decider needs; shared with the workers, never changed after it was made. */
  readonly buffer: SharedArrayBuffer;
  readonly generation: number;
  /** In attribution order: the most specific first. Policies that are Off or expired at compile time are not in it. */
  readonly policies: readonly Policy[];
  /** `namespace/name`, same order. */
  readonly names: readonly PolicyName[];
  /** Spec paths of what can decide, e.g. `match.http.paths[0]`. */
  readonly rules: readonly string[];
}
