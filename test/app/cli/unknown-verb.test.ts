// The first word of the command line when it is none of ours.
import { expect, test } from 'vitest';
import { unknownVerb } from '../../../src/app/cli/unknown-verb.ts';
import { verbNames } from '../../../src/app/cli/verbs.ts';

test.each([
  ['observ', 'observe'],
  ['obsreve', 'observe'],
  ['polices', 'policies'],
  ['blok', 'block'],
  ['dmeo', 'demo'],
  ['rec', 'record'],
  ['throtle', 'throttle'],
])('%j probably means %s', (word, verb) => {
  expect(unknownVerb([word, 'x'], verbNames)).toMatchObject({
    code: 'UNKNOWN_VERB',
    message: `There is no verb "${word}"; did you mean ${verb}?`,
  });
});

test('what is like no verb is named, with all that there are', () => {
  const error = unknownVerb(['bogus'], verbNames);
  expect(error?.message).toBe('There is no verb "bogus".');
  for (const verb of verbNames) expect(error?.hint).toContain(verb);
  expect(unknownVerb(['x'.repeat(100_000)], verbNames)?.code).toBe('UNKNOWN_VERB');
});

test('verbs, options, help and nothing at all are left alone', () => {
  for (const argv of [[], ['--connect', '1'], ['-h'], ['help'], ...verbNames.map((verb) => [verb, 'x'])])
    expect(unknownVerb(argv, verbNames)).toBeUndefined();
});
