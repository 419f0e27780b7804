// Counters of the kernel as hits: only what is new, also after a table began anew.
import { expect, test } from 'vitest';
import { createKernelHits } from '../../../../src/app/agent/node/kernel-hits.ts';
import type { RuleCounters } from '../../../../src/core/plan/read-counters.ts';

const counters = (packets: Readonly<Record<string, number>>, closedPackets = 0): RuleCounters => ({
  policies: new Map(
    Object.entries(packets).map(([policy, count]) => [policy, { packets: count, bytes: 0, closedPackets }]),
  ),
  listenerDialled: 0,
  unjudged: new Map(),
  refusedAtSource: undefined,
});

test('each reading tells what is new since the one before, pod by pod', () => {
  const hits = createKernelHits();
  expect(hits.read('a', counters({ p: 3, q: 0 }))).toEqual([{ policy: 'p', count: 3 }]);
  expect(hits.read('b', counters({ p: 1 }))).toEqual([{ policy: 'p', count: 1 }]);
  expect(hits.read('a', counters({ p: 5, q: 1 }))).toEqual([
    { policy: 'p', count: 2 },
    { policy: 'q', count: 1 },
  ]);
  expect(hits.read('a', counters({ p: 5, q: 1 }))).toEqual([]);
});

test('a smaller number is a table that began anew: all of it is new', () => {
  const hits = createKernelHits();
  hits.read('a', counters({ p: 10 }));
  expect(hits.read('a', counters({ p: 2 }))).toEqual([{ policy: 'p', count: 2 }]);
});

test('what was refused while no agent was there counts as well, and anew with each reading', () => {
  const hits = createKernelHits();
  expect(hits.read('a', counters({ p: 1 }, 4))).toEqual([{ policy: 'p', count: 5 }]);
  expect(hits.read('a', counters({ p: 1 }, 4))).toEqual([{ policy: 'p', count: 4 }]);
  expect(hits.read('a', counters({ p: 1 }))).toEqual([]);
});

test('a pod that is forgotten begins at zero', () => {
  const hits = createKernelHits();
  hits.read('a', counters({ p: 10 }));
  hits.forget('a');
  expect(hits.read('a', counters({ p: 10 }))).toEqual([{ policy: 'p', count: 10 }]);
});
