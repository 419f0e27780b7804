import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createTimerWheel, type WheelEntry } from '../../../src/io/kernel/timer-wheel.ts';

interface Entry extends WheelEntry {
  readonly name: string;
}

const entry = (name: string): Entry => ({
  name,
  wheelTick: -1,
  wheelNext: undefined,
  wheelPrevious: undefined,
});

const wheelAt = (nowMs: number, slots = 16) => createTimerWheel<Entry>({ tickMs: 100, slots, nowMs });

test('an entry is due at its time, or up to one tick later, and never before', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 0, max: 1_400 }),
      fc.array(fc.integer({ min: 1, max: 90 }), { minLength: 30, maxLength: 60 }),
      (delayMs, steps) => {
        const wheel = wheelAt(5_000);
        wheel.schedule(entry('a'), 5_000 + delayMs);
        let nowMs = 5_000;
        let dueAt = 0;
        for (const step of [...steps, 1_600]) {
          nowMs += step;
          const at = nowMs;
          wheel.advance(nowMs, () => (dueAt = at));
          if (dueAt === 0) expect(nowMs).toBeLessThan(5_000 + delayMs + 200);
          else break;
        }
        expect(dueAt).toBeGreaterThanOrEqual(5_000 + delayMs);
      },
    ),
  );
});

test('beyond the horizon an entry is looked at early, so that its owner can say when again', () => {
  const wheel = wheelAt(0);
  wheel.schedule(entry('far'), 1_000_000);
  const due: number[] = [];
  for (let nowMs = 0; nowMs <= 1_600; nowMs += 100) wheel.advance(nowMs, () => due.push(nowMs));
  expect(due).toEqual([1_500]);
});

test('an entry rescheduled while it is due comes again, once', () => {
  const wheel = wheelAt(0);
  const again = entry('again');
  wheel.schedule(again, 100);
  const due: number[] = [];
  for (let nowMs = 100; nowMs <= 1_000; nowMs += 100)
    wheel.advance(nowMs, (found) => {
      due.push(nowMs);
      if (due.length < 3) wheel.schedule(found, nowMs + 200);
    });
  expect(due).toEqual([100, 300, 500]);
});

test('hasten only ever moves an entry closer', () => {
  const wheel = wheelAt(0);
  const one = entry('one');
  wheel.schedule(one, 800);
  wheel.hasten(one, 1_200);
  wheel.hasten(one, 300);
  const due: number[] = [];
  for (let nowMs = 100; nowMs <= 1_500; nowMs += 100) wheel.advance(nowMs, () => due.push(nowMs));
  expect(due).toEqual([300]);
});

test('a cancelled entry is not due, and its neighbours in the slot are', () => {
  const wheel = wheelAt(0);
  const entries = ['a', 'b', 'c', 'd'].map(entry);
  for (const one of entries) wheel.schedule(one, 500);
  for (const index of [0, 2]) wheel.cancel(entries[index]!);
  wheel.cancel(entries[0]!);
  const due: string[] = [];
  wheel.advance(500, (one) => due.push(one.name));
  expect(due.sort()).toEqual(['b', 'd']);
});

test('after a pause longer than the wheel nothing is forgotten', () => {
  const wheel = wheelAt(0);
  for (let index = 0; index < 15; index++) wheel.schedule(entry(`e${index}`), index * 100);
  let due = 0;
  wheel.advance(1_000_000, () => due++);
  expect(due).toBe(15);
});
