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

interface LoopState {
  readonly timer: ReplayTimer;
  readonly work: LoopWork;
  /** Takes the next tick back. */
  cancel: (() => void) | undefined;
  running: Promise<void> | undefined;
  /** Woken while a step was running. */
  again: boolean;
  stopped: boolean;
}

const isOver = (loop: LoopState): boolean => loop.stopped;
const isWanted = (loop: LoopState): boolean => loop.again || loop.work.isUrgent();

/** Steps for as long as nobody wants to wait. */
async function run(loop: LoopState): Promise<void> {
  for (;;) {
    loop.again = false;
    const more = await loop.work.step();
    if (isOver(loop)) return;
    if (isWanted(loop)) continue;
    if (more) loop.cancel = loop.timer.schedule(() => wake(loop), tickMs);
    return;
  }
}

function wake(loop: LoopState): void {
  if (loop.stopped) return;
  if (loop.running !== undefined) {
    loop.again = true;
    return;
  }
  loop.cancel?.();
  loop.cancel = undefined;
  loop.running = run(loop)
    .catch(loop.work.onError)
    .finally(() => {
      loop.running = undefined;
      // Woken after the last look at `again`, before this line.
      if (loop.again) wake(loop);
    });
}

async function settled(loop: LoopState): Promise<void> {
  while (loop.running !== undefined) await loop.running;
}

/** Never runs two steps at once; between steps it waits one tick. */
export function createLoop(timer: ReplayTimer, work: LoopWork): Loop {
  const loop: LoopState = {
    timer,
    work,
    cancel: undefined,
    running: undefined,
    again: false,
    stopped: false,
  };
  return {
    wake: () => wake(loop),
    settled: () => settled(loop),
    async stop() {
      loop.stopped = true;
      loop.cancel?.();
      await settled(loop);
    },
  };
}
