// What is written is what is read, on every way a recording can end.
import { execFileSync, spawnSync } from 'node:child_process';
import { existsSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import type { ApiEvent } from '../../../src/core/model/event.ts';
import { openRecording } from '../../../src/io/recording/recording-file.ts';
import { readRecording } from '../../../src/io/recording/read-recording.ts';
import { createRecorder } from '../../../src/io/recording/recorder.ts';
import { readAll, recordAll, temporaryFolder } from './recording-files.ts';
import { at, details, flow, flows, policy, startMs } from './sample.ts';
import { lacking, testUnless } from '../../helpers/unless.ts';

const anyText = fc.string({ unit: 'binary', maxLength: 40 });
const anyEvent: fc.Arbitrary<ApiEvent> = fc.oneof(
  fc
    .record({ id: anyText, offset: fc.nat(100_000), path: anyText, text: anyText })
    .map(({ id, offset, path, text }) => {
      const event = flow(id, offset);
      const body = { text, truncated: true };
      return { ...event, request: { ...event.request!, path, body } };
    }),
  fc.record({ name: anyText, offset: fc.nat(100_000) }).map(({ name, offset }) => policy(name, offset)),
  fc
    .record({ count: fc.nat(), where: anyText })
    .map(({ count, where }): ApiEvent => ({ type: 'lost', time: at(5), where, count })),
);

test('reading gives back the very events that were written, in order, whatever the block size', async () => {
  const folder = temporaryFolder();
  let run = 0;
  await fc.assert(
    fc.asyncProperty(
      fc.array(anyEvent, { maxLength: 60 }),
      fc.integer({ min: 1, max: 4_000 }),
      async (events, blockChars) => {
        const path = join(folder, `${(run += 1)}.ndjson.zst`);
        await recordAll(path, events, { limits: { blockChars, stateMs: 0 } });
        const read = await readAll(path);
        expect(read.events).toEqual(events);
        expect(read.damage).toBeUndefined();
      },
    ),
    { numRuns: 60 },
  );
});

test('the header carries version, clock, identities, policies and the note on masking', async () => {
  const path = join(temporaryFolder(), 'a.ndjson.zst');
  await recordAll(path, []);
  const header = await readRecording(path).header();
  expect(header).toEqual({ ...details, type: 'recording', version: 2, created: at(0), clock: { startMs } });
});

test('the index from the file equals the one rebuilt by scanning', async () => {
  const path = join(temporaryFolder(), 'a.ndjson.zst');
  const events = [...flows(50, 100), policy('p', 2_000), flow('late', 10), ...flows(50, 100, 5_000)];
  await recordAll(path, events, { limits: { blockChars: 2_000, stateMs: 0 } });
  const whole = await openRecording(path);
  const index = await whole.index();
  await whole.close();
  expect(index.blocks.length).toBeGreaterThan(5);
  expect(index.states.length).toBeGreaterThan(0);
  expect(index.blocks.reduce((sum, one) => sum + one.flows, 0)).toBe(101);
  const bytes = readFileSync(path);
  const cut = join(temporaryFolder(), 'cut.ndjson.zst');
  writeFileSync(cut, bytes.subarray(0, bytes.length - 5));
  const crashed = await openRecording(cut);
  expect(await crashed.index()).toEqual(index);
  await crashed.close();
});

test('until it is closed the recording has another name, and is readable there', async () => {
  const path = join(temporaryFolder(), 'a.ndjson.zst');
  const recorder = await createRecorder({ path, header: details, limits: { blockChars: 1_000 } });
  for (const event of flows(40, 10)) recorder.write(event);
  await expect.poll(async () => (await readAll(`${path}.partial`)).events.length).toBeGreaterThan(20);
  expect(existsSync(path)).toBe(false);
  await recorder.close();
  expect(existsSync(`${path}.partial`)).toBe(false);
  expect((await readAll(path)).events).toHaveLength(40);
  expect(statSync(path).mode & 0o077).toBe(0);
});

test('a block goes to disk by age alone when events are few', async () => {
  const path = join(temporaryFolder(), 'a.ndjson.zst');
  const recorder = await createRecorder({ path, header: details, limits: { blockMs: 1 } });
  recorder.write(flow('only', 1));
  await expect.poll(async () => (await readAll(`${path}.partial`)).events.length).toBe(1);
  await recorder.close();
});

test('what the disk cannot take in time is counted and written into the recording itself', async () => {
  const path = join(temporaryFolder(), 'a.ndjson.zst');
  const recorder = await createRecorder({
    path,
    header: details,
    now: () => startMs,
    limits: { blockChars: 500, queueChars: 1_500 },
  });
  const events = flows(20, 10);
  for (const event of events) recorder.write(event);
  const { lost } = recorder.stats();
  expect(lost).toBeGreaterThan(10);
  await recorder.close();
  const read = (await readAll(path)).events;
  expect(read.at(-1)).toEqual({ type: 'lost', time: at(0), where: 'recording', count: lost });
  expect(read.slice(0, -1)).toEqual(events.slice(0, 20 - lost));
});

test('a loss in the middle stands where it happened', async () => {
  const path = join(temporaryFolder(), 'a.ndjson.zst');
  const recorder = await createRecorder({
    path,
    header: details,
    now: () => startMs,
    limits: { blockChars: 500, queueChars: 1_500 },
  });
  for (const event of flows(20, 10)) recorder.write(event);
  const { lost, bytes } = recorder.stats();
  await expect.poll(() => recorder.stats().bytes).toBeGreaterThan(bytes);
  recorder.write(flow('after', 900));
  await recorder.close();
  const read = (await readAll(path)).events;
  expect(read.slice(-2).map((event) => (event.type === 'lost' ? event.count : event.type))).toEqual([
    lost,
    'flow',
  ]);
});

test('an existing recording, or what a crash left of one, is never overwritten', async () => {
  const path = join(temporaryFolder(), 'a.ndjson.zst');
  await recordAll(path, [flow('a', 1)]);
  await expect(createRecorder({ path, header: details })).rejects.toMatchObject({
    code: 'RECORDING_CANNOT_CREATE',
  });
  const other = join(temporaryFolder(), 'b.ndjson.zst');
  writeFileSync(`${other}.partial`, 'left');
  await expect(createRecorder({ path: other, header: details })).rejects.toThrow(
    'left by a recording that did not end',
  );
  expect(readFileSync(`${other}.partial`, 'utf8')).toBe('left');
});

test('a disk that refuses is told once, and closing says so', async () => {
  const failures: string[] = [];
  // /dev/full takes an open and refuses every write; the partial name is a link to it.
  const folder = temporaryFolder();
  const path = join(folder, 'a.ndjson.zst');
  const recorder = createRecorder({
    path: join(folder, 'missing\0name'),
    header: details,
    onFailure: (error) => failures.push(error.code),
  });
  await expect(recorder).rejects.toMatchObject({ family: 'cannotCreate' });
  expect(existsSync(path)).toBe(false);
});

const zstdMissing = lacking(spawnSync('zstd', ['--version']).error === undefined, 'no zstd command');

testUnless(zstdMissing)(
  'the zstd command decompresses it to plain NDJSON, header first and index last',
  async () => {
    const path = join(temporaryFolder(), 'a.ndjson.zst');
    const events = flows(30, 10);
    await recordAll(path, events, { limits: { blockChars: 2_000, stateMs: 60_000 } });
    const lines = execFileSync('zstd', ['-dc', path], { encoding: 'utf8' }).trimEnd().split('\n');
    expect(JSON.parse(lines[0] ?? '')).toMatchObject({ type: 'recording', version: 2 });
    expect(JSON.parse(lines.at(-1) ?? '')).toMatchObject({ type: 'index' });
    expect(lines.slice(1, -1).map((line): unknown => JSON.parse(line))).toEqual(events);
  },
);

testUnless(zstdMissing)('what zstd decompressed or compressed anew can be read again', async () => {
  const folder = temporaryFolder();
  const path = join(folder, 'a.ndjson.zst');
  const events = [...flows(300, 10), policy('p', 4_000)];
  await recordAll(path, events, { limits: { blockChars: 2_000, stateMs: 0 } });
  const plain = join(folder, 'a.ndjson');
  execFileSync('zstd', ['-dq', path, '-o', plain]);
  expect(await readAll(plain)).toEqual({ events, damage: undefined });
  const again = join(folder, 'again.zst');
  execFileSync('zstd', ['-q', plain, '-o', again]);
  expect(await readAll(again)).toEqual({ events, damage: undefined });
});

test('plain NDJSON without a header reads back, up to a cut last line', async () => {
  const path = join(temporaryFolder(), 'a.ndjson');
  const events = flows(20, 10);
  const text = events.map((event) => `${JSON.stringify(event)}\n`).join('');
  writeFileSync(path, text);
  expect(await readAll(path)).toEqual({ events, damage: undefined });
  expect(await readRecording(path).header()).toBeUndefined();
  writeFileSync(path, text.slice(0, -20));
  const cut = await readAll(path);
  expect(cut.events).toEqual(events.slice(0, -1));
  const offset = text.lastIndexOf('\n', text.length - 2) + 1;
  expect(cut.damage).toBe(
    `${path} is damaged at byte ${offset}, after the event of ${at(180)}: a line is not JSON. Everything before that is whole.`,
  );
});

test('an event of an unknown type is left out and counted, the rest is read', async () => {
  const path = join(temporaryFolder(), 'a.ndjson');
  const first = flow('a', 1);
  writeFileSync(path, `${JSON.stringify(first)}\n{"type":"later","time":"x"}\n{"type":"flow"}\n`);
  expect((await readAll(path)).events).toEqual([
    first,
    { type: 'lost', time: first.time, where: 'recording-unreadable', count: 2 },
  ]);
});
