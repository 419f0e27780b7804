import { expect, test } from 'vitest';
import {
  drawPeople,
  firstPersonId,
  luhnDigit,
  peopleCount,
  takenOverPerson,
  weakPasswords,
} from '../../../../src/app/demo/data/people.ts';
import { createRandom } from '../../../../src/app/demo/seeded-random.ts';

const people = drawPeople(createRandom(11));

/** Written from the standard, other than the code under test: doubles from the right, digit sums, divisible by ten. */
function passesLuhn(number: string): boolean {
  const sum = Array.from(number)
    .reverse()
    .reduce((total, digit, index) => {
      const value = Number(digit) * (index % 2 === 1 ? 2 : 1);
      return total + Math.floor(value / 10) + (value % 10);
    }, 0);
  return sum % 10 === 0;
}

test('every card number is a valid one, so that masking has something to find', () => {
  expect(people.filter(({ card }) => !passesLuhn(card.number) || card.number.length !== 16)).toEqual([]);
});

test('the check digit of a well-known test card is right', () => {
  expect(luhnDigit('424242424242424')).toBe(2);
  expect(luhnDigit('601111111111111')).toBe(7);
});

test('ids follow each other, mail addresses are unique and lead nowhere', () => {
  expect(people.map(({ id }) => id)).toEqual(
    Array.from({ length: peopleCount }, (_, index) => firstPersonId + index),
  );
  expect(new Set(people.map(({ email }) => email)).size).toBe(peopleCount);
  expect(people.filter(({ email }) => !/@example\.(com|org|net)$/.test(email))).toEqual([]);
});

test('the same seed gives the same people, whatever else was drawn', () => {
  const random = createRandom(11);
  random.next();
  expect(drawPeople(random)).toEqual(people);
  expect(drawPeople(createRandom(12))).not.toEqual(people);
});

test('some people have a password from the top of every list, most have not', () => {
  const weak = people.filter(({ password }) => weakPasswords.includes(password)).length;
  expect(weak).toBeGreaterThan(0);
  expect(weak).toBeLessThan(peopleCount / 5);
});

test('the taken-over account is the last one', () => {
  expect(takenOverPerson(people).id).toBe(firstPersonId + peopleCount - 1);
});
