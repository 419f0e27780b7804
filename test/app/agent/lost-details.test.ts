// That details were not kept is told, with how many, and only when it is so.
import { expect, test } from 'vitest';
import { createLostDetails } from '../../../src/app/agent/lost-details.ts';
import { lostEventSchema } from '../../../src/core/model/event.ts';

test('light flows are counted into one lost event per asking', () => {
  const details = createLostDetails();
  for (let index = 0; index < 20; index++) details.count(1);
  const lost = details.taken(Date.UTC(2026, 10, 23));
  expect(lostEventSchema.parse(lost)).toEqual({
    type: 'lost',
    time: '2026-11-23T00:00:00.000Z',
    where: 'details',
    count: 20,
  });
  expect(details.taken(Date.UTC(2026, 10, 23))).toBeUndefined();
});

test('nothing is said while every flow has its details', () => {
  expect(createLostDetails().taken(0)).toBeUndefined();
});
