import { expect, test } from 'vitest';
import { countField, field, listField, textField } from '../../../../src/app/demo/http/fields.ts';

test('only own properties count, so a prototype name reads as absent', () => {
  expect(field(JSON.parse('{"a":1}'), '__proto__')).toBeUndefined();
  expect(field({}, 'constructor')).toBeUndefined();
  expect(field(null, 'a')).toBeUndefined();
  expect(field('text', 'length')).toBeUndefined();
});

test('text is bounded and of type text', () => {
  expect(textField({ a: 'x' }, 'a')).toBe('x');
  expect(textField({ a: 'x'.repeat(11) }, 'a', 10)).toBeUndefined();
  expect(textField({ a: 5 }, 'a')).toBeUndefined();
});

test.each([-1, 1.5, Number.NaN, 2 ** 31 + 1, '3'])('%j is no count', (value) => {
  expect(countField({ a: value }, 'a')).toBeUndefined();
});

test('a list is cut at its limit and anything else is an empty one', () => {
  expect(listField({ a: [1, 2, 3] }, 'a', 2)).toEqual([1, 2]);
  expect(listField({ a: { length: 3 } }, 'a')).toEqual([]);
});
