import { expect, test } from 'vitest';
import { createPacer, type Pacer } from '../../../../src/app/demo/traffic/pacer.ts';

/** A clock that only sleeping moves. */
function simulated(perSecond: number): { pacer: Pacer; clock: { ms: number } } {
  const clock = { ms: 1000 };
  const pacer = createPacer({
    perSecond,
    now: () => clock.ms,
    sleep: (ms) => {
      clock.ms += ms;
      return Promise.resolve();
    },
    jitter: () => 1,
  });
  return { pacer, clock };
}

test('turns come at the wanted rate', async () => {
  const { pacer, clock } = simulated(50);
  for (let i = 0; i <= 100; i++) await pacer.turn(1);
  expect(clock.ms).toBeCloseTo(1000 + 2000, 5);
});

test('a turn that costs more makes the next one wait longer', async () => {
  const { pacer, clock } = simulated(10);
  await pacer.turn(8);
  expect(clock.ms).toBe(1000);
  await pacer.turn(1);
  expect(clock.ms).toBe(1800);
});

test('a stall is not followed by a flood', async () => {
  const { pacer, clock } = simulated(100);
  await pacer.turn(1);
  clock.ms += 60_000;
  const resumedMs = clock.ms;
  for (let i = 0; i < 121; i++) await pacer.turn(1);
  // 200 ms are caught up at once: 120 turns of 10 ms take one second instead of one and a fifth.
  expect(clock.ms - resumedMs).toBeCloseTo(1000, 5);
});

test('those who wait together get different turns', async () => {
  const waits: number[] = [];
  const pacer = createPacer({
    perSecond: 10,
    now: () => 0,
    sleep: (ms) => {
      waits.push(ms);
      return Promise.resolve();
    },
    jitter: () => 1,
  });
  await Promise.all([pacer.turn(1), pacer.turn(1), pacer.turn(1)]);
  expect(waits).toEqual([100, 200]);
});
