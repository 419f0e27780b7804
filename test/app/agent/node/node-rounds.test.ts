// How much of main's time the rounds over the pods take: a made-up clock that each look moves on.
import { afterEach, beforeEach, expect, test, vi } from 'vitest';
import { startRounds, type NodeRounds } from '../../../../src/app/agent/node/node-rounds.ts';
import type { PodGears } from '../../../../src/app/agent/node/pod-gears.ts';
import type { Place, Places } from '../../../../src/app/agent/node/places.ts';

let clockMs = 0;
let looked: string[] = [];
let counted = 0;
/** Pods with another interface than before. */
let changed = new Set<string>();
let retaps = 0;
let rounds: NodeRounds | undefined;

beforeEach(() => {
  vi.useFakeTimers();
  clockMs = 0;
  looked = [];
  [counted, retaps, changed] = [0, 0, new Set()];
});
afterEach(() => {
  rounds?.stop();
  vi.useRealTimers();
});

/** A pod of which one look takes so long, and counting its callers. */
function place(name: string, costMs: number, callersMs: number): Place {
  const gears: Partial<PodGears> = {
    changing: false,
    callers() {
      clockMs += callersMs;
      counted += 1;
      return new Map();
    },
    standing() {
      clockMs += costMs;
      looked.push(name);
      return undefined;
    },
    counters: () => undefined,
    refused: () => ({ attempts: [], lost: 0 }),
  };
  const pod = { id: name, workload: { namespace: 'shop', kind: 'Deployment', name } };
  return { pod, gears, mesh: undefined, fault: '', left: false } as unknown as Place;
}

function start(count: number, costMs: number, callersMs = 0): void {
  const all = Array.from({ length: count }, (_, index) => place(`pod-${index}`, costMs, callersMs));
  rounds = startRounds({
    places: { all: () => all } as unknown as Places,
    now: () => clockMs,
    workloadAt: () => '',
    ...{ onHits: () => undefined, onNotice: () => undefined, onSuperseded: () => undefined },
    onHandedBack: () => undefined,
    ...{ onCut: () => undefined, onUnjudged: () => undefined, clock: () => clockMs },
    onRefused: () => undefined,
    narrowing: { look: () => undefined, forget: () => undefined },
    ...{
      taps: { haveChanged: (pod: string) => changed.has(pod) },
      onInterfacesChanged: () => void (retaps += 1),
    },
  });
}

/** Half a second of the timer and of the clock. */
function pass(): string[] {
  const before = looked.length;
  clockMs += 500;
  vi.advanceTimersByTime(500);
  return looked.slice(before);
}

test('a hundred pods that cost little are gone round in a second, in turn', () => {
  start(100, 0.1);
  const rows = [pass(), pass()];
  expect(rows.map(({ length }) => length)).toEqual([64, 64]);
  expect(new Set(rows.flat()).size).toBe(100);
});

test('counting callers keeps to its share over all pods, and keeps no look at the rules waiting', () => {
  start(50, 0.1, 0.7);
  while (clockMs < 20_000) pass();
  expect(counted * 0.7).toBeLessThanOrEqual(clockMs * 0.02 + 50 * 0.7);
  expect(counted).toBeGreaterThan(5 * 50);
  expect(looked.length).toBeGreaterThan(3 * counted);
});

test('a pod alone has its callers counted in each look', () => {
  start(1, 0.1, 0.7);
  const rows = Array.from({ length: 4 }, pass);
  expect([rows.flat().length, counted]).toEqual([4, 4]);
});

test('pods that cost much are looked at one at a time, in a tenth of the time, and none is left out', () => {
  start(5, 200);
  while (clockMs < 60_000) pass();
  expect(looked.length * 200).toBeLessThanOrEqual(clockMs / 10 + 200);
  expect(looked.length).toBeGreaterThan(10);
  expect(new Set(looked).size).toBe(5);
});

test('a pod whose interfaces have changed is told at its next look, and only then', () => {
  start(2, 0.1);
  pass();
  expect(retaps).toBe(0);
  changed.add('pod-1');
  pass();
  expect(retaps).toBe(1);
});
