// Delivery to one subscriber: history first, then live, without a gap and without a duplicate; what a slow reader cannot
// take is dropped and counted, so its memory is bounded by two named limits. Knows the socket by three of its members.
import type { ApiEvent, LostEvent } from '../../core/model/event.ts';
import type { Frame } from './batcher.ts';
import { encodeBatch } from './batcher.ts';
import type { FeedServerLimits } from './feed-limits.ts';

/** The part of a WebSocket that delivery needs. */
export interface Outlet {
  readonly bufferedAmount: number;
  readonly isOpen: () => boolean;
  /** `done` is called once the bytes have left the process, or failed to. */
  readonly send: (bytes: Buffer, done?: () => void) => void;
}

/** One subscription: history, then live. */
export interface Subscriber {
  /** Takes a frame or counts its events as lost. */
  deliver(frame: Frame): void;
  /** Once a second: tell about losses as soon as the reader has caught up. */
  tick(): void;
  dropped(): number;
  /** Resolves when history, and what came while it was being sent, has left the process, or when the connection has ended. */
  readonly caughtUp: Promise<void>;
}

/** Where a subscription is delivered, and what comes first. */
export interface SubscriberOptions {
  readonly outlet: Outlet;
  readonly limits: FeedServerLimits;
  readonly history: readonly ApiEvent[];
  /** RFC 3339, for `lost` events. */
  readonly time: () => string;
}

/** Begins sending history at once; frames delivered meanwhile wait behind it, up to `backlogBytes`. */
export function createSubscriber({ outlet, limits, history, time }: SubscriberOptions): Subscriber {
  let backlog: Frame[] = [];
  let backlogBytes = 0;
  let live = false;
  let owed = 0;
  let total = 0;

  const drop = (count: number): void => {
    owed += count;
    total += count;
  };
  const settle = (): void => {
    if (owed === 0 || !live || outlet.bufferedAmount > limits.bufferedBytes / 2) return;
    const event: LostEvent = { type: 'lost', time: time(), where: 'feed', count: owed };
    owed = 0;
    outlet.send(encodeBatch([JSON.stringify(event)]).bytes);
  };
  // One frame in flight at a time: history costs a slow reader's connection one chunk of memory, however long it is.
  const sent = (bytes: Buffer): Promise<void> => new Promise((done) => outlet.send(bytes, done));
  const sendBacklog = async (): Promise<void> => {
    const frames = backlog;
    backlog = [];
    for (const frame of frames) {
      if (!outlet.isOpen()) return;
      await sent(frame.bytes);
      backlogBytes -= frame.bytes.length;
    }
  };
  const sendHistory = async (): Promise<void> => {
    for (const frame of chunks(history, limits)) {
      if (!outlet.isOpen()) return;
      await sent(frame.bytes);
    }
    await sendBacklog();
  };
  const caughtUp = sendHistory();
  // One round of the backlog belongs to the history; a reader slower than the traffic may never see the last round.
  const goLive = async (): Promise<void> => {
    await caughtUp;
    while (backlog.length > 0 && outlet.isOpen()) await sendBacklog();
    live = true;
    settle();
  };
  void goLive();

  return {
    deliver(frame) {
      if (!live) {
        if (backlogBytes + frame.bytes.length > limits.backlogBytes) drop(frame.count);
        else {
          backlog.push(frame);
          backlogBytes += frame.bytes.length;
        }
        return;
      }
      settle();
      // Once behind, stay behind until half is drained: a reader at the edge gets one gap, not hundreds.
      if (owed > 0 || outlet.bufferedAmount > limits.bufferedBytes) drop(frame.count);
      else outlet.send(frame.bytes);
    },
    tick: settle,
    dropped: () => total,
    caughtUp,
  };
}

/** History as frames, serialised chunk by chunk as they are asked for. */
function* chunks(history: readonly ApiEvent[], limits: FeedServerLimits): Generator<Frame> {
  let waiting: string[] = [];
  let length = 0;
  for (const event of history) {
    const text = JSON.stringify(event);
    waiting.push(text);
    length += text.length;
    if (waiting.length < limits.batchEvents && length < limits.batchBytes) continue;
    yield encodeBatch(waiting);
    waiting = [];
    length = 0;
  }
  if (waiting.length > 0) yield encodeBatch(waiting);
}
