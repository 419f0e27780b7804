// Leaves room for others in each turn of the event loop: libuv reads up to 2 MiB in a row from one socket, which is some
// 30 ms of decoding during which no key and no timer is served. Knows no frames.

/** What is read from; `ws` sockets and streams are such. */
export interface PausableSource {
  readonly isPaused: boolean;
  pause(): void;
  resume(): void;
}

/** Work by turns of the event loop. */
export interface TurnPace {
  /** Does the work; when all of this turn has taken `turnMs`, nothing is read until the next turn. */
  spend(work: () => void): void;
  /** The source is over. */
  end(): void;
}

/** How a source is paced. */
export interface TurnPaceOptions {
  /** Work per turn, ms. */
  readonly turnMs: number;
  /** Monotonic ms. */
  readonly clock: () => number;
  /** Asked after each turn with work: nothing is read until what it returns has resolved. */
  readonly ready?: () => Promise<void> | undefined;
}

/** A pace for one source; `clock` is monotonic milliseconds. */
export function createTurnPace(source: PausableSource, options: TurnPaceOptions): TurnPace {
  let spentMs = 0;
  let turn: NodeJS.Immediate | undefined;
  let over = false;
  const next = (): void => {
    turn = undefined;
    spentMs = 0;
    const wait = over ? undefined : options.ready?.();
    if (wait !== undefined) {
      source.pause();
      void wait.then(next);
    } else if (source.isPaused) source.resume();
  };
  return {
    spend(work) {
      const startMs = options.clock();
      work();
      spentMs += options.clock() - startMs;
      if (over) return;
      turn ??= setImmediate(next);
      if (spentMs >= options.turnMs) source.pause();
    },
    end() {
      over = true;
      if (turn) clearImmediate(turn);
    },
  };
}
