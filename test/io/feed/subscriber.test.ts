// Delivery to one reader without a socket: what is kept for a slow one, what is dropped, and when it is told.
import { expect, test } from 'vitest';
import { encodeBatch, type Frame } from '../../../src/io/feed/batcher.ts';
import { feedServerLimits, type FeedServerLimits } from '../../../src/io/feed/feed-limits.ts';
import { createSubscriber, type Subscriber } from '../../../src/io/feed/subscriber.ts';
import { flow, flows } from './feed-samples.ts';

interface Reader {
  readonly subscriber: Subscriber;
  readonly sent: string[];
  /** Bytes the socket says are unsent. */
  buffered: number;
  /** The bytes handed over so far have left. */
  take(): Promise<void>;
  leave(): void;
}

function readerOf(history: number, different: Partial<FeedServerLimits> = {}): Reader {
  const sent: string[] = [];
  const waiting: (() => void)[] = [];
  let open = true;
  const outlet = {
    bufferedAmount: 0,
    isOpen: () => open,
    send(bytes: Buffer, done?: () => void) {
      sent.push(bytes.toString());
      if (done) waiting.push(done);
    },
  };
  const subscriber = createSubscriber({
    outlet,
    limits: { ...feedServerLimits, batchEvents: 1, ...different },
    history: flows(0, history),
    time: () => '2026-11-23T10:00:00.000Z',
  });
  return {
    subscriber,
    sent,
    set buffered(bytes: number) {
      outlet.bufferedAmount = bytes;
    },
    async take() {
      for (const done of waiting.splice(0)) done();
      await new Promise((resolve) => setImmediate(resolve));
    },
    leave() {
      open = false;
    },
  };
}

const frame = (number: number): Frame => encodeBatch([JSON.stringify(flow(number))]);
const idsIn = (texts: readonly string[]): string[] =>
  texts.map((text) => /"id":"(f\d+)"/.exec(text)?.[1] ?? /"count":(\d+)/.exec(text)?.[0] ?? text);

test('history goes one frame at a time, and what comes meanwhile waits behind it', async () => {
  const reader = readerOf(2);
  reader.subscriber.deliver(frame(7));
  expect(idsIn(reader.sent)).toEqual(['f0']);
  await reader.take();
  expect(idsIn(reader.sent)).toEqual(['f0', 'f1']);
  await reader.take();
  expect(idsIn(reader.sent)).toEqual(['f0', 'f1', 'f7']);
  await reader.take();
  await reader.subscriber.caughtUp;
  reader.subscriber.deliver(frame(8));
  expect(idsIn(reader.sent)).toEqual(['f0', 'f1', 'f7', 'f8']);
});

test('no more waits behind the history than its limit; the rest is dropped and told once it is live', async () => {
  const reader = readerOf(1, { backlogBytes: 2 * frame(0).bytes.length });
  for (const number of [1, 2, 3, 4]) reader.subscriber.deliver(frame(number));
  expect(reader.subscriber.dropped()).toBe(2);
  for (let turn = 0; turn < 3; turn += 1) await reader.take();
  expect(idsIn(reader.sent)).toEqual(['f0', 'f1', 'f2', '"count":2']);
});

test('a reader that falls behind gets one gap: nothing until half is drained, then the loss before what follows', async () => {
  const reader = readerOf(0, { bufferedBytes: 1_000 });
  await reader.take();
  reader.buffered = 1_001;
  reader.subscriber.deliver(frame(1));
  reader.buffered = 800;
  reader.subscriber.deliver(frame(2));
  reader.subscriber.tick();
  expect(reader.sent).toEqual([]);
  reader.buffered = 500;
  reader.subscriber.deliver(frame(3));
  expect(idsIn(reader.sent)).toEqual(['"count":2', 'f3']);
  expect(reader.subscriber.dropped()).toBe(2);
});

test('a reader that went away is sent nothing more', async () => {
  const reader = readerOf(3);
  reader.leave();
  await reader.take();
  await reader.subscriber.caughtUp;
  expect(idsIn(reader.sent)).toEqual(['f0']);
});
