import { expect, test } from 'vitest';
import { statusSchema } from '../../../src/core/model/feed-message.ts';

const old = {
  type: 'status',
  time: '2026-11-23T10:00:00.000Z',
  uptimeMs: 1,
  openConnections: 0,
  openByPair: {},
  requests: 0,
  lost: 0,
  heartbeatAgeMs: 0,
  policies: { active: 0, shadow: 0, rejected: 0 },
};

test('the status of an agent that tells nothing of its workers is read', () => {
  expect(statusSchema.parse(old)).toEqual(old);
});

test('what a newer agent says more is left out rather than refused', () => {
  expect(statusSchema.parse({ ...old, sunshine: true })).toEqual(old);
});

test('a worker whose numbers are none is refused', () => {
  expect(statusSchema.safeParse({ ...old, workers: [{ name: 'a', cpuUs: -1 }] }).success).toBe(false);
});
