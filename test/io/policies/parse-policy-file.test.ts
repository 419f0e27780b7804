// Policy files that hold no policy: each is one rejection in one sentence, whatever is in it.
import { expect, test } from 'vitest';
import { parsePolicyFile } from '../../../src/io/policies/parse-policy-file.ts';
import { yaml } from './policy-samples.ts';

const rejectionOf = (text: string): string => {
  const read = parsePolicyFile('a.yaml', text);
  return read.ok ? 'accepted' : `${read.rejection.code} ${read.rejection.message}`;
};

test.each([
  ['lists in lists on one line', '- '.repeat(20_000)],
  ['keys in keys on one line', '? '.repeat(20_000)],
  ['brackets', '['.repeat(20_000)],
  ['braces over lines', '{a:\n'.repeat(20_000)],
])('%s are refused with a sentence', (_, text) => {
  expect(rejectionOf(text)).toBe(
    'YAML_TOO_DEEP a.yaml: its nesting is deeper than any policy: at most 100 levels are read.',
  );
});

test('a line of dashes is no nesting, and a sentence that ends in a question has one mark', () => {
  expect(rejectionOf(`${yaml('a')}# ${'-'.repeat(300)}\n`)).toBe('accepted');
  expect(rejectionOf(yaml('a').replace('mode: Enforce', 'mode: enforce'))).toMatch(/Did you mean Enforce\?$/);
});
