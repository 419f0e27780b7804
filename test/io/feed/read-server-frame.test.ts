// Frames as bytes: what is read of a batch does not depend on how its JSON is laid out, texts are handed on only where they say
// the event and no more, and no bytes make it throw.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { encodeBatch } from '../../../src/io/feed/batcher.ts';
import { batchHead, batchTail } from '../../../src/io/feed/batch-lines.ts';
import { readServerFrame } from '../../../src/io/feed/read-server-frame.ts';
import type { BatchRead } from '../../../src/io/feed/read-server-frame.ts';
import { hello, status } from './feed-samples.ts';
import { sampleFlow } from '../../helpers/sample-flow.ts';

const framed = (lines: readonly string[]): Buffer => encodeBatch(lines).bytes;

function batchOf(bytes: Buffer): BatchRead {
  const read = readServerFrame(bytes);
  if (read.type !== 'batch') throw new Error(`read as ${read.type}`);
  return read;
}

test('a batch of ours gives each event with its own text', () => {
  const flows = [sampleFlow({ id: 'a' }), sampleFlow({ id: 'b' })];
  const read = batchOf(framed(flows.map((flow) => JSON.stringify(flow))));
  expect(read).toEqual({
    type: 'batch',
    events: flows,
    texts: flows.map((flow) => JSON.stringify(flow)),
    unreadable: 0,
  });
});

test('a status with the version of its program is a status, and a greeting of a later version is newer', () => {
  const frame = { ...status, version: '1.2.3' };
  expect(readServerFrame(Buffer.from(JSON.stringify(frame)))).toEqual({ type: 'frame', frame });
  const newer = { ...hello, version: 99, listeners: 'told otherwise by then' };
  expect(readServerFrame(Buffer.from(JSON.stringify(newer)))).toEqual({ type: 'newer', version: 99 });
});

test('events are the same whether each has its line or the frame is laid out in any other way', () => {
  const line = fc.oneof(
    fc.string({ unit: 'binary' }).map((path) => ({ ...sampleFlow(), traceId: path })),
    fc.constantFrom<object>(
      { type: 'nobody' },
      { ...sampleFlow(), surplus: 1 },
      { type: 'lost', time: 't', where: 'w', count: 1 },
    ),
  );
  fc.assert(
    fc.property(fc.array(line, { maxLength: 6 }), (events) => {
      const lined = batchOf(framed(events.map((event) => JSON.stringify(event))));
      for (const space of [undefined, 1]) {
        const other = batchOf(Buffer.from(JSON.stringify({ type: 'batch', events }, undefined, space)));
        expect({ ...lined, texts: [] }).toEqual({ ...other, texts: [] });
        expect(other.texts.every((text) => text === undefined)).toBe(true);
      }
      for (const [index, text] of lined.texts.entries())
        if (text !== undefined) expect(JSON.parse(text)).toEqual(lined.events[index]);
    }),
  );
});

test('no text is handed on of an event with fields that are dropped, or that is not ASCII', () => {
  const wide = sampleFlow({ traceId: '\u65e5\u672c' });
  const lines = [{ ...sampleFlow(), surplus: 1 }, wide, sampleFlow()].map((event) => JSON.stringify(event));
  const { events, texts } = batchOf(framed(lines));
  expect(events).toEqual([sampleFlow(), wide, sampleFlow()]);
  expect(texts).toEqual([undefined, undefined, JSON.stringify(sampleFlow())]);
});

test.each([
  ['lines that are no values', [`${JSON.stringify(sampleFlow())},`, '"x"']],
  ['two events on a line', [`${JSON.stringify(sampleFlow())},${JSON.stringify(sampleFlow({ id: 'b' }))}`]],
  ['one event over two lines', [JSON.stringify(sampleFlow()).replace('{', '{\n')]],
])('%s are read as the JSON that they are, or not at all', (_name, lines) => {
  const bytes = Buffer.from(`${batchHead}${lines.join(',\n')}${batchTail}`);
  let expected: unknown;
  try {
    expected = (JSON.parse(bytes.toString()) as { events: unknown[] }).events;
  } catch {
    expect(readServerFrame(bytes).type).toBe('unreadable');
    return;
  }
  expect(batchOf(bytes).events).toEqual(expected);
});

test('no bytes make it throw', () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 30 }).map((bytes) => Buffer.from(bytes)),
    fc
      .constantFrom(batchHead, batchTail, '\n', ',\n', '{', '}', '"', JSON.stringify(sampleFlow()))
      .map((text) => Buffer.from(text)),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 8 }), fc.boolean(), (pieces, wrapped) => {
      const inside = Buffer.concat(pieces);
      const bytes = wrapped
        ? Buffer.concat([Buffer.from(batchHead), inside, Buffer.from(batchTail)])
        : inside;
      expect(['batch', 'frame', 'newer', 'unreadable']).toContain(readServerFrame(bytes).type);
    }),
    { numRuns: 2000 },
  );
});
