// What was refused at the source and not heard of is told as a number, exactly, and never before it can no longer come.
import { expect, test } from 'vitest';
import { createRefusalSums } from '../../../src/core/plan/refusal-sums.ts';

test('what is still on its way is not lost; what was counted a look ago and not heard is', () => {
  const sums = createRefusalSums();
  expect(sums.counted(10, 0)).toBe(0);
  sums.heard(7);
  expect(sums.counted(10, 100)).toBe(0);
  expect(sums.counted(30, 500)).toBe(3);
  sums.heard(20);
  expect(sums.counted(30, 1_000)).toBe(0);
  expect(sums.counted(30, 1_500)).toBe(0);
});

test('heard and lost come to what was counted, whatever the order', () => {
  const sums = createRefusalSums();
  let lost = 0;
  let heard = 0;
  for (let look = 0; look < 40; look += 1) {
    const part = look % 3 === 0 ? 90 : 30;
    if (look < 30) sums.heard(part);
    heard += look < 30 ? part : 0;
    lost += sums.counted(Math.min(look + 1, 30) * 100, look * 500);
  }
  expect(heard + lost).toBe(3_000);
});

test('a table made anew counts from 0, and what is heard ahead of its count takes nothing away', () => {
  const sums = createRefusalSums();
  sums.heard(5);
  expect(sums.counted(5, 0)).toBe(0);
  sums.heard(2);
  expect(sums.counted(2, 500)).toBe(0);
  expect(sums.counted(4, 1_000)).toBe(0);
  expect(sums.counted(4, 1_500)).toBe(2);
});

test('at the end everything that was not heard is lost', () => {
  const sums = createRefusalSums();
  sums.heard(4);
  sums.counted(6, 0);
  expect(sums.last(9)).toBe(5);
  expect(sums.last(9)).toBe(0);
});
