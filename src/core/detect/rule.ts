// What a detection is: one row of data and one pure function. To add one:
//   1. a file in rules/ exporting one `Rule`; its measures are rows too (see measure.ts), its `test` reads facts and view only;
//   2. its line in rule-table.ts.
// One test runs the `matches` and `misses` of every row through a fresh engine. A value of a flow that no rule needed before is one
// more field in facts.ts. Nothing else changes: windows, bounds, dedup, evidence and resending belong to the engine.
import type { FindingEvent, Severity } from '../model/event.ts';
import type { Example } from './example.ts';
import type { Facts } from './facts.ts';
import type { Measure, View } from './measure.ts';

/** Numbers and words that a rule saw and that `why` puts into a sentence. */
export type Seen = Readonly<Record<string, number | string>>;

/** What a rule’s test found: the fields of the finding that depend on the flow. */
export interface Hit {
  readonly severity: Severity;
  /** Where they differ from the row's. */
  readonly confidence?: number;
  readonly title?: string;
  readonly seen: Seen;
}

/** What a finding proposes to do: block or throttle, and whom. */
export type Suggestion = NonNullable<FindingEvent['suggestion']>;

/** One row of the catalogue: what it is called, what it needs measured, its pure test, and examples that prove it. */
export interface Rule {
  /** Stable, kebab-case. */
  readonly id: string;
  readonly title: string;
  /** The highest severity it can give, and its usual confidence, 0 to 1. */
  readonly severity: Severity;
  readonly confidence: number;
  /** OWASP API (`API1:2023`), Kubernetes (`K09:2025`) and ATT&CK (`T1110`) ids, by detections.md. */
  readonly tags: readonly string[];
  /** What one finding is about: one route, or the whole destination. */
  readonly about: 'route' | 'destination';
  /** True when it compares with what is usual: its findings say so while that is still being learned. */
  readonly baseline: boolean;
  /** True when what we refused is news too: refusing it is our reading, not an answer to a finding. Default: it only counts. */
  readonly whenRefused?: boolean;
  readonly measures: readonly Measure[];
  /** Cheap: most flows end here. */
  readonly prefilter: (facts: Facts) => boolean;
  /** Pure: facts of this flow and the windows it was added to. */
  readonly test: (facts: Facts, view: View) => Hit | undefined;
  /** What was seen, one sentence with the numbers. */
  readonly why: (facts: Facts, seen: Seen) => string;
  /** What to do, one sentence. */
  readonly fix: string;
  readonly suggestion: (facts: Facts, hit: Hit) => Suggestion | undefined;
  readonly matches: readonly Example[];
  readonly misses: readonly Example[];
}
