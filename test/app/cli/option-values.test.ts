import { expect, test } from 'vitest';
import { filterOf, numberOption } from '../../../src/app/cli/option-values.ts';
import { sampleFlow } from '../../helpers/sample-flow.ts';

test.each(['x', '-1', '2001', '1.5', '1e3', ''])('--rate "%s" is refused with its range', (text) => {
  expect(() => numberOption({ rate: text }, 'rate', { min: 1, max: 2000 })).toThrow('from 1 to 2000');
});

test('a number in range is read, and one that was not given is undefined', () => {
  expect(numberOption({ rate: '120' }, 'rate', { min: 1, max: 2000 })).toBe(120);
  expect(numberOption({}, 'rate', { min: 1, max: 2000 })).toBeUndefined();
});

test('filter words are one filter, and a wrong field is an error naming it', () => {
  const matches = filterOf(['from:storefront', 'status:200']);
  expect(matches(sampleFlow())).toBe(true);
  expect(matches(sampleFlow({ response: { status: 404, bytes: 0 } }))).toBe(false);
  expect(() => filterOf(['form:storefront'])).toThrow(/form/);
});

test('of a wrong part that is very long only its beginning is repeated', () => {
  expect(() => filterOf(['('.repeat(2000)])).toThrow(/^.{1,200}$/);
});
