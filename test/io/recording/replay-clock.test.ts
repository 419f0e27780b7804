// Recording time that runs, stands and is moved, and never leaves the recording.
import { expect, test } from 'vitest';
import { createReplayClock, replaySpeed, type ReplayClock } from '../../../src/io/recording/replay-clock.ts';

const clock = (speed = 1, paused = false): ReplayClock =>
  createReplayClock({ startMs: 1_000, endMs: 11_000, speed, paused, wallMs: 0 });

test('it runs at its speed from the start to the end and no further', () => {
  const on = clock(2);
  expect([0, 500, 5_000, 50_000].map((wallMs) => on.nowMs(wallMs))).toEqual([1_000, 2_000, 11_000, 11_000]);
});

test('paused it stands, and goes on from there', () => {
  const on = clock();
  on.setPaused(true, 1_000);
  expect([on.paused(), on.nowMs(9_000)]).toEqual([true, 2_000]);
  on.setPaused(false, 9_000);
  expect([on.paused(), on.nowMs(9_500)]).toEqual([false, 2_500]);
});

test('another speed changes what is to come, not what was', () => {
  const on = clock();
  on.setSpeed(10, 1_000);
  expect([on.nowMs(1_000), on.nowMs(1_100)]).toEqual([2_000, 3_000]);
});

test.each([
  [0, replaySpeed.min],
  [-5, replaySpeed.min],
  [1e9, replaySpeed.max],
  [Number.NaN, 1],
  [0.5, 0.5],
])('a speed of %d is %d', (wanted, speed) => {
  expect(clock(wanted).speed()).toBe(speed);
  const on = clock();
  on.setSpeed(wanted, 0);
  expect(on.speed()).toBe(speed);
});

test('moved beyond either end it is at that end, and a wall clock set back moves nothing', () => {
  const on = clock();
  on.moveTo(99_000, 100);
  expect(on.nowMs(100)).toBe(11_000);
  on.moveTo(-5, 200);
  expect(on.nowMs(200)).toBe(1_000);
  expect(on.nowMs(100)).toBe(1_000);
});
