// Recordings cut or spoilt at every byte: nothing is thrown but an AppError, and all that stands before the damage plays.
import { existsSync, readFileSync, writeFileSync } from 'node:fs';
import { open } from 'node:fs/promises';
import { join } from 'node:path';
import { zstdCompressSync } from 'node:zlib';
import { expect, test } from 'vitest';
import { AppError } from '../../../src/core/model/app-error.ts';
import type { ApiEvent } from '../../../src/core/model/event.ts';
import { createBlockWriter } from '../../../src/io/recording/block-writer.ts';
import { openRecording } from '../../../src/io/recording/recording-file.ts';
import { openReplay } from '../../../src/io/recording/replay-feed.ts';
import { measureFrame } from '../../../src/io/recording/zstd-frame.ts';
import { readAll, recordAll, temporaryFolder } from './recording-files.ts';
import { at, details, flows, policy } from './sample.ts';
import { lacking, testUnless } from '../../helpers/unless.ts';

interface Sample {
  readonly path: string;
  readonly bytes: Buffer;
  readonly events: readonly ApiEvent[];
  /** How many events stand in whole blocks before this byte. */
  readonly wholeBefore: (offset: number) => number;
}

/** Three blocks of events with state lines between. */
async function smallRecording(): Promise<Sample> {
  const path = join(temporaryFolder(), 'small.ndjson.zst');
  const events = [...flows(4, 100), policy('p', 450), ...flows(4, 100, 500)];
  const header = { ...details, identities: [], listeners: [] };
  await recordAll(path, events, { header, limits: { blockChars: 1_000, stateMs: 0 } });
  const file = await openRecording(path);
  const { blocks, states } = await file.index();
  await file.close();
  expect(blocks.length).toBeGreaterThanOrEqual(3);
  expect(states.length).toBeGreaterThan(0);
  const bytes = readFileSync(path);
  const ends = blocks.map((block) => {
    const measure = measureFrame(bytes.subarray(block.offset));
    return {
      end: block.offset + (measure.type === 'frame' ? measure.length : 0),
      count: block.flows + block.others,
    };
  });
  const wholeBefore = (offset: number): number =>
    ends.filter((one) => one.end <= offset).reduce((sum, one) => sum + one.count, 0);
  return { path, bytes, events, wholeBefore };
}

/** What plays of these bytes, or the AppError that says why nothing does. */
async function play(
  sample: Sample,
  bytes: Buffer,
): Promise<{ events: ApiEvent[]; damage: string | undefined } | AppError> {
  writeFileSync(sample.path, bytes);
  try {
    return await readAll(sample.path);
  } catch (error) {
    if (error instanceof AppError) return error;
    throw error;
  }
}

test('cut at every length it plays the whole blocks before the cut and says where it is damaged', async () => {
  const sample = await smallRecording();
  for (let length = 0; length < sample.bytes.length; length += 1) {
    const played = await play(sample, sample.bytes.subarray(0, length));
    if (played instanceof AppError) {
      expect(sample.wholeBefore(length), `cut at ${length}`).toBe(0);
      continue;
    }
    expect(played.events, `cut at ${length}`).toEqual(sample.events.slice(0, sample.wholeBefore(length)));
  }
});

test.each([0x01, 0xff])(
  'with any one byte spoilt by %i it plays a prefix that holds every whole block before it',
  async (mask) => {
    const sample = await smallRecording();
    for (let offset = 0; offset < sample.bytes.length; offset += 1) {
      const bytes = Buffer.from(sample.bytes);
      bytes[offset] = bytes.readUInt8(offset) ^ mask;
      const played = await play(sample, bytes);
      const kept = played instanceof AppError ? [] : played.events;
      expect(kept, `byte ${offset}`).toEqual(sample.events.slice(0, kept.length));
      expect(kept.length, `byte ${offset}`).toBeGreaterThanOrEqual(sample.wholeBefore(offset));
    }
  },
);

test('damage is told with byte offset, time and reason', async () => {
  const sample = await smallRecording();
  const file = await openRecording(sample.path);
  const second = (await file.index()).blocks[1]!;
  await file.close();
  const bytes = Buffer.from(sample.bytes);
  bytes[second.offset + 30] = bytes.readUInt8(second.offset + 30) ^ 0xff;
  const played = await play(sample, bytes);
  const count = sample.wholeBefore(second.offset);
  const last = sample.events[count - 1]!;
  expect(played).toMatchObject({
    damage: `${sample.path} is damaged at byte ${second.offset}, after the event of ${last.time}: the block does not match its checksum. Everything before that is whole.`,
  });
});

test('a replay of any cut or spoilt recording opens or says why not, and closes', async () => {
  const sample = await smallRecording();
  for (let offset = 0; offset < sample.bytes.length; offset += 7) {
    const spoilt = Buffer.from(sample.bytes);
    spoilt[offset] = spoilt.readUInt8(offset) ^ 0xff;
    for (const bytes of [sample.bytes.subarray(0, offset), spoilt]) {
      writeFileSync(sample.path, bytes);
      const feed = await openReplay(sample.path, { paused: true }).catch((error: unknown) => error);
      if (feed instanceof Error) expect(feed).toBeInstanceOf(AppError);
      else await (feed as Awaited<ReturnType<typeof openReplay>>).close();
    }
  }
});

