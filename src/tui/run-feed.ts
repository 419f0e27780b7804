// Takes the feed in without keeping keys waiting: a history of 50,000 events arrives in thousands at once, and is given on
// in slices of a few milliseconds with a turn of the event loop between. Keeps the order; knows no state.
import type { FeedMessage } from '../core/model/feed-port.ts';

/** Stands between the feed and the stores while a person presses keys. */
export interface FeedIntake {
  /** Gives the message on, now where there is time in this turn, else in the next ones. */
  take(message: FeedMessage): void;
  /** True while messages wait for their turn. */
  readonly isWaiting: boolean;
  close(): void;
}

/** Where messages go, and the clock that slices are measured by. */
export interface FeedIntakeOptions {
  /** Called in order; a batch may come in several parts. */
  readonly receive: (message: FeedMessage) => void;
  /** Monotonic milliseconds. */
  readonly clock: () => number;
}

/**
 * Milliseconds of one turn, events between two looks at the clock (about 0.2 ms), and events that may wait: with more, the
 * sender is kept waiting instead, so that memory stays bounded and a slow terminal becomes `lost` at the agent.
 */
export const feedIntakeLimits = { sliceMs: 5, step: 64, waiting: 20_000 } as const;

type Batch = Extract<FeedMessage, { type: 'batch' }>;

const eventsOf = (message: FeedMessage): number => (message.type === 'batch' ? message.events.length : 0);

/** Some of a batch's events, with their texts. */
const partOf = ({ type, events, texts }: Batch, from: number, to?: number): Batch => ({
  type,
  events: events.slice(from, to),
  ...(texts && { texts: texts.slice(from, to) }),
});

/** An intake with nothing waiting. */
export function createFeedIntake({ receive, clock }: FeedIntakeOptions): FeedIntake {
  const limits = feedIntakeLimits;
  const queue: FeedMessage[] = [];
  /** Events of the first message already given on, events waiting in all, milliseconds spent in this turn. */
  let given = 0;
  let waiting = 0;
  let spentMs = 0;
  let turn: NodeJS.Immediate | undefined;

  const step = (message: FeedMessage): void => {
    if (message.type !== 'batch' || message.events.length - given <= limits.step) {
      queue.shift();
      waiting -= eventsOf(message) - given;
      const rest = message.type === 'batch' && given > 0 ? partOf(message, given) : message;
      given = 0;
      receive(rest);
      return;
    }
    const from = given;
    given += limits.step;
    waiting -= limits.step;
    receive(partOf(message, from, given));
  };
  const work = (): void => {
    for (let message = queue[0]; message !== undefined; message = queue[0]) {
      if (spentMs >= limits.sliceMs && waiting <= limits.waiting) return;
      const startMs = clock();
      step(message);
      spentMs += clock() - startMs;
    }
  };
  const nextTurn = (): void => {
    turn ??= setImmediate(() => {
      turn = undefined;
      spentMs = 0;
      work();
      if (queue.length > 0) nextTurn();
    });
  };

  return {
    take(message) {
      queue.push(message);
      waiting += eventsOf(message);
      work();
      if (spentMs > 0) nextTurn();
    },
    get isWaiting() {
      return queue.length > 0;
    },
    close() {
      queue.length = 0;
      if (turn) clearImmediate(turn);
    },
  };
}
