// What a client remembers of what it received: enough to drop what comes twice, and no more than its capacity.
import { expect, test } from 'vitest';
import { createSeenEvents } from '../../../src/io/feed/seen-events.ts';
import { sampleFlow } from '../../helpers/sample-flow.ts';

const start = Date.parse('2026-11-23T03:00:00.000Z');
const flow = (number: number): ReturnType<typeof sampleFlow> =>
  sampleFlow({ id: `a${number}`, time: new Date(start + number * 1000).toISOString() });

test('the newest events are known again, those before are forgotten', () => {
  const seen = createSeenEvents({ capacity: 10, overlapMs: 5000 });
  for (let number = 0; number < 25; number++) expect(seen.add(flow(number))).toBe(true);
  for (let number = 15; number < 25; number++) expect(seen.add(flow(number))).toBe(false);
  expect(seen.add(flow(14))).toBe(true);
});

test('it asks again from the overlap before the newest, but from nothing that it has forgotten', () => {
  const seen = createSeenEvents({ capacity: 10, overlapMs: 5000 });
  expect(seen.resumeFromMs()).toBeUndefined();
  for (let number = 0; number < 25; number++) seen.add(flow(number));
  expect(seen.resumeFromMs()).toBe(start + 19_000);
  const short = createSeenEvents({ capacity: 3, overlapMs: 5000 });
  for (let number = 0; number < 25; number++) short.add(flow(number));
  expect(short.resumeFromMs()).toBe(start + 21_001);
});

test('an id that comes again at another time is another event', () => {
  const seen = createSeenEvents({ capacity: 10, overlapMs: 5000 });
  expect([seen.add(flow(1)), seen.add({ ...flow(1), time: flow(2).time }), seen.add(flow(1))]).toEqual([
    true,
    true,
    false,
  ]);
});
