import { PassThrough } from 'node:stream';
import { expect, test } from 'vitest';
import { createLineWriter } from '../../../src/app/cli/output/writer.ts';

test('a reader that goes away ends the writing instead of failing it', () => {
  const stream = new PassThrough();
  const writer = createLineWriter(stream);
  let told = 0;
  writer.onClosed(() => (told += 1));
  stream.emit('error', Object.assign(new Error('write EPIPE'), { code: 'EPIPE' }));
  writer.line('after');
  expect(writer.closed()).toBe(true);
  expect(told).toBe(1);
  expect(stream.read()).toBeNull();
});

test('a full disk is handed on as a failure and ends the writing', () => {
  const stream = new PassThrough();
  const failures: string[] = [];
  const writer = createLineWriter(stream, (error) => failures.push(error.message));
  stream.emit('error', Object.assign(new Error('ENOSPC: no space left'), { code: 'ENOSPC' }));
  expect(failures).toEqual(['ENOSPC: no space left']);
  expect(writer.closed()).toBe(true);
});

test('a slow reader is waited for', async () => {
  const stream = new PassThrough({ highWaterMark: 4 });
  const writer = createLineWriter(stream);
  writer.line('longer than the mark');
  let drained = false;
  const waiting = writer.drained().then(() => (drained = true));
  await Promise.resolve();
  expect(drained).toBe(false);
  stream.resume();
  await waiting;
  expect(drained).toBe(true);
});

test('an abandoned reader is waited for no longer', async () => {
  const stream = new PassThrough({ highWaterMark: 1 });
  const writer = createLineWriter(stream);
  writer.line('more than it takes');
  expect(stream.writableNeedDrain).toBe(true);
  const waiting = writer.drained();
  writer.abandon();
  await waiting;
  await writer.drained();
  expect([writer.abandoned(), writer.closed()]).toEqual([true, false]);
});
