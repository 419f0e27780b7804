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

/** What waits, and what this turn has cost. */
interface Waiting extends FeedIntakeOptions {
  readonly queue: FeedMessage[];
  /** Events of the first message already given on. */
  given: number;
  /** Events in all. */
  events: number;
  /** Milliseconds in this turn. */
  spentMs: number;
}

/** Gives on the first message, or some of its events. */
function step(waiting: Waiting, message: FeedMessage): void {
  const { queue, given, receive } = waiting;
  if (message.type !== 'batch' || message.events.length - given <= feedIntakeLimits.step) {
    queue.shift();
    waiting.events -= eventsOf(message) - given;
    waiting.given = 0;
    receive(message.type === 'batch' && given > 0 ? partOf(message, given) : message);
    return;
  }
  waiting.given += feedIntakeLimits.step;
  waiting.events -= feedIntakeLimits.step;
  receive(partOf(message, given, waiting.given));
}

function work(waiting: Waiting): void {
  const { sliceMs, waiting: most } = feedIntakeLimits;
  const { queue, clock } = waiting;
  for (let message = queue[0]; message !== undefined; message = queue[0]) {
    if (waiting.spentMs >= sliceMs && waiting.events <= most) return;
    const startMs = clock();
    step(waiting, message);
    waiting.spentMs += clock() - startMs;
  }
}

/** An intake with nothing waiting. */
export function createFeedIntake(options: FeedIntakeOptions): FeedIntake {
  const waiting: Waiting = { ...options, queue: [], given: 0, events: 0, spentMs: 0 };
  const { queue } = waiting;
  let turn: NodeJS.Immediate | undefined;
  const nextTurn = (): void => {
    turn ??= setImmediate(() => {
      turn = undefined;
      waiting.spentMs = 0;
      work(waiting);
      if (queue.length > 0) nextTurn();
    });
  };
  return {
    take(message) {
      queue.push(message);
      waiting.events += eventsOf(message);
      work(waiting);
      if (waiting.spentMs > 0) nextTurn();
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
