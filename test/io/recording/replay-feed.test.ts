// A replay against a clock that the test moves: order and pace of batches, positions, jumps, and what it refuses.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { ApiEvent, PolicyEvent } from '../../../src/core/model/event.ts';
import type { FeedMessage, ReplayPosition } from '../../../src/core/model/feed-port.ts';
import type { ReplayFeed, ReplayOptions } from '../../../src/io/recording/replay-feed.ts';
import { createRecorder, type RecordingDetails } from '../../../src/io/recording/recorder.ts';
import { openRecording } from '../../../src/io/recording/recording-file.ts';
import { openReplay } from '../../../src/io/recording/replay-feed.ts';
import { recordAll, temporaryFolder } from './recording-files.ts';
import { details, flow, flows, policy, startMs } from './sample.ts';

interface Deck {
  readonly feed: ReplayFeed;
  readonly messages: FeedMessage[];
  /** Moves the clock in ticks of 50 ms of real time; each one's work is awaited. */
  run(ms: number): Promise<void>;
  /** Flow ids, and names of other events, since the last `reset`. */
  shown(): string[];
  position(): ReplayPosition & { readonly reset: boolean };
}

/** Timers run when the test says; the work between them is awaited. */
async function openDeck(path: string, options: ReplayOptions = {}): Promise<Deck> {
  let clockMs = 0;
  let timers: { readonly run: () => void; readonly dueMs: number }[] = [];
  const timer = {
    now: () => clockMs,
    schedule(run: () => void, delayMs: number) {
      const entry = { run, dueMs: clockMs + delayMs };
      timers.push(entry);
      return () => (timers = timers.filter((one) => one !== entry));
    },
  };
  const feed = await openReplay(path, { ...options, timer });
  const messages: FeedMessage[] = [];
  feed.start((message) => messages.push(message));
  onTestFinished(() => feed.close());
  return {
    feed,
    messages,
    async run(ms) {
      await feed.settled();
      for (const endMs = clockMs + ms; clockMs < endMs;) {
        clockMs += 50;
        const due = timers.filter((one) => one.dueMs <= clockMs);
        timers = timers.filter((one) => one.dueMs > clockMs);
        for (const one of due) one.run();
        await feed.settled();
      }
    },
    shown() {
      const last = messages.findLastIndex((message) => message.type === 'position' && message.reset);
      return messages
        .slice(last + 1)
        .flatMap((message) => (message.type === 'batch' ? message.events.map(label) : []));
    },
    position() {
      const found = messages.findLast((message) => message.type === 'position');
      if (found?.type !== 'position') throw new Error('no position yet');
      return { ...found.position, reset: found.reset };
    },
  };
}

const label = (event: ApiEvent): string =>
  event.type === 'flow' ? event.id : event.type === 'policy' ? `${event.name} ${event.state}` : event.type;

async function recordingOf(events: readonly ApiEvent[], blockChars = 2_000): Promise<string> {
  const path = join(temporaryFolder(), 'session.ndjson.zst');
  await recordAll(path, events, { limits: { blockChars, stateMs: 0 } });
  return path;
}

test('it begins with connection, greeting, what held at the start, and the position', async () => {
  const deck = await openDeck(await recordingOf(flows(3, 1_000)), { paused: true });
  await deck.run(50);
  expect(deck.messages.slice(0, 4)).toEqual([
    { type: 'connection', state: 'connected', detail: 'recording session.ndjson.zst' },
    {
      type: 'hello',
      hello: expect.objectContaining({ name: 'web → api', writable: false, windowMs: 60_000 }) as unknown,
    },
    { type: 'batch', events: [...details.identities, ...details.policies] },
    {
      type: 'position',
      position: {
        ...{ startMs, endMs: startMs + 2_000, nowMs: startMs, speed: 1, paused: true },
        outline: { flows: 3, spans: [{ startMs, endMs: startMs + 2_000, flows: 3 }], findings: [] },
      },
      reset: false,
    },
  ]);
});

