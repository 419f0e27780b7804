// Names go to main once, again before it forgets them, and only of those that nobody knows.
import { expect, test } from 'vitest';
import { createTapNames } from '../../../../src/io/kernel/tap/tap-names.ts';

const minuteMs = 60_000;

function lab(isKnown: (address: string) => boolean = () => false) {
  const told: string[] = [];
  const names = createTapNames(isKnown);
  const taps = ['a', 'b'].map((pod) =>
    names.for(({ address, name, ttlSeconds }) => told.push(`${pod} ${address} ${name} ${ttlSeconds}`)),
  );
  const learn = (nowMs: number, name = 'x.example', address = '192.0.2.1', pod = 0): void =>
    taps[pod]?.learn(address, name, 60, nowMs);
  return { told, learn };
}

test('a name is told once, whichever pod asks again', () => {
  const { told, learn } = lab();
  learn(0);
  learn(minuteMs);
  learn(2 * minuteMs, 'x.example', '192.0.2.1', 1);
  expect(told).toEqual(['a 192.0.2.1 x.example 60']);
});

test('another name for the address is told at once', () => {
  const { told, learn } = lab();
  learn(0);
  learn(1, 'y.example');
  expect(told).toEqual(['a 192.0.2.1 x.example 60', 'a 192.0.2.1 y.example 60']);
});

test('a name that is still asked for is told again before main forgets it after ten minutes', () => {
  const { told, learn } = lab();
  for (let minute = 0; minute <= 20; minute++) learn(minute * minuteMs);
  expect(told).toHaveLength(5);
});

test('an address that the directory knows needs no name', () => {
  const { told, learn } = lab((address) => address === '10.0.0.3');
  learn(0, 'orders.shop.svc', '10.0.0.3');
  learn(0);
  expect(told).toEqual(['a 192.0.2.1 x.example 60']);
});

test('what is remembered is bounded: the address told longest ago is told again', () => {
  const { told, learn } = lab();
  for (let at = 0; at <= 4_096; at++) learn(0, 'x.example', `10.1.${at >> 8}.${at & 255}`);
  learn(1, 'x.example', '10.1.0.1');
  learn(1, 'x.example', '10.1.0.0');
  expect(told.slice(4_097)).toEqual(['a 10.1.0.0 x.example 60']);
});
