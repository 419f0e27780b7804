import { expect, test } from 'vitest';
import { counter, createStatsBuffer, readStats, viewStats } from '../../../src/io/kernel/shared-stats.ts';
import { noteUsage } from '../../../src/io/kernel/worker-usage.ts';

const reading = {
  nowMs: 10_000,
  lost: 7,
  listeners: 1,
  queue: { usedBytes: 1, peakBytes: 2, capacityBytes: 3 },
};

test('one worker is told with what it noted, what main sees of its queue, and the age of its heartbeat', () => {
  const view = viewStats(createStatsBuffer(1));
  view[counter.cpuUserUs] = 1500;
  view[counter.cpuSystemUs] = 500;
  view[counter.heapBytes] = 11;
  view[counter.externalBytes] = 12;
  view[counter.pendingBytes] = 13;
  view[counter.open] = 14;
  view[counter.heartbeatAt] = 9_750;
  const stats = readStats(view, reading);
  expect(stats.workers).toEqual([
    {
      ...{ name: 'data-plane', cpuUserUs: 1500, cpuSystemUs: 500, heapBytes: 11, externalBytes: 12 },
      ...{ bufferedBytes: 13, openConnections: 14, heartbeatAgeMs: 250, lost: 7 },
      ...{ queueBytes: 1, queuePeakBytes: 2, queueCapacityBytes: 3 },
    },
  ]);
  expect(stats).toMatchObject({ workerCpuMs: 2, openConnections: 14, lost: 7, heartbeatAgeMs: 250 });
});

test('counters of services begin behind those of the worker', () => {
  const view = viewStats(createStatsBuffer(1));
  for (const index of Object.values(counter)) view[index] = 1;
  expect(readStats(view, reading).openByListener).toEqual([0]);
});

test('usage is of the calling thread: CPU time never falls, and memory that is held outside shows', () => {
  const view = viewStats(createStatsBuffer(0));
  noteUsage(view);
  const [user = 0, system = 0, heap = 0, external = 0] = view.slice(
    counter.cpuUserUs,
    counter.externalBytes + 1,
  );
  expect(user + system).toBeGreaterThan(0);
  expect(heap).toBeGreaterThan(1024 * 1024);
  const held = Buffer.alloc(8 * 1024 * 1024, 1);
  noteUsage(view);
  expect(view[counter.cpuUserUs]).toBeGreaterThanOrEqual(user);
  expect(view[counter.cpuSystemUs]).toBeGreaterThanOrEqual(system);
  expect(view[counter.externalBytes]).toBeGreaterThan(external);
  expect(held).toHaveLength(8 * 1024 * 1024);
});
