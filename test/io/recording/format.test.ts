// The parts of the format: frame lengths, footer, index line, converters, the state that a seek needs.
import { constants, zstdCompressSync } from 'node:zlib';
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { converterFor } from '../../../src/io/recording/converters.ts';
import {
  decodeFooter,
  encodeFooter,
  indexLine,
  parseIndexLine,
} from '../../../src/io/recording/recording-format.ts';
import { createStandingState } from '../../../src/io/recording/standing-state.ts';
import { measureFrame } from '../../../src/io/recording/zstd-frame.ts';
import { endpoint, policy } from './sample.ts';

test('the length of any frame is known from its headers, and a part of it is short or bad, never longer', () => {
  const level = fc.integer({ min: 1, max: 5 });
  fc.assert(
    fc.property(
      fc.uint8Array({ maxLength: 4_000 }),
      fc.nat(400),
      level,
      fc.boolean(),
      (bytes, repeat, quality, checked) => {
        const params = {
          [constants.ZSTD_c_compressionLevel]: quality,
          [constants.ZSTD_c_checksumFlag]: checked ? 1 : 0,
        };
        const frame = zstdCompressSync(Buffer.concat(Array<Uint8Array>(repeat + 1).fill(bytes)), { params });
        expect(measureFrame(Buffer.concat([frame, Buffer.from('next')]))).toEqual({
          type: 'frame',
          length: frame.length,
        });
        const cut = measureFrame(frame.subarray(0, frame.length >> 1));
        if (cut.type === 'short') expect(cut.need).toBeGreaterThan(frame.length >> 1);
      },
    ),
    { numRuns: 200 },
  );
});

test('no bytes make the measuring of a frame throw or loop', () => {
  fc.assert(
    fc.property(fc.uint8Array({ maxLength: 300 }), (bytes) => {
      const magic = Buffer.from([0x28, 0xb5, 0x2f, 0xfd]);
      expect(['frame', 'skippable', 'short', 'bad']).toContain(
        measureFrame(Buffer.concat([magic, bytes])).type,
      );
      expect(['frame', 'skippable', 'short', 'bad']).toContain(measureFrame(Buffer.from(bytes)).type);
    }),
  );
});

test('a footer reads back, and nothing else is a footer', () => {
  const footer = encodeFooter(1_234_567_890_123, Buffer.from('index'));
  expect(decodeFooter(footer)).toMatchObject({ indexOffset: 1_234_567_890_123, indexLength: 5 });
  expect(measureFrame(footer)).toEqual({ type: 'skippable', length: footer.length });
  for (let at = 0; at < 16; at += 1) {
    const spoilt = Buffer.from(footer);
    spoilt[at] = spoilt.readUInt8(at) ^ 1;
    if (at < 4 || at >= 8) expect(decodeFooter(spoilt)).toBeUndefined();
  }
});

test('an index line reads back, and one whose offsets do not rise within the file is none', () => {
  const index = {
    blocks: [
      { offset: 10, startMs: 1, endMs: 2, flows: 3, others: 0 },
      { offset: 20, startMs: 2, endMs: 5, flows: 0, others: 1 },
    ],
    states: [{ offset: 15, blocksBefore: 1 }],
  };
  const line = indexLine(index);
  expect(parseIndexLine(line, 100)).toEqual(index);
  expect(parseIndexLine(line, 20)).toBeUndefined();
  expect(parseIndexLine(indexLine({ ...index, blocks: [...index.blocks].reverse() }), 100)).toBeUndefined();
  expect(
    parseIndexLine(indexLine({ ...index, states: [{ offset: 15, blocksBefore: 3 }] }), 100),
  ).toBeUndefined();
  expect(parseIndexLine('{"type":"index"', 100)).toBeUndefined();
});

test('old lines are brought up step by step, each by the row of its version', () => {
  const table = new Map([
    [1, (line: Readonly<Record<string, unknown>>) => ({ ...line, steps: [1] })],
    [
      2,
      (line: Readonly<Record<string, unknown>>) => ({ ...line, steps: [...(line['steps'] as number[]), 2] }),
    ],
  ]);
  expect(converterFor(1, 'f', { table, current: 3 })({ type: 'flow' })).toEqual({
    type: 'flow',
    steps: [1, 2],
  });
  expect(converterFor(3, 'f', { table, current: 3 })({ type: 'flow' })).toEqual({ type: 'flow' });
  expect(() => converterFor(4, 'f', { table, current: 3 })).toThrow(
    'f was written in recording format 4, and this program reads up to format 3.',
  );
  expect(() => converterFor(1, 'f', { table: new Map(), current: 3 })).toThrow(
    'f was written in recording format 1, which this program (format 3) no longer reads.',
  );
});

test('a status of 0 in a recording of version 1 is read as none, anything else stays as it was', () => {
  const convert = converterFor(1, 'old');
  const flow = (response: unknown): Record<string, unknown> => ({ type: 'flow', id: 'x', response });
  expect(convert(flow({ status: 0, bytes: 3 }))).toEqual(flow({ bytes: 3 }));
  for (const line of [
    flow({ status: 503, bytes: 3 }),
    flow(null),
    flow('0'),
    { type: 'finding', response: { status: 0 } },
  ])
    expect(convert(line)).toBe(line);
  expect(converterFor(2, 'new')(flow({ status: 0 }))).toEqual(flow({ status: 0 }));
});

test('what still holds is the last word on each policy, workload and finding, and removed policies are forgotten', () => {
  const state = createStandingState<string>(2);
  state.note(policy('a', 0), 'a0');
  state.note(policy('b', 0), 'b0');
  state.note(policy('a', 1), 'a1');
  state.note(policy('b', 2, 'removed'), 'b2');
  state.note({ type: 'identity', time: '', endpoint: endpoint('api'), role: 'listener' }, 'api');
  for (const id of ['x', 'y', 'x', 'z']) {
    const finding = {
      type: 'finding',
      time: '',
      id,
      rule: '',
      title: '',
      severity: 'low',
      confidence: 1,
      tags: [],
      source: endpoint('web'),
      count: 1,
      firstSeen: '',
      lastSeen: '',
      evidence: [],
      why: '',
      fix: '',
    } as const;
    state.note({ ...finding, tags: [], evidence: [] }, id);
  }
  expect(state.values()).toEqual(['api', 'a1', 'x', 'z']);
});
