// What a replay can tell of the whole recording before it is played: how much when, which findings, and every flow on request.
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import type { ApiEvent, FindingEvent } from '../../../src/core/model/event.ts';
import type { ReplayOutline } from '../../../src/core/model/feed-port.ts';
import { openRecording } from '../../../src/io/recording/recording-file.ts';
import type { ReplayFeed } from '../../../src/io/recording/replay-feed.ts';
import { openReplay } from '../../../src/io/recording/replay-feed.ts';
import { recordAll, temporaryFolder } from './recording-files.ts';
import { at, endpoint, flows, startMs } from './sample.ts';

function found(id: string, firstMs: number, lastMs: number): FindingEvent {
  return {
    type: 'finding',
    time: at(lastMs),
    ...{ id, rule: 'scanner', title: 'Scanning', severity: 'high', confidence: 0.9, tags: [] },
    ...{ source: endpoint('web'), count: 1, firstSeen: at(firstMs), lastSeen: at(lastMs), evidence: [] },
    ...{ why: 'many', fix: 'block' },
  };
}

async function recordingOf(events: readonly ApiEvent[], stateMs = 0): Promise<string> {
  const path = join(temporaryFolder(), 'session.ndjson.zst');
  await recordAll(path, events, { limits: { blockChars: 2_000, stateMs } });
  return path;
}

async function openPaused(path: string): Promise<{ feed: ReplayFeed; outline: () => ReplayOutline }> {
  const feed = await openReplay(path, { paused: true });
  onTestFinished(() => feed.close());
  let outline: ReplayOutline | undefined;
  feed.start((message) => {
    if (message.type === 'position') outline = message.position.outline ?? outline;
  });
  await feed.settled();
  return {
    feed,
    outline: () => {
      if (outline === undefined) throw new Error('no outline was told');
      return outline;
    },
  };
}

async function idsOf(feed: ReplayFeed): Promise<readonly string[]> {
  const ids: string[] = [];
  for await (const slice of feed.replay.history())
    for (const event of slice) if (event.type === 'flow') ids.push(event.id);
  return ids;
}

test('the outline counts all flows, in stretches that follow each other over the whole recording', async () => {
  const { outline } = await openPaused(await recordingOf(flows(60, 100)));
  const { flows: count, spans } = outline();
  expect(count).toBe(60);
  expect(spans.length).toBeGreaterThan(3);
  expect(spans.reduce((sum, span) => sum + span.flows, 0)).toBe(60);
  expect([spans[0]?.startMs, spans.at(-1)?.endMs]).toEqual([startMs, startMs + 5_900]);
  expect(spans.every((span, index) => span.startMs >= (spans[index - 1]?.endMs ?? 0))).toBe(true);
});

test.each([
  ['with state lines', 0],
  ['without any', 1e9],
])('findings are known at their first sighting before they are played, %s', async (_, stateMs) => {
  const early = flows(20, 100);
  const events = [...early, found('a', 1_500, 1_900), ...flows(20, 100, 2_000), found('a', 1_500, 3_900)];
  const { outline } = await openPaused(await recordingOf([...events, found('b', 3_950, 3_950)], stateMs));
  await expect.poll(() => outline().findings).toHaveLength(2);
  expect(outline().findings).toEqual([
    { id: 'a', timeMs: startMs + 1_500, severity: 'high' },
    { id: 'b', timeMs: startMs + 3_950, severity: 'high' },
  ]);
});

test('every flow can be read while the clock stands at the beginning, in slices, again and again', async () => {
  const { feed } = await openPaused(await recordingOf(flows(60, 100)));
  const all = Array.from({ length: 60 }, (_, number) => `f${number}`);
  expect(await idsOf(feed)).toEqual(all);
  expect(await idsOf(feed)).toEqual(all);
});

test('a consumer that leaves early ends the reading', async () => {
  const { feed } = await openPaused(await recordingOf(flows(60, 100)));
  const reading = feed.replay.history()[Symbol.asyncIterator]();
  const first = await reading.next();
  expect(first.done !== true && first.value.length < 60).toBe(true);
  await reading.return?.();
  expect(await reading.next()).toEqual({ done: true, value: undefined });
});

test('flows end at damage, and a file that was replaced is said so', async () => {
  const path = await recordingOf(flows(60, 100));
  const file = await openRecording(path);
  const { blocks } = await file.index();
  await file.close();
  const block = blocks[2]!;
  writeFileSync(path, readFileSync(path).fill(0xff, block.offset + 20, block.offset + 60));
  const { feed } = await openPaused(path);
  const whole = blocks.slice(0, 2).reduce((sum, one) => sum + one.flows, 0);
  expect(await idsOf(feed)).toHaveLength(whole);
  writeFileSync(path, 'something else\n');
  await expect(idsOf(feed)).rejects.toMatchObject({ code: 'RECORDING_UNKNOWN' });
});
