// The filter grammar: what is accepted, what tree it becomes, and where and why the rest is refused.
import fc from 'fast-check';
import { describe, expect, test } from 'vitest';
import type { FilterNode } from '../../../src/core/filter/filter.ts';
import { compileFilter, compileFindingFilter } from '../../../src/core/filter/compile-filter.ts';
import { parseFilter } from '../../../src/core/filter/parse-filter.ts';
import { sampleFinding, sampleFlow } from './samples.ts';

/** The tree in short: `from:a`, `"word"`, `(and …)`. */
function shape(node: FilterNode | undefined): string {
  if (node === undefined) return '';
  switch (node.type) {
    case 'word':
      return `"${node.text}"`;
    case 'field':
      return `${node.field}${node.op}${node.value}`;
    case 'not':
      return `(not ${shape(node.node)})`;
    case 'and':
    case 'or':
      return `(${node.type} ${node.nodes.map(shape).join(' ')})`;
  }
}

const shapeOf = (text: string): string => {
  const parsed = parseFilter(text);
  return parsed.ok ? shape(parsed.node) : `refused: ${parsed.message}`;
};

describe('trees', () => {
  test.each([
    ['', ''],
    ['   ', ''],
    ['cart', '"cart"'],
    ['"two words"', '"two words"'],
    ['"say \\"hi\\""', '"say "hi""'],
    ['from:cart', 'from:cart'],
    ['src:cart', 'from:cart'],
    ['FROM:cart', 'from:cart'],
    ['from:cart to:pay*', '(and from:cart to:pay*)'],
    ['from:a from:b to:c', '(and (or from:a from:b) to:c)'],
    ['from:a to:c from:b', '(and (or from:a from:b) to:c)'],
    ['from:a,b to:c', '(and (or from:a from:b) to:c)'],
    ['from:a,b from:c', '(or from:a from:b from:c)'],
    ['from:a and from:b', '(and from:a from:b)'],
    ['from:a or to:b from:c', '(or from:a (and to:b from:c))'],
    ['from:a or to:b and from:c', '(or from:a (and to:b from:c))'],
    ['(from:a or to:b) status>=500', '(and (or from:a to:b) status>=500)'],
    ['not from:a to:b', '(and (not from:a) to:b)'],
    ['!from:a !from:b', '(and (not from:a) (not from:b))'],
    ['!(from:a or to:b)', '(not (or from:a to:b))'],
    ['from!=a,b', '(and from!=a from!=b)'],
    ['lat>100ms lat<2s', '(and lat>100ms lat<2s)'],
    ['status>=400 status<500', '(and status>=400 status<500)'],
    ['status:4xx status:500', '(or status:4xx status:500)'],
    ['path:~/api/v[0-9]+', 'path~/api/v[0-9]+'],
    ['path:~/(a|b)/c', 'path~/(a|b)/c'],
    ['path~^/x', 'path~^/x'],
    ['path:~"two words"', 'path~two words'],
    ['~orders?~', 'text~orders?'],
    ['path:/a(b)/c)', 'refused: A ) has no partner: remove it or add a (.'],
    ['header:x-a=1 header:x-a=2', '(or header:x-a=1 header:x-a=2)'],
    ['header:x-a header:x-b', '(and header:x-a header:x-b)'],
    ['cart AND status:5xx', '(and "cart" status:5xx)'],
    ['a && b || c', '(or (and "a" "b") "c")'],
    ['/orders/17', '"/orders/17"'],
    ['10.0.0.1:80', '"10.0.0.1:80"'],
  ])('%s', (text, expected) => {
    expect(shapeOf(text)).toBe(expected);
  });
});