test('it greets as the agent of a node did: by its header, and an older one by what it says of policies', async () => {
  const enforced: PolicyEvent = {
    ...{ type: 'policy', time: new Date(startMs).toISOString(), name: 'shop/a', state: 'active' },
    enforcement: { state: 'enforced', gears: ['kernel'], inPlace: 1, meant: 1, outside: 0, sentence: '' },
  };
  const greetingOf = async (header: Partial<RecordingDetails>): Promise<unknown> => {
    const path = join(temporaryFolder(), 'session.ndjson.zst');
    const recorder = await createRecorder({ path, header: { ...details, ...header } });
    recorder.write(flow('a', 0));
    await recorder.close();
    const deck = await openDeck(path, { paused: true });
    await deck.run(50);
    return deck.messages.find((message) => message.type === 'hello')?.hello.node;
  };
  expect(await greetingOf({ node: true })).toBe(true);
  expect(await greetingOf({ policies: [enforced] })).toBe(true);
  expect(await greetingOf({})).toBeUndefined();
});

test('events come as the clock passes them, in their order of arrival, at the speed asked', async () => {
  // `late` began first and was reported last: it stays behind what was reported before it.
  const deck = await openDeck(await recordingOf([...flows(10, 100), flow('late', 5), flow('end', 2_000)]));
  await deck.run(250);
  expect(deck.shown().slice(2)).toEqual(['f0', 'f1', 'f2']);
  deck.feed.replay.setSpeed(4);
  await deck.run(150);
  expect(deck.shown().slice(2)).toEqual([...Array.from({ length: 9 }, (_, number) => `f${number}`)]);
  await deck.run(50);
  expect(deck.shown().at(-1)).toBe('late');
  deck.feed.replay.setPaused(true);
  await deck.run(1_000);
  expect(deck.shown().at(-1)).toBe('late');
  expect(deck.position()).toMatchObject({ paused: true, speed: 4, nowMs: startMs + 1_050 });
  deck.feed.replay.setPaused(false);
  await deck.run(300);
  expect(deck.shown().at(-1)).toBe('end');
  expect(deck.position()).toMatchObject({ nowMs: startMs + 2_000, endMs: startMs + 2_000 });
});

test('positions are told at most ten times a second', async () => {
  const deck = await openDeck(await recordingOf(flows(100, 100)));
  await deck.run(5_000);
  const told = deck.messages.filter((message) => message.type === 'position').length;
  expect(told).toBeGreaterThan(40);
  expect(told).toBeLessThanOrEqual(52);
});

test('a jump tells the new position as a reset, what still held, and the window before it; then it plays on', async () => {
  const events: ApiEvent[] = [];
  for (let second = 0; second < 300; second += 1) {
    if (second === 50) events.push(policy('early', 50_000));
    if (second === 60) events.push(policy('first', 60_000, 'removed'));
    events.push(flow(`f${second}`, second * 1_000));
    if (second === 190) events.push(policy('in-window', 190_000));
    if (second === 250) events.push(policy('future', 250_000));
  }
  const deck = await openDeck(await recordingOf(events));
  await deck.run(50);
  deck.feed.replay.seek(startMs + 200_000);
  await deck.run(50);
  expect(deck.position()).toMatchObject({ reset: true, nowMs: startMs + 200_000 });
  const shown = deck.shown();
  expect(shown.slice(0, 2)).toEqual(['identity', 'shop/early active']);
  expect(shown).not.toContain('shop/first active');
  expect(shown).toContain('shop/in-window active');
  expect(shown).not.toContain('shop/future active');
  const numbers = shown.filter((one) => /^f\d/.test(one)).map((one) => Number(one.slice(1)));
  expect(numbers.at(-1)).toBe(200);
  // The window is 60 s; whole blocks, so a little more, but not the whole past.
  expect(numbers[0]).toBeLessThanOrEqual(140);
  expect(numbers[0]).toBeGreaterThan(100);
  expect(numbers).toEqual(Array.from({ length: numbers.length }, (_, at) => numbers[0]! + at));
  await deck.run(2_000);
  expect(deck.shown().slice(-2)).toEqual(['f201', 'f202']);
  deck.feed.replay.seek(startMs + 10_000);
  await deck.run(50);
  expect(deck.shown()).toEqual([
    'identity',
    'shop/first active',
    ...Array.from({ length: 11 }, (_, number) => `f${number}`),
  ]);
});

