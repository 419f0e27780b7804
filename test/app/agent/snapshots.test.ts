// Snapshots over time: generations, their words, and the wake-up when a policy runs out.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { createSnapshots, type Snapshots } from '../../../src/app/agent/snapshots.ts';
import { newDecision } from '../../../src/core/policy/decision.ts';
import type { Policy } from '../../../src/core/policy/schema.ts';
import type { Snapshot } from '../../../src/core/policy/snapshot.ts';

const startMs = Date.parse('2026-11-23T10:00:00.000Z');
const daysMs = 86_400_000;

function policy(name: string, spec: Partial<Policy['spec']> = {}): Policy {
  return {
    apiVersion: 'apidefense.dev/v1alpha1',
    kind: 'FlowPolicy',
    metadata: { name, namespace: 'shop' },
    spec: {
      mode: 'Enforce',
      from: { scope: 'All' },
      to: { scope: 'All' },
      action: { type: 'Block' },
      ...spec,
    },
  };
}
const until = (ms: number): Partial<Policy['spec']> => ({
  expiresAt: new Date(startMs + ms).toISOString(),
});

interface Watched {
  readonly snapshots: Snapshots;
  readonly installed: Snapshot[];
  expiries: number;
}

function start(policies: readonly Policy[]): Watched {
  const installed: Snapshot[] = [];
  const watched = { installed, expiries: 0 };
  const snapshots = createSnapshots(policies, {
    now: () => Date.now(),
    install: (snapshot) => installed.push(snapshot),
    told: (one) => ({ ...one, spec: { ...one.spec, reason: 'masked' } }),
    onExpiry: () => (watched.expiries += 1),
  });
  return Object.assign(watched, { snapshots });
}

/** What a Block by the first policy of a generation is described as. */
const blockOf = (snapshots: Snapshots, generation: number): unknown =>
  snapshots.describe({ decision: { ...newDecision(), action: 1, policy: 0, rule: 0 }, generation }, '/', '');

beforeEach(() => void vi.useFakeTimers({ now: startMs }));
afterEach(() => void vi.useRealTimers());

test('the first set is generation 1 and not installed; each that follows is, one higher', () => {
  const { snapshots, installed } = start([]);
  expect(snapshots.current().generation).toBe(1);
  expect(installed).toEqual([]);
  const next = snapshots.replace([policy('a')]);
  expect(installed).toEqual([next]);
  expect([next.generation, snapshots.current()]).toEqual([2, next]);
});

test('a decision is described by the policies of its own generation, as they may be told', () => {
  const { snapshots } = start([policy('a', { reason: 'secret' })]);
  snapshots.replace([policy('b')]);
  expect(blockOf(snapshots, 1)).toMatchObject({ verdict: { policy: 'shop/a', reason: 'masked' } });
  expect(blockOf(snapshots, 2)).toMatchObject({ verdict: { policy: 'shop/b' } });
});

test('sixteen generations stay describable; an older one says that it is no longer kept', () => {
  const { snapshots } = start([policy('a')]);
  for (let change = 0; change < 15; change += 1) snapshots.replace([policy('a')]);
  expect(blockOf(snapshots, 1)).toMatchObject({ verdict: { policy: 'shop/a' } });
  snapshots.replace([policy('a')]);
  expect(blockOf(snapshots, 1)).toEqual({
    verdict: { action: 'allow', mode: 'enforce', reason: 'decided by generation 1, no longer kept' },
  });
  expect(blockOf(snapshots, 2)).toMatchObject({ verdict: { policy: 'shop/a' } });
});

test('the soonest expiry wakes up, and not before', () => {
  const watched = start([policy('late', until(60_000)), policy('soon', until(1_000)), policy('ever')]);
  vi.advanceTimersByTime(1_000);
  expect(watched.expiries).toBe(0);
  vi.advanceTimersByTime(1);
  expect(watched.expiries).toBe(1);
  watched.snapshots.replace([policy('late', until(60_000))]);
  vi.advanceTimersByTime(58_999);
  expect(watched.expiries).toBe(1);
  vi.advanceTimersByTime(1);
  expect(watched.expiries).toBe(2);
});

test('what is Off, has expired already, or was replaced wakes nobody', () => {
  const watched = start([policy('off', { ...until(1_000), mode: 'Off' }), policy('gone', until(-1))]);
  vi.advanceTimersByTime(5_000);
  watched.snapshots.replace([policy('a', until(10_000))]);
  watched.snapshots.replace([]);
  vi.advanceTimersByTime(10_000);
  expect(watched.expiries).toBe(0);
});

test('an expiry beyond the longest timer is looked at again later rather than at once', () => {
  const watched = start([policy('far', until(60 * daysMs))]);
  vi.advanceTimersByTime(20 * daysMs);
  expect(watched.expiries).toBe(0);
  vi.advanceTimersByTime(5 * daysMs);
  expect(watched.expiries).toBe(1);
});

test('closed, it wakes nobody', () => {
  const watched = start([policy('a', until(1_000))]);
  watched.snapshots.close();
  vi.advanceTimersByTime(2_000);
  expect(watched.expiries).toBe(0);
});
