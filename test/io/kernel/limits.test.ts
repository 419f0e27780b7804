import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, test } from 'vitest';
import { createRingBuffer } from '../../../src/io/kernel/event-ring.ts';
import { defaultLimits, resolveLimits } from '../../../src/io/kernel/limits.ts';
import { blockBytes } from '../../../src/io/kernel/pending.ts';

test('an override replaces one limit and leaves the others', () => {
  expect(resolveLimits(undefined)).toEqual(defaultLimits);
  expect(resolveLimits({ connectMs: 7 })).toEqual({ ...defaultLimits, connectMs: 7 });
});

test('the defaults fit each other', () => {
  expect(() => createRingBuffer(defaultLimits.ringBytes)).not.toThrow();
  // One refused read and what inspection kept back must fit a connection's queue.
  expect(defaultLimits.pendingConnectionBytes).toBeGreaterThanOrEqual(4 * defaultLimits.readBytes);
  expect(defaultLimits.pendingTotalBytes).toBeGreaterThan(defaultLimits.pendingConnectionBytes + blockBytes);
  // process.exit() waits for the running system call.
  expect(defaultLimits.waitMs).toBeLessThanOrEqual(250);
});

test('every limit says why it has its value', () => {
  const source = readFileSync(join(import.meta.dirname, '../../../src/io/kernel/limits.ts'), 'utf8');
  const values = source.slice(source.indexOf('export const defaultLimits'));
  for (const name of Object.keys(defaultLimits))
    expect(values).toMatch(new RegExp(`//[^\\n]+\\n  ${name}: `));
});
