// Delivery to one subscriber: history first, then live, without a gap and without a duplicate; what a slow reader cannot
// take is dropped and counted, so its memory is bounded by two named limits. Knows the socket by three of its members.
import type { ApiEvent, LostEvent } from '../../core/model/event.ts';
import type { Frame } from './batcher.ts';
import { encodeBatch, isNumbered } from './batcher.ts';
import type { BatchNumbers } from './batch-lines.ts';
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
  /** Of the first numbered event of the history. */
  readonly numbers?: BatchNumbers;
  /** RFC 3339, for `lost` events. */
  readonly time: () => string;
}

/** One reader's delivery. */
interface Delivery extends Omit<SubscriberOptions, 'history' | 'numbers'> {
  /** What came while history was being sent. */
  backlog: Frame[];
  backlogBytes: number;
  live: boolean;
  /** Lost, and not yet told. */
  owed: number;
  /** Lost in all. */
  total: number;
}

function drop(delivery: Delivery, count: number): void {
  delivery.owed += count;
  delivery.total += count;
}

/** Tells about losses once the reader has caught up. */
function settle(delivery: Delivery): void {
  const { outlet, limits, time, owed } = delivery;
  if (owed === 0 || !delivery.live || outlet.bufferedAmount > limits.bufferedBytes / 2) return;
  const event: LostEvent = { type: 'lost', time: time(), where: 'feed', count: owed };
  delivery.owed = 0;
  outlet.send(encodeBatch([JSON.stringify(event)]).bytes);
}

/** One frame in flight at a time: history costs a slow reader's connection one chunk of memory, however long it is. */
const sent = (outlet: Outlet, bytes: Buffer): Promise<void> =>
  new Promise((done) => outlet.send(bytes, done));

async function sendBacklog(delivery: Delivery): Promise<void> {
  const { outlet, backlog } = delivery;
  delivery.backlog = [];
  for (const frame of backlog) {
    if (!outlet.isOpen()) return;
    await sent(outlet, frame.bytes);
    delivery.backlogBytes -= frame.bytes.length;
  }
}

type History = Pick<SubscriberOptions, 'history' | 'numbers'>;

async function sendHistory(delivery: Delivery, history: History): Promise<void> {
  const { outlet, limits } = delivery;
  for (const frame of chunks(history, limits)) {
    if (!outlet.isOpen()) return;
    await sent(outlet, frame.bytes);
  }
  await sendBacklog(delivery);
}

/** One round of the backlog belongs to the history; a reader slower than the traffic may never see the last round. */
async function goLive(delivery: Delivery, caughtUp: Promise<void>): Promise<void> {
  await caughtUp;
  while (delivery.backlog.length > 0 && delivery.outlet.isOpen()) await sendBacklog(delivery);
  delivery.live = true;
  settle(delivery);
}

/** Behind the history, as far as there is room. */
function queue(delivery: Delivery, frame: Frame): void {
  if (delivery.backlogBytes + frame.bytes.length > delivery.limits.backlogBytes) {
    drop(delivery, frame.count);
    return;
  }
  delivery.backlog.push(frame);
  delivery.backlogBytes += frame.bytes.length;
}

function deliverLive(delivery: Delivery, frame: Frame): void {
  const { outlet, limits } = delivery;
  settle(delivery);
  // Once behind, stay behind until half is drained: a reader at the edge gets one gap, not hundreds.
  if (delivery.owed > 0 || outlet.bufferedAmount > limits.bufferedBytes) drop(delivery, frame.count);
  else outlet.send(frame.bytes);
}

/** Begins sending history at once; frames delivered meanwhile wait behind it, up to `backlogBytes`. */
export function createSubscriber({ history, numbers, ...options }: SubscriberOptions): Subscriber {
  const delivery: Delivery = {
    ...options,
    backlog: [],
    backlogBytes: 0,
    live: false,
    owed: 0,
    total: 0,
  };
  const caughtUp = sendHistory(delivery, { history, ...(numbers === undefined ? {} : { numbers }) });
  void goLive(delivery, caughtUp);
  return {
    deliver: (frame) => (delivery.live ? deliverLive : queue)(delivery, frame),
    tick: () => settle(delivery),
    dropped: () => delivery.total,
    caughtUp,
  };
}

/** History as frames, serialised chunk by chunk as they are asked for. */
function* chunks({ history, numbers }: History, limits: FeedServerLimits): Generator<Frame> {
  let waiting: string[] = [];
  let length = 0;
  let counted = 0;
  let first = numbers?.first ?? 0;
  const take = (): Frame => {
    const frame = encodeBatch(waiting, numbers && counted > 0 ? { ...numbers, first } : undefined);
    first += counted;
    waiting = [];
    length = counted = 0;
    return frame;
  };
  for (const event of history) {
    const text = JSON.stringify(event);
    waiting.push(text);
    length += text.length;
    if (isNumbered(event)) counted += 1;
    if (waiting.length >= limits.batchEvents || length >= limits.batchBytes) yield take();
  }
  if (waiting.length > 0) yield take();
}
