// The regex engine agrees with JavaScript's on what it supports, and no pattern or text makes it slow.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import { compileRegex } from '../../../src/core/filter/linear-regex.ts';
import { compileProgram, regexLimits } from '../../../src/core/filter/regex-program.ts';

function search(pattern: string, text: string): boolean {
  const compiled = compileRegex(pattern);
  if (!compiled.ok) throw new Error(compiled.message);
  return compiled.test(text);
}

const atom = fc.constantFrom(
  'a',
  'b',
  'c',
  '.',
  '[ab]',
  '[^a]',
  '\\d',
  '\\w',
  '(?:ab)',
  '(a|b)',
  '[a-c0]',
  '\\.',
  '(|a)',
);
const repeat = fc.constantFrom('', '', '', '*', '+', '?', '{2}', '{1,2}', '{0,}', '*?');
const pattern = fc
  .tuple(
    fc.constantFrom('', '^'),
    fc.array(
      fc.tuple(atom, repeat).map(([a, r]) => a + r),
      { maxLength: 6 },
    ),
    fc.constantFrom('', '$', '|c'),
  )
  .map(([start, middle, end]) => start + middle.join('') + end);

describe('agreement with the language', () => {
  test('on generated patterns and texts', () => {
    fc.assert(
      fc.property(
        pattern,
        fc.string({ unit: fc.constantFrom('a', 'b', 'c', '0', '.', '-'), maxLength: 12 }),
        (source, text) => {
          expect([source, text, search(source, text)]).toEqual([
            source,
            text,
            new RegExp(source, 's').test(text),
          ]);
        },
      ),
      { numRuns: 5000 },
    );
  });

  test.each([
    ['/orders/[0-9]+$', '/orders/17', true],
    ['/orders/[0-9]+$', '/orders/17/x', false],
    ['^/(v1|v2)/', '/v2/users', true],
    ['a\\/b', 'a/b', true],
    ['[]a]', ']', true],
    ['[a-]', '-', true],
    ['x{,3}', 'x{,3}', true],
  ])('%s on %s is %s', (source, text, expected) => {
    expect(search(source, text)).toBe(expected);
  });
});

describe('refusals', () => {
  test.each([
    '(a',
    'a)',
    '[a',
    '*a',
    'a**',
    '(?=a)',
    '(?<n>a)',
    '\\1',
    '\\b',
    'a{3,2}',
    'a{101}',
    '[z-a]',
    '[\\D]',
    'a\\',
    '^*',
  ])('%s', (source) => {
    expect(compileRegex(source)).toMatchObject({ ok: false });
  });

  test('patterns that would grow without bound are refused or stay small', () => {
    expect(compileRegex('a'.repeat(257))).toMatchObject({ ok: false });
    expect(compileRegex('((a{100}){100}){100}')).toMatchObject({ ok: false });
    expect(compileRegex('(((){100}){100}){100}').ok).toBe(true);
    expect(compileRegex('('.repeat(100) + ')'.repeat(100))).toMatchObject({ ok: false });
    expect(compileProgram('(a|b)*c').length).toBeLessThan(regexLimits.instructions);
  });
});

test('the patterns that explode elsewhere cost no more than instructions times characters', () => {
  const text = 'a'.repeat(20_000);
  // Exponential in a backtracking engine: these would not come back within the life of the machine.
  for (const source of ['^(a+)+$', '^(a|a)*b$', '(a*)*b', '^(a|aa)+$', '(.*)(.*)(.*)(.*)x']) {
    const compiled = compileRegex(source);
    expect([source, compiled.ok && compiled.test(`${text}!`)]).toEqual([source, false]);
  }
});

test('only the beginning of a very long text is searched', () => {
  expect(search('z', `${'a'.repeat(5000)}z`)).toBe(false);
  expect(search('z', `${'a'.repeat(4000)}z`)).toBe(true);
  expect(search('a$', 'a'.repeat(5000))).toBe(false);
});