describe('refusals', () => {
  test.each([
    ['form:cart', 'FILTER_UNKNOWN_FIELD', 'did you mean from?', 0, 4],
    ['from:a sttus>=500', 'FILTER_UNKNOWN_FIELD', 'did you mean status?', 7, 12],
    ['xyzzyplugh:a', 'FILTER_UNKNOWN_FIELD', 'There is no field "xyzzyplugh"', 0, 10],
    ['from:', 'FILTER_NO_VALUE', 'from: needs a value.', 0, 5],
    ['status:abc', 'FILTER_VALUE', 'Status takes a number', 7, 10],
    ['status>=5xx', 'FILTER_VALUE', 'needs a plain number', 8, 11],
    ['status:500-400', 'FILTER_VALUE', 'ends before it begins', 7, 14],
    ['lat>soon', 'FILTER_VALUE', 'takes a time', 4, 8],
    ['verdict:blocked', 'FILTER_VALUE', 'did you mean block?', 8, 15],
    ['id:a1-5,a1-nfrom:web', 'FILTER_VALUE', 'takes ids such as', 8, 20],
    ['from>a', 'FILTER_VALUE', 'From has no order', 5, 6],
    ['from>~a', 'FILTER_OPERATOR', 'A regex goes with', 0, 7],
    ['path:~[a', 'FILTER_VALUE', 'has a [ without its ]', 5, 8],
    ['path:~(a', 'FILTER_VALUE', 'has a ( without its )', 5, 8],
    ['path:~*', 'FILTER_VALUE', 'has nothing before *', 5, 7],
    ['header:"no good"', 'FILTER_VALUE', 'is not a header name', 7, 16],
    ['(from:a', 'FILTER_BRACKET', 'A ( has no partner', 0, 1],
    ['from:a )', 'FILTER_BRACKET', 'A ) has no partner', 7, 8],
    ['from:a or', 'FILTER_INCOMPLETE', 'stops where a term', 9, 9],
    ['or from:a', 'FILTER_INCOMPLETE', '"or" needs a term', 0, 2],
    ['not', 'FILTER_INCOMPLETE', 'stops where a term', 3, 3],
    ['"open', 'FILTER_QUOTE', 'has no partner', 0, 5],
  ])('%s', (text, code, words, start, end) => {
    const parsed = parseFilter(text);
    expect(parsed).toMatchObject({ ok: false, code, start, end });
    expect(!parsed.ok && parsed.message).toContain(words);
  });

  test('a field that does not apply to the subject is an error, not an empty result', () => {
    expect(parseFilter('severity>=high', 'flow')).toMatchObject({ ok: false, code: 'FILTER_WRONG_SUBJECT' });
    expect(parseFilter('status>=500', 'finding')).toMatchObject({ ok: false, code: 'FILTER_WRONG_SUBJECT' });
    expect(parseFilter('severity>=high', 'finding').ok).toBe(true);
  });

  test('too long, too many terms and too deep are refused', () => {
    expect(parseFilter('a'.repeat(1001))).toMatchObject({ code: 'FILTER_TOO_LONG' });
    expect(parseFilter('a '.repeat(100))).toMatchObject({ code: 'FILTER_TOO_LONG' });
    expect(parseFilter('('.repeat(60) + 'a' + ')'.repeat(60))).toMatchObject({ code: 'FILTER_TOO_DEEP' });
    expect(parseFilter('!'.repeat(60) + 'a')).toMatchObject({ code: 'FILTER_TOO_DEEP' });
  });
});

const piece = fc.constantFrom(
  ...[
    'from',
    'to',
    'path',
    'status',
    'lat',
    'header',
    'x',
    ':',
    '=',
    '!=',
    '>=',
    '<',
    '~',
    '(',
    ')',
    '"',
    '!',
  ],
  ...[
    ' ',
    ' and ',
    ' or ',
    ' not ',
    ',',
    '*',
    '?',
    '[',
    ']',
    '{2,3}',
    '|',
    '\\',
    '4xx',
    '200',
    'ä',
    '\u0000',
    '日',
  ],
);

describe('whatever is typed', () => {
  test('parsing and matching never throw, complaints are sentences within the text', () => {
    fc.assert(
      fc.property(fc.array(piece, { maxLength: 30 }), (pieces) => {
        const text = pieces.join('');
        const parsed = parseFilter(text);
        if (parsed.ok) {
          expect(typeof compileFilter(parsed.node)(sampleFlow())).toBe('boolean');
          expect(typeof compileFindingFilter(parsed.node)(sampleFinding())).toBe('boolean');
          return;
        }
        expect(parsed.message).toMatch(/\.$|\.…$|\.\s*$/);
        expect(parsed.start).toBeGreaterThanOrEqual(0);
        expect(parsed.end).toBeLessThanOrEqual(text.length);
        expect(parsed.start).toBeLessThanOrEqual(parsed.end);
      }),
      { numRuns: 3000 },
    );
  });

  test('any string is accepted or refused', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'binary', maxLength: 200 }), (text) => {
        parseFilter(text);
      }),
      { numRuns: 2000 },
    );
  });
});
