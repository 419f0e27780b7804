import { expect, test } from 'vitest';
import { createLegWays, legWay, otherWay } from '../../../src/io/kernel/leg-way.ts';

const { loopback, direct } = legWay;

test('the loopback address is tried first, until the other way was the one that worked', () => {
  const ways = createLegWays();
  expect(ways.first('10.0.0.1:80')).toBe(loopback);
  ways.reached('10.0.0.1:80', loopback);
  expect(ways.first('10.0.0.1:80')).toBe(loopback);
  ways.reached('10.0.0.1:80', direct);
  expect(ways.first('10.0.0.1:80')).toBe(direct);
  expect(ways.first('[fd77::1]:80')).toBe(loopback);
  expect(ways.first('10.0.0.1:81')).toBe(loopback);
});

test('what works through loopback goes there from then on', () => {
  const ways = createLegWays();
  ways.reached('10.0.0.1:80', direct);
  ways.reached('10.0.0.1:80', loopback);
  expect(ways.first('10.0.0.1:80')).toBe(loopback);
});

test('loopback is tried again now and then, since a server for every address refuses neither', () => {
  const ways = createLegWays();
  const tried: number[] = [];
  ways.reached('10.0.0.1:80', direct);
  for (let connection = 0; connection < 640; connection++) {
    tried.push(ways.first('10.0.0.1:80'));
    ways.reached('10.0.0.1:80', direct);
  }
  expect(tried.filter((way) => way === loopback)).toHaveLength(10);
});

test('a refusal leaves the other way', () => {
  expect([otherWay(loopback), otherWay(direct)]).toEqual([direct, loopback]);
});
