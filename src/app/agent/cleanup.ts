// What must be undone when the agent stops or fails to start, newest first. Knows no part by name.

export interface Cleanup {
  /** What a draining part may take, ms; set by `run`. */
  readonly drainMs: number;
  add(step: () => Promise<void> | void): void;
  /** A step to be taken after all others: what should hear the last words. */
  addFirst(step: () => Promise<void> | void): void;
  /** Runs all steps once; later calls wait for the first. */
  run(drainMs?: number): Promise<void>;
}

export function createCleanup(defaultDrainMs: number): Cleanup {
  const steps: (() => Promise<void> | void)[] = [];
  let running: Promise<void> | undefined;
  const cleanup = {
    drainMs: defaultDrainMs,
    add: (step: () => Promise<void> | void) => void steps.push(step),
    addFirst: (step: () => Promise<void> | void) => void steps.unshift(step),
    run(drainMs = defaultDrainMs) {
      cleanup.drainMs = drainMs;
      running ??= (async () => {
        for (const step of steps.splice(0).reverse()) await step();
      })();
      return running;
    },
  };
  return cleanup;
}
