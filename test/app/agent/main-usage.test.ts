import { expect, onTestFinished, test } from 'vitest';
import { createMainUsage } from '../../../src/app/agent/main-usage.ts';
import { until } from '../../helpers/until.ts';

function busyFor(ms: number): void {
  for (const endMs = performance.now() + ms; performance.now() < endMs;);
}

test('CPU time never falls, the main thread takes no more than the process, and the heap lies in resident memory', () => {
  const usage = createMainUsage(() => 0);
  onTestFinished(() => usage.close());
  const before = usage.read();
  busyFor(20);
  const after = usage.read();
  expect(after.cpuUs).toBeGreaterThan(before.cpuUs);
  expect(after.processCpuUs).toBeGreaterThan(before.processCpuUs);
  expect(after.cpuUs).toBeLessThanOrEqual(after.processCpuUs);
  expect(after.rssBytes).toBeGreaterThan(after.heapBytes);
});

test('a main thread that was blocked shows in the delay for a window more, and then no longer', async () => {
  let nowMs = 0;
  const usage = createMainUsage(() => nowMs);
  onTestFinished(() => usage.close());
  const late = (): number => usage.read().loopDelay?.maxUs ?? 0;
  await until('timers that were late', () => {
    busyFor(600);
    return late() >= 400_000;
  });
  nowMs = 15_000;
  expect(late()).toBeGreaterThanOrEqual(400_000);
  nowMs = 20_000;
  expect(late()).toBeGreaterThanOrEqual(400_000);
  await until('a window without it', () => {
    nowMs += 15_000;
    return late() < 400_000;
  });
});