test('jumps beyond the ends stop at them, and after the end it can be played again', async () => {
  const deck = await openDeck(await recordingOf(flows(10, 1_000)));
  deck.feed.replay.seek(Number.MAX_VALUE);
  await deck.run(100);
  expect(deck.position()).toMatchObject({ nowMs: startMs + 9_000 });
  expect(deck.shown().at(-1)).toBe('f9');
  deck.feed.replay.seek(-1);
  deck.feed.replay.seek(NaN);
  await deck.run(100);
  expect(deck.position()).toMatchObject({ nowMs: startMs + 100 });
  await deck.run(1_000);
  expect(deck.shown().at(-1)).toBe('f1');
});

test('of many jumps at once only the last one counts in the end', async () => {
  const deck = await openDeck(await recordingOf(flows(300, 1_000)), { paused: true });
  for (let second = 0; second <= 250; second += 1) deck.feed.replay.seek(startMs + second * 1_000);
  await deck.run(50);
  expect(deck.position()).toMatchObject({ nowMs: startMs + 250_000, paused: true });
  expect(deck.shown().at(-1)).toBe('f250');
});

test('speed stays within its bounds', async () => {
  const deck = await openDeck(await recordingOf(flows(2, 1_000_000)), { speed: 1e9 });
  await deck.run(50);
  expect(deck.position().speed).toBe(1000);
  deck.feed.replay.setSpeed(0);
  await deck.run(150);
  expect(deck.position().speed).toBe(0.1);
});

test('more events than a tick may carry hold the clock back instead of piling up', async () => {
  const deck = await openDeck(await recordingOf([...flows(50_000, 0), flow('end', 10_000)], 200_000));
  await deck.run(50);
  expect(deck.shown().length).toBeLessThanOrEqual(40_002);
  await deck.run(200);
  expect(deck.shown().filter((one) => one.startsWith('f'))).toHaveLength(50_000);
});

test('a damaged recording plays up to the damage, and the position says where that is', async () => {
  const path = await recordingOf(flows(40, 100));
  const file = await openRecording(path);
  const { blocks } = await file.index();
  await file.close();
  const block = blocks[3]!;
  const whole = blocks.slice(0, 3).reduce((sum, one) => sum + one.flows, 0);
  writeFileSync(path, readFileSync(path).fill(0xff, block.offset + 20, block.offset + 60));
  const deck = await openDeck(path, { speed: 100 });
  await deck.run(500);
  const position = deck.position();
  expect(position.damage).toContain(
    `is damaged at byte ${block.offset}, after the event of ${flow('x', (whole - 1) * 100).time}`,
  );
  expect(position).toMatchObject({ nowMs: startMs + (whole - 1) * 100, endMs: startMs + (whole - 1) * 100 });
  expect(deck.shown().filter((one) => one.startsWith('f'))).toHaveLength(whole);
});

test('every change is refused with what to do instead', async () => {
  const deck = await openDeck(await recordingOf(flows(1, 1)));
  const refused = {
    code: 'REPLAY_READ_ONLY',
    family: 'denied',
    hint: 'To apply it, save the YAML or connect to the live agent with --connect.',
  };
  await expect(deck.feed.request({ op: 'policy.undo' })).rejects.toMatchObject(refused);
  await expect(deck.feed.request({ op: 'policy.remove', name: 'a/b' })).rejects.toThrow(
    'Since this is a recording of web → api made at 2026-11-23T10:00:00.000Z, nothing can be removed from it.',
  );
});

test('plain NDJSON and an empty recording replay too', async () => {
  const path = join(temporaryFolder(), 'a.ndjson');
  writeFileSync(
    path,
    flows(20, 100)
      .map((event) => `${JSON.stringify(event)}\n`)
      .join(''),
  );
  const deck = await openDeck(path);
  await deck.run(1_000);
  expect(deck.shown()).toHaveLength(11);
  expect(deck.position()).toMatchObject({ startMs, endMs: startMs + 1_900 });
  const empty = await openDeck(await recordingOf([]));
  await empty.run(100);
  expect(empty.position()).toMatchObject({ startMs, endMs: startMs, nowMs: startMs });
});
