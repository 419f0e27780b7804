// One minor version apart works, and anything further is a sentence with its cure.
import { expect, test } from 'vitest';
import { skewOf, skewSentence, stepSentence } from '../../../src/core/install/version-skew.ts';

test.each([
  ['0.1.0', '0.1.7', { type: 'same' }],
  ['0.1.0', 'v0.2.0-rc.1', { type: 'near' }],
  ['0.3.0', '0.2.9', { type: 'near' }],
  ['0.1.0', '0.3.0', { type: 'far', older: 'ours' }],
  ['0.3.0', '0.1.0', { type: 'far', older: 'theirs' }],
  ['1.0.0', '0.9.0', { type: 'far', older: 'theirs' }],
  ['0.1.0', 'latest', { type: 'unknown' }],
  ['0.1.0', '', { type: 'unknown' }],
])('%s meets %s: %j', (ours, theirs, skew) => expect(skewOf(ours, theirs)).toEqual(skew));

test('who works together is told nothing', () => {
  for (const theirs of ['0.1.0', '0.2.0', 'latest', '']) {
    expect(skewSentence('0.1.0', theirs, 'The hub')).toBe('');
    expect(stepSentence('0.1.0', theirs)).toBe('');
  }
});

test('who does not is told what cures it', () => {
  expect(skewSentence('0.1.0', '0.3.0', 'The hub')).toBe(
    'The hub is of version 0.3.0 and this program of 0.1.0, more than one minor version apart: use a kubectl api-defense of version 0.3.0.',
  );
  expect(skewSentence('0.4.0', '0.1.2', 'The hub')).toMatch(
    /: upgrade it one minor .*, first to 0\.2, or use /,
  );
  expect(stepSentence('0.4.0', '0.1.2')).toMatch(
    /Upgrade to 0\.2 first, with the kubectl api-defense of that version\.$/,
  );
  expect(stepSentence('0.1.0', '0.4.0')).toMatch(/Use a kubectl api-defense of version 0\.4\.0\.$/);
});
