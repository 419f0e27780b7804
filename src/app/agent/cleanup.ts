// What must be undone when the agent stops or fails to start, newest first. Knows no part by name.

/** Steps of undoing, and the time that they have. */
export interface Cleanup {
  /** What a draining part may take, ms; set by `run`. */
  readonly drainMs: number;
  /** What is left of it since `run` was called, ms; 0 when it is over. */
  leftMs(): number;
  add(step: () => Promise<void> | void): void;
  /** A step to be taken after all others: what should hear the last words. */
  addFirst(step: () => Promise<void> | void): void;
  /** Runs all steps once; later calls wait for the first. */
  run(drainMs?: number): Promise<void>;
}

/** No steps yet. `clock` is monotonic milliseconds. */
export function createCleanup(defaultDrainMs: number, clock: () => number): Cleanup {
  const steps: (() => Promise<void> | void)[] = [];
  let running: Promise<void> | undefined;
  let beganMs = Number.NaN;
  const cleanup = {
    drainMs: defaultDrainMs,
    leftMs: () =>
      Number.isNaN(beganMs) ? cleanup.drainMs : Math.max(0, beganMs + cleanup.drainMs - clock()),
    add: (step: () => Promise<void> | void) => void steps.push(step),
    addFirst: (step: () => Promise<void> | void) => void steps.unshift(step),
    run(drainMs = defaultDrainMs) {
      if (Number.isNaN(beganMs)) {
        cleanup.drainMs = drainMs;
        beganMs = clock();
      }
      running ??= (async () => {
        for (const step of steps.splice(0).reverse()) await step();
      })();
      return running;
    },
  };
  return cleanup;
}
