import { expect, test } from 'vitest';
import { formatDuration, parseDuration } from '../../../src/app/cli/duration.ts';

test.each([
  ['500ms', 500],
  ['12s', 12_000],
  ['30m', 1_800_000],
  ['2h', 7_200_000],
  ['365d', 31_536_000_000],
])('%s is %i ms', (text, ms) => {
  expect(parseDuration(text, '--for')).toBe(ms);
});

test.each(['', '30', 'm', '0s', '-5m', '1.5h', '30 m', '366d', '1e3s', '9999999999s'])(
  '"%s" is refused in a sentence naming the option',
  (text) => {
    expect(() => parseDuration(text, '--for')).toThrow(`--for "${text}" is not a duration`);
  },
);

test.each([
  [340, '340 ms'],
  [12_000, '12 s'],
  [1_800_000, '30 min'],
  [3_900_000, '1 h 5 min'],
])('%i ms reads %s', (ms, text) => {
  expect(formatDuration(ms)).toBe(text);
});
