import { expect, test } from 'vitest';
import { valueAt } from '../../../src/core/policy/value-at.ts';

const document: unknown = JSON.parse('{"spec":{"paths":["/a",{"__proto__":1}]}}');

test('a path through objects and lists leads to its value', () => {
  expect(valueAt(document, ['spec', 'paths', 0])).toBe('/a');
  expect(valueAt(document, [])).toBe(document);
});

test('a path that leaves the document leads to nothing, inherited names included', () => {
  expect(valueAt(document, ['spec', 'paths', 7])).toBeUndefined();
  expect(valueAt(document, ['spec', 'paths', 0, 'length'])).toBeUndefined();
  expect(valueAt(document, ['spec', 'constructor'])).toBeUndefined();
  expect(valueAt(document, ['spec', 'paths', 1, '__proto__'])).toBe(1);
});
