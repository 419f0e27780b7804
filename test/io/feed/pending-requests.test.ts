// Requests settle exactly once, in time or with a word that says what is known.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { AppError } from '../../../src/core/model/app-error.ts';
import { createPendingRequests } from '../../../src/io/feed/pending-requests.ts';

beforeEach(() => void vi.useFakeTimers());
afterEach(() => void vi.useRealTimers());

const requests = (limit = 8): ReturnType<typeof createPendingRequests> =>
  createPendingRequests({ requests: limit, requestMs: 1_000 });
const reply = (id: number, result: unknown): Parameters<ReturnType<typeof requests>['settle']>[0] => ({
  type: 'reply',
  ok: true,
  ...{ id, result },
});
const ignore = (): void => undefined;
/** How a request ended, as soon as it has. */
const outcome = (request: Promise<unknown>): Promise<unknown> => request.catch((error: unknown) => error);

test('each answer reaches the request with its id, whatever order they come in', async () => {
  const pending = requests();
  const ids: number[] = [];
  const first = pending.add('status', (id) => ids.push(id));
  const second = pending.add('policy.list', (id) => ids.push(id));
  const [one = 0, two = 0] = ids;
  pending.settle(reply(two, 'second'));
  pending.settle(reply(one, 'first'));
  expect([await first, await second]).toEqual(['first', 'second']);
});

test('an answer that nobody waits for, or that comes twice, is ignored', async () => {
  const pending = requests();
  const asked = pending.add('status', ignore);
  pending.settle(reply(99, 'nobody'));
  pending.settle(reply(1, 'right'));
  pending.settle(reply(1, 'again'));
  expect(await asked).toBe('right');
});

test.each([
  ['usage', 'usage'],
  ['toString', 'refused'],
  ['', 'refused'],
])('a refusal of family %j is one of %s, with code, sentence and hint', async (family, known) => {
  const pending = requests();
  const asked = outcome(pending.add('policy.undo', ignore));
  const error = { code: 'NO', family, message: 'Not so.', hint: 'Do it otherwise.' };
  pending.settle({ type: 'refusal', id: 1, error });
  expect(await asked).toMatchObject({
    code: 'NO',
    family: known,
    message: 'Not so.',
    hint: 'Do it otherwise.',
  });
});

test.each([
  ['policy.apply', /^The agent has not answered for 1 s; whether it did what was asked is not known\.$/],
  ['policy.remove', /is not known/],
  ['policy.undo', /is not known/],
  ['policy.list', /^The agent has not answered for 1 s\.$/],
  ['status', /^The agent has not answered for 1 s\.$/],
] as const)('%s without an answer says after its time what is known', async (op, message) => {
  const pending = requests();
  const asked = outcome(pending.add(op, ignore));
  vi.advanceTimersByTime(1_000);
  expect(await asked).toMatchObject({
    code: 'FEED_TIMEOUT',
    family: 'unavailable',
    message: expect.stringMatching(message) as string,
  });
});

test('more at once than the limit are refused, and one that ended makes room', async () => {
  const pending = requests(1);
  const first = pending.add('status', ignore);
  expect(await outcome(pending.add('status', ignore))).toMatchObject({ code: 'FEED_BUSY' });
  pending.settle(reply(1, null));
  await first;
  const third = pending.add('status', (id) => pending.settle(reply(id, 'room')));
  expect(await third).toBe('room');
});

test('while a status waits behind history, events begin the time of all that wait anew', async () => {
  const pending = requests();
  const ends: string[] = [];
  const note = (name: string) => (): unknown => ends.push(name);
  void pending.add('status', ignore).catch(note('status'));
  void pending.add('policy.list', ignore).catch(note('list'));
  vi.advanceTimersByTime(900);
  pending.heard();
  await vi.advanceTimersByTimeAsync(900);
  expect(ends).toEqual([]);
  await vi.advanceTimersByTimeAsync(100);
  expect(ends).toEqual(['status', 'list']);
});

test('without a status, events say nothing of an answer', async () => {
  const pending = requests();
  const asked = outcome(pending.add('policy.list', ignore));
  vi.advanceTimersByTime(900);
  pending.heard();
  vi.advanceTimersByTime(100);
  expect(await asked).toMatchObject({ code: 'FEED_TIMEOUT' });
});

test('a connection that is lost ends all of them with its own word, and no timer is left', async () => {
  const pending = requests();
  const asked = [outcome(pending.add('status', ignore)), outcome(pending.add('policy.undo', ignore))];
  const lost = new AppError({ code: 'FEED_LOST', family: 'unavailable', message: 'Gone.', hint: 'Wait.' });
  pending.rejectAll(lost);
  expect(await Promise.all(asked)).toEqual([lost, lost]);
  expect(vi.getTimerCount()).toBe(0);
});
