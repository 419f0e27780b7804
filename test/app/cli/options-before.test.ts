import { expect, test } from 'vitest';
import { withOptionsBefore } from '../../../src/app/cli/options-before.ts';

const context = { name: 'context', flag: '--context', value: 'staging' };
const known = new Set(['context', 'output']);

test('an option before the verb is the verb’s, and one behind it counts more', () => {
  const own = { output: 'table' };
  expect(withOptionsBefore('observe', { before: [context], own, typed: new Set(), known })).toEqual({
    context: 'staging',
    output: 'table',
  });
  const typed = { context: 'kind', output: 'table' };
  expect(
    withOptionsBefore('observe', { before: [context], own: typed, typed: new Set(['context']), known }),
  ).toEqual(typed);
});

test('one that the verb does not have is refused, not ignored', () => {
  const told = { before: [context], own: {}, typed: new Set<string>(), known: new Set<string>() };
  expect(() => withOptionsBefore('demo', told)).toThrow('--context was written before "demo"');
});
