// When a replay does something: one step at a time, a tick apart, at once when woken; and when it tells where it stands.
// Knows neither file nor events.
import type { ReplayTimer } from './replay-feed.ts';

/** How often the clock is looked at, ms. */
const tickMs = 50;
/** At most this often is the position told while the clock runs, ms. */
const positionMs = 100;

/** Tells where the replay stands, at a bounded pace. */
export interface Announcer {
  now(reset: boolean): void;
  /** Now, or as soon as the last announcement is `positionMs` old. */
  soon(): void;
  stop(): void;
}

/** Tells the position, but not more often than every `positionMs` unless asked to. */
export function createAnnouncer(timer: ReplayTimer, tell: (reset: boolean) => void): Announcer {
  let toldAt = -Infinity;
  let cancel: (() => void) | undefined;
  const now = (reset: boolean): void => {
    cancel?.();
    cancel = undefined;
    toldAt = timer.now();
    tell(reset);
  };
  return {
    now,
    soon() {
      const waitMs = toldAt + positionMs - timer.now();
      if (waitMs <= 0) now(false);
      else cancel ??= timer.schedule(() => now(false), waitMs);
    },
    stop: () => cancel?.(),
  };
}

/** What a loop does. */
export interface LoopWork {
  /** Does one step; true when there is more to do later. */
  readonly step: () => Promise<boolean>;
  /** True when the next step must not wait for a tick. */
  readonly isUrgent: () => boolean;
  readonly onError: (error: unknown) => void;
}

/** Steps until told to stop. */
export interface Loop {
  /** Steps now, or right after the step that is running. */
  wake(): void;
  /** Resolves when no step is running. */
  settled(): Promise<void>;
  stop(): Promise<void>;
}

/** Never runs two steps at once; between steps it waits one tick. */
export function createLoop(timer: ReplayTimer, work: LoopWork): Loop {
  let cancel: (() => void) | undefined;
  let running: Promise<void> | undefined;
  let again = false;
  let stopped = false;
  const isStopped = (): boolean => stopped;
  const isWanted = (): boolean => again || work.isUrgent();
  const run = async (): Promise<void> => {
    for (;;) {
      again = false;
      const more = await work.step();
      if (isStopped()) return;
      if (isWanted()) continue;
      if (more) cancel = timer.schedule(wake, tickMs);
      return;
    }
  };
  const wake = (): void => {
    if (stopped) return;
    if (running !== undefined) {
      again = true;
      return;
    }
    cancel?.();
    cancel = undefined;
    running = run()
      .catch(work.onError)
      .finally(() => {
        running = undefined;
        // Woken after the last look at `again`, before this line.
        if (again) wake();
      });
  };
  const settled = async (): Promise<void> => {
    while (running !== undefined) await running;
  };
  return {
    wake,
    settled,
    async stop() {
      stopped = true;
      cancel?.();
      await settled();
    },
  };
}
