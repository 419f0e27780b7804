// The feed's intake: in order, in slices with turns of the event loop between, bounded in what may wait.
import { setImmediate as nextTurn } from 'node:timers/promises';
import { expect, test } from 'vitest';
import type { FlowEvent } from '../../../src/core/model/event.ts';
import type { FeedMessage } from '../../../src/core/model/feed-port.ts';
import { createFeedIntake, feedIntakeLimits } from '../../../src/tui/run-feed.ts';
import { sampleFlow } from '../../helpers/sample-flow.ts';

const { step, sliceMs, waiting } = feedIntakeLimits;

/** An intake whose every call costs `costMs`. */
function rig(costMs: number) {
  let nowMs = 0;
  const taken: FeedMessage[] = [];
  const intake = createFeedIntake({
    receive: (message) => {
      nowMs += costMs;
      taken.push(message);
    },
    clock: () => nowMs,
  });
  const ids = (): readonly string[] =>
    taken.flatMap((message) =>
      message.type === 'batch'
        ? message.events.map((event) => (event.type === 'flow' ? event.id : event.type))
        : [message.type],
    );
  return { intake, taken, ids };
}

let made = 0;
/** Each event with a text that names it. */
const textsOf = (events: readonly FlowEvent[]) => ({
  events,
  texts: events.map(({ id }) => `text of ${id}`),
});
const batch = (size: number): Extract<FeedMessage, { type: 'batch' }> => ({
  type: 'batch',
  ...textsOf(Array.from({ length: size }, () => sampleFlow({ id: `flow-${made++}` }))),
});
const closed: FeedMessage = { type: 'connection', state: 'closed', detail: '' };
const idsOf = (...batches: readonly ReturnType<typeof batch>[]): readonly string[] =>
  batches.flatMap(({ events }) => events.map((event) => (event.type === 'flow' ? event.id : '')));

test('what costs nothing is given on at once', () => {
  const { intake, ids } = rig(0);
  const one = batch(step * 3 + 1);
  intake.take(one);
  intake.take(closed);
  expect(ids()).toEqual([...idsOf(one), 'connection']);
});

test('a large batch ends its turn after a slice and goes on in the next, nothing lost or out of order', async () => {
  const { intake, ids, taken } = rig(sliceMs);
  const one = batch(step * 3 + 1);
  const two = batch(5);
  intake.take(one);
  intake.take(two);
  intake.take(closed);
  expect(ids()).toHaveLength(step);
  let turns = 0;
  for (; turns < 20 && taken.at(-1) !== closed; turns++) await nextTurn();
  expect(turns).toBeGreaterThanOrEqual(4);
  expect(ids()).toEqual([...idsOf(one, two), 'connection']);
  for (const message of taken)
    if (message.type === 'batch')
      expect(message.texts).toEqual(
        message.events.map((event) => event.type === 'flow' && `text of ${event.id}`),
      );
});

test('no more than the limit ever waits: the sender is kept waiting instead', () => {
  const { intake, ids } = rig(sliceMs);
  for (let i = 0; i < 3; i++) intake.take(batch(waiting));
  expect(ids().length).toBeGreaterThanOrEqual(2 * waiting);
  expect(ids().length).toBeLessThan(2 * waiting + 3 * step);
  intake.close();
});

test('a message that arrives while another is being given on waits its turn', () => {
  const seen: string[] = [];
  const intake = createFeedIntake({
    receive: (message) => {
      seen.push(message.type === 'connection' ? message.detail : message.type);
      if (seen.length === 1) intake.take({ ...closed, detail: 'inner' });
    },
    clock: () => 0,
  });
  intake.take({ ...closed, detail: 'outer' });
  expect(seen).toEqual(['outer', 'inner']);
});

test('nothing is given on after close', async () => {
  const { intake, ids } = rig(sliceMs);
  intake.take(batch(step * 2));
  intake.close();
  await nextTurn();
  await nextTurn();
  expect(ids()).toHaveLength(step);
});