test('a block that unpacks to more than any recording has is damage, not memory', async () => {
  const path = join(temporaryFolder(), 'bomb.zst');
  const header = zstdCompressSync(
    `${JSON.stringify({ ...details, type: 'recording', version: 1, created: at(0), clock: { startMs: 0 } })}\n`,
  );
  writeFileSync(path, Buffer.concat([header, zstdCompressSync(Buffer.alloc(200 * 1024 * 1024))]));
  const read = await readAll(path);
  expect(read.events).toEqual([]);
  expect(read.damage).toContain(`is damaged at byte ${header.length}, before its first event`);
});

test('a newer recording is refused with a sentence naming both versions, what is no recording with another', async () => {
  const folder = temporaryFolder();
  const newer = join(folder, 'newer.zst');
  writeFileSync(newer, zstdCompressSync('{"type":"recording","version":3,"anything":true}\n'));
  await expect(readAll(newer)).rejects.toMatchObject({
    code: 'RECORDING_TOO_NEW',
    message: `${newer} was written in recording format 3, and this program reads up to format 2.`,
  });
  const text = join(folder, 'text');
  writeFileSync(text, 'hello');
  await expect(readAll(text)).rejects.toMatchObject({ code: 'RECORDING_UNKNOWN' });
  await expect(readAll(join(folder, 'missing'))).rejects.toMatchObject({
    code: 'RECORDING_NOT_FOUND',
    family: 'notFound',
  });
  writeFileSync(text, zstdCompressSync('{"type":"recording","version":1}\n'));
  await expect(readAll(text)).rejects.toMatchObject({ code: 'RECORDING_HEADER_UNREADABLE' });
});

test('a directory, a device and a file without permission are told in a sentence', async () => {
  const folder = temporaryFolder();
  await expect(readAll(folder)).rejects.toMatchObject({ code: 'RECORDING_UNKNOWN', family: 'data' });
  await expect(openReplay(folder)).rejects.toThrow(`${folder} is a directory`);
  await expect(readAll('/dev/null')).rejects.toThrow('/dev/null is no file');
  await expect(recordAll(folder, [])).rejects.toMatchObject({
    code: 'RECORDING_CANNOT_CREATE',
    message: `The recording ${folder} cannot be made: it is a directory.`,
  });
});

testUnless(lacking(process.getuid?.() !== 0, 'root may read every file'))(
  'a recording of somebody else is not there to be read',
  async () => {
    const path = join(temporaryFolder(), 'secret.adr');
    writeFileSync(path, '{}', { mode: 0o000 });
    await expect(readAll(path)).rejects.toMatchObject({ code: 'RECORDING_DENIED', family: 'notFound' });
  },
);

test('the flows of a damaged recording end with word of the damage, those of a whole one without', async () => {
  const { path, bytes } = await smallRecording();
  const said = async (): Promise<string[]> => {
    const feed = await openReplay(path, { paused: true });
    const found: string[] = [];
    let count = 0;
    for await (const part of feed.replay.history((message) => found.push(message))) count += part.length;
    expect(count).toBeGreaterThan(0);
    await feed.close();
    return found;
  };
  expect(await said()).toEqual([]);
  writeFileSync(path, bytes.subarray(0, Math.floor(bytes.length * 0.6)));
  expect(await said()).toEqual([expect.stringMatching(/is damaged at byte \d+/)]);
});

testUnless(lacking(existsSync('/dev/full'), 'no /dev/full'))(
  'a disk that refuses is told once, with its reason, and nothing more is written',
  async () => {
    const handle = await open('/dev/full', 'w');
    const failures: unknown[] = [];
    const writer = createBlockWriter(handle, (error) => failures.push(error));
    let placed = 0;
    for (let count = 0; count < 3; count += 1) writer.append('text\n', () => (placed += 1));
    await expect(writer.drained()).rejects.toMatchObject({ code: 'ENOSPC' });
    await handle.close();
    expect(failures).toHaveLength(1);
    expect(placed).toBe(0);
  },
);

test.each([
  ['no JSON', 'not json\n'],
  ['half an event', '{"type":"flow","ti\n'],
  ['a header whose type is misspelt', '{"type":"recordng","version":9}\n'],
  ['a header whose version is misspelt', '{"type":"recording","verson":9}\n'],
])('lines that begin with %s are no recording, and nothing of them plays', async (_, first) => {
  const path = join(temporaryFolder(), 'lines.ndjson');
  writeFileSync(
    path,
    first +
      flows(3, 100)
        .map((event) => `${JSON.stringify(event)}\n`)
        .join(''),
  );
  await expect(readAll(path)).rejects.toMatchObject({ family: 'data' });
});
