// How much of main's time the rounds over the pods take: a made-up clock that each look moves on.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startRounds, type NodeRounds } from '../../../../src/app/agent/node/node-rounds.ts';
import type { PodGears } from '../../../../src/app/agent/node/pod-gears.ts';
import type { Place, Places } from '../../../../src/app/agent/node/places.ts';

let clockMs = 0;
let looked: string[] = [];
let rounds: NodeRounds | undefined;

beforeEach(() => {
  vi.useFakeTimers();
  clockMs = 0;
  looked = [];
});
afterEach(() => {
  rounds?.stop();
  vi.useRealTimers();
});

/** A pod of which one look takes so long. */
function place(name: string, costMs: number): Place {
  const gears: Partial<PodGears> = {
    changing: false,
    callers: () => new Map(),
    standing() {
      clockMs += costMs;
      looked.push(name);
      return undefined;
    },
  };
  const pod = { id: name, workload: { namespace: 'shop', kind: 'Deployment', name } };
  return { pod, gears, mesh: undefined, fault: '', left: false } as unknown as Place;
}

function start(count: number, costMs: number): void {
  const all = Array.from({ length: count }, (_, index) => place(`pod-${index}`, costMs));
  rounds = startRounds({
    places: { all: () => all } as unknown as Places,
    now: () => clockMs,
    workloadAt: () => '',
    ...{ onHits: () => undefined, onNotice: () => undefined, onSuperseded: () => undefined },
  });
}

/** Half a second of the timer and of the clock. */
function pass(): string[] {
  const before = looked.length;
  clockMs += 500;
  vi.advanceTimersByTime(500);
  return looked.slice(before);
}

test('a hundred pods that cost little are gone round in a few seconds, in turn', () => {
  start(100, 1);
  const rows = Array.from({ length: 7 }, pass);
  expect(rows.map(({ length }) => length)).toEqual(new Array(7).fill(16));
  expect(new Set(rows.flat()).size).toBe(100);
});

test('pods that cost much are looked at one at a time, in a tenth of the time, and none is left out', () => {
  start(5, 200);
  while (clockMs < 60_000) pass();
  expect(looked.length * 200).toBeLessThanOrEqual(clockMs / 10 + 200);
  expect(looked.length).toBeGreaterThan(10);
  expect(new Set(looked).size).toBe(5);
});
