// What every section of the bench is given, and the shape of what it gives back. Knows no section.

export interface BenchContext {
  /** Interleaved rounds per figure. */
  readonly rounds: number;
  /** Seconds of load per round and peer. */
  readonly seconds: number;
  /** Scratch, removed after the run. */
  readonly directory: string;
  /** Tools that cannot be had here, with why. */
  readonly missing: ReadonlyMap<string, string>;
  readonly say: (line: string) => void;
}

/** A table and the raw rounds behind it. */
export interface SectionResult {
  readonly title: string;
  /** What was done, so that the figures can be read: one sentence each. */
  readonly notes: readonly string[];
  readonly tables: readonly Table[];
  /** Everything measured, for the JSON. */
  readonly raw: unknown;
}

export interface Table {
  readonly caption: string;
  readonly columns: readonly string[];
  readonly rows: readonly (readonly string[])[];
}

export type Section = (context: BenchContext) => Promise<SectionResult>;
