// Who leads: what is done with a Lease that is not there, ours, another's, or run out; and when a leader stops believing that it is one.
import { expect, test } from 'vitest';
import { createElector, type LeaseRecord } from '../../../src/core/lease/elector.ts';

const lease = (holder: string, version: string): LeaseRecord => ({
  holder,
  version,
  durationMs: 15_000,
  transitions: 3,
});

test('a Lease that is not there is created, and whoever wrote it leads', () => {
  const elector = createElector('a');
  expect(elector.looked(undefined, 0)).toEqual({ type: 'create' });
  expect(elector.isLeader(0)).toBe(false);
  elector.wrote(lease('a', '1'), 0);
  expect(elector.isLeader(9_999)).toBe(true);
});

test("another's Lease is taken when it has not changed for its whole duration by our clock, and not before", () => {
  const elector = createElector('b');
  expect(elector.looked(lease('a', '1'), 0)).toEqual({ type: 'wait' });
  expect(elector.looked(lease('a', '2'), 14_000)).toEqual({ type: 'wait' });
  expect(elector.looked(lease('a', '2'), 28_999)).toEqual({ type: 'wait' });
  expect(elector.looked(lease('a', '2'), 29_000)).toEqual({ type: 'take', over: lease('a', '2') });
});

test('a Lease that was given back is taken at once', () => {
  expect(createElector('b').looked(lease('', '7'), 0)).toEqual({ type: 'take', over: lease('', '7') });
});

test('a leader that cannot renew stops before anybody may take over, counted from when it asked', () => {
  const elector = createElector('a');
  elector.wrote(lease('a', '1'), 1_000);
  expect(elector.looked(lease('a', '1'), 3_000)).toEqual({ type: 'renew', over: lease('a', '1') });
  expect(elector.isLeader(10_999)).toBe(true);
  expect(elector.isLeader(11_000)).toBe(false);
});

test('a leader that sees another holder stops at once', () => {
  const elector = createElector('a');
  elector.wrote(lease('a', '1'), 0);
  elector.looked(lease('b', '2'), 100);
  expect(elector.isLeader(100)).toBe(false);
  expect(elector.holder()).toBe('b');
});
