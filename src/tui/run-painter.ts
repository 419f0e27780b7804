// When to paint: at once after a key, at most so many times a second for data, never twice for nothing. The ink part is only
// committed when the chrome's model has changed, and for data alone a few times a second.

/** Decides when a paint is worth its cost. */
export interface Painter {
  /** Data has come: paint when its turn comes. */
  request(): void;
  /** Something a person did: commit the chrome and paint now; for more in the same turn, once more at its end. */
  now(): void;
  close(): void;
}

/** The two steps of a paint, the clock, and how often data alone may ask for them. */
export interface PainterOptions {
  /** Commits the chrome if it has changed. */
  readonly commitChrome: () => void;
  readonly paint: () => void;
  /** Monotonic milliseconds. */
  readonly clock: () => number;
  /** Most data paints a second. */
  readonly framesPerSecond?: number;
  /** Most chrome commits for data a second. */
  readonly chromePerSecond?: number;
}

/** Runs at once; asked again in the same turn of the event loop (keys that came in one read), once more at its end. */
function oncePerTurn(run: () => void): () => void {
  let ran = false;
  let more = false;
  return () => {
    if (ran) {
      more = true;
      return;
    }
    ran = true;
    queueMicrotask(() => {
      ran = false;
      if (more) run();
      more = false;
    });
    run();
  };
}

/** A painter over two steps: chrome (ink, dear) and cells (cheap). */
export function createPainter(options: PainterOptions): Painter {
  const frameMs = 1000 / (options.framesPerSecond ?? 15);
  const chromeMs = 1000 / (options.chromePerSecond ?? 4);
  let timer: NodeJS.Timeout | undefined;
  let paintedMs = -Infinity;
  let committedMs = -Infinity;
  let closed = false;
  const frame = (force: boolean): void => {
    if (closed) return;
    clearTimeout(timer);
    timer = undefined;
    const nowMs = options.clock();
    if (force || nowMs - committedMs >= chromeMs) {
      committedMs = nowMs;
      options.commitChrome();
    }
    paintedMs = nowMs;
    options.paint();
  };
  return {
    request() {
      if (closed || timer !== undefined) return;
      const waitMs = Math.max(0, paintedMs + frameMs - options.clock());
      timer = setTimeout(() => frame(false), waitMs);
    },
    now: oncePerTurn(() => frame(true)),
    close() {
      closed = true;
      clearTimeout(timer);
    },
  };
}
