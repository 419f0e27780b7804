// Completion offers what would be valid at the cursor and replaces exactly the part that was typed.
import { describe, expect, test } from 'vitest';
import { completeFilter } from '../../../src/core/filter/complete-filter.ts';
import type { FilterField } from '../../../src/core/filter/filter.ts';
import { fieldRows } from '../../../src/core/filter/filter.ts';
import { nearest } from '../../../src/core/filter/nearest.ts';
import { parseFilter } from '../../../src/core/filter/parse-filter.ts';

const known = (field: FilterField): readonly string[] =>
  field === 'from' || field === 'to' ? ['cart', 'catalog', 'my service'] : [];

/** The text with the first proposal taken. */
function take(text: string): string {
  const [first] = completeFilter(text, text.length, known);
  return first ? text.slice(0, first.start) + first.insert + text.slice(first.end) : text;
}

describe('proposals', () => {
  test.each([
    ['fr', 'from:'],
    ['from:ca', 'from:cart '],
    ['from:cart,cat', 'from:cart,catalog '],
    ['from:my', 'from:"my service" '],
    ['to:x !st', 'to:x !status>='],
    ['verdict:b', 'verdict:block '],
    ['(met', '(method:'],
    ['method:po', 'method:POST '],
    ['severity>=h', 'severity>=high '],
    ['zzz', 'zzz'],
  ])('%s becomes %s', (text, expected) => {
    expect(take(text)).toBe(expected);
  });

  test('an empty filter offers every field', () => {
    expect(completeFilter('', 0, known).map((each) => each.label)).toEqual(fieldRows.map((row) => row.field));
  });

  test('the middle of a text is completed at the cursor', () => {
    const [first] = completeFilter('fr to:cart', 2, known);
    expect(first).toMatchObject({ insert: 'from:', start: 0, end: 2 });
  });

  test('every value offered is valid', () => {
    for (const row of fieldRows)
      for (const each of completeFilter(`${row.field}:`, row.field.length + 1, known))
        expect(parseFilter(`${row.field}:${each.insert}`)).toMatchObject({ ok: true });
  });
});

test('the nearest name is a slip away, or none', () => {
  const names = ['from', 'status', 'severity', 'policy'];
  expect(nearest('sttus', names)).toBe('status');
  expect(nearest('poli', names)).toBe('policy');
  expect(nearest('FROM', names)).toBe('from');
  expect(nearest('qqqqq', names)).toBeUndefined();
});

test('ended: offers the words for how an exchange was cut off', () => {
  const offered = completeFilter('ended:client', 12, () => []).map(({ label }) => label);
  expect(offered).toEqual(['client-reset']);
});
