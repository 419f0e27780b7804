// Keys by place against a plain map, over any story of putting and emptying, also where the table is crowded.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { createKeyPlaces } from '../../../src/core/model/key-places.ts';

test('says of every key what a map would say, whatever was put and emptied before', () => {
  fc.assert(
    fc.property(
      fc.integer({ min: 1, max: 40 }),
      fc.array(fc.record({ place: fc.nat(39), key: fc.nat(60), empty: fc.boolean() }), { maxLength: 200 }),
      (capacity, steps) => {
        const places = createKeyPlaces(capacity);
        const model = new Map<number, string>();
        for (const step of steps) {
          const place = step.place % capacity;
          const key = `a1-${step.key}`;
          if (step.empty) {
            places.empty(place);
            model.delete(place);
          } else if (!model.has(place) && ![...model.values()].includes(key)) {
            places.put(place, key);
            model.set(place, key);
          }
        }
        const byKey = new Map([...model].map(([place, key]) => [key, place]));
        for (let each = 0; each <= 60; each++)
          expect(places.placeOf(`a1-${each}`)).toBe(byKey.get(`a1-${each}`) ?? -1);
      },
    ),
    { numRuns: 500 },
  );
});

test('of 200,000 ids that differ in little, each is found where it lies and none elsewhere', () => {
  const capacity = 50_000;
  const places = createKeyPlaces(capacity);
  const idOf = (number: number): string => `a1-${number.toString(36)} 2026-11-23T03:00:00.${number % 1000}Z`;
  let wrong = 0;
  for (let number = 0; number < 4 * capacity; number++) {
    if (places.placeOf(idOf(number)) !== -1) wrong++;
    if (number >= capacity) places.empty(number % capacity);
    places.put(number % capacity, idOf(number));
  }
  for (let number = 3 * capacity; number < 4 * capacity; number++)
    if (places.placeOf(idOf(number)) !== number % capacity) wrong++;
  expect(wrong).toBe(0);
});

test('nothing is left after clearing', () => {
  const places = createKeyPlaces(4);
  places.put(2, 'a');
  places.clear();
  expect(places.placeOf('a')).toBe(-1);
  places.empty(2);
  places.put(2, 'a');
  expect(places.placeOf('a')).toBe(2);
});
