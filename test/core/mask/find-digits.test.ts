// Numbers in running text: which are cards, social security numbers and phones, and which must stay readable.
import { expect, test } from 'vitest';
import { findDigits } from '../../../src/core/mask/find-digits.ts';
import type { Span } from '../../../src/core/mask/span.ts';

function found(text: string): string[] {
  const spans: Span[] = [];
  findDigits(text, spans);
  return spans.map(({ start, end, cls }) => `${cls} ${text.slice(start, end)}`);
}

test.each([
  ['4111111111111111', 'card 4111111111111111'],
  ['paid with 4111 1111 1111 1111 today', 'card 4111 1111 1111 1111'],
  ['4111-1111-1111-1111', 'card 4111-1111-1111-1111'],
  ['3782 822463 10005', 'card 3782 822463 10005'],
  ['my card 9999 9999 9999 9995', 'card 9999 9999 9999 9995'],
  ['078-05-1120', 'ssn 078-05-1120'],
  ['ssn 078 05 1120.', 'ssn 078 05 1120'],
  ['415-555-2671', 'phone 415-555-2671'],
  ['(415) 555-2671', 'phone (415) 555-2671'],
  ['1-415-555-2671', 'phone 1-415-555-2671'],
  ['+49 30 901820', 'phone +49 30 901820'],
  ['+12345678', 'phone +12345678'],
  ['0489 25 37 29', 'phone 0489 25 37 29'],
  ['call 5552671', 'phone 5552671'],
  ['tel: 555-26-71', 'phone 555-26-71'],
])('%s holds %s', (text, span) => {
  expect(found(text)).toEqual([span]);
});

test.each([
  ['a checksum that fails', '4111111111111112'],
  ['groups that no card has', '41 11 11 11 11 11 11 11'],
  ['separators that differ', '4111-1111 1111-1111'],
  ['dots in a card', '4111.1111.1111.1111'],
  ['a checksum without issuer or word', '9999 9999 9999 9995'],
  ['an area that no number has', '666-05-1120'],
  ['other groups than 3-2-4', '1780-5-1120'],
  ['separators that differ in an ssn', '078-05 1120'],
  ['dots in an ssn', '178.05.1120'],
  ['an area code that begins with 1', '115-555-2671'],
  ['an exchange that begins with 1', '415-155-2671'],
  ['a long-distance prefix other than 1', '2-415-555-2671'],
  ['an address', 'call 192.168.100.200'],
  ['a date', 'call 2026-11-23'],
  ['a date the other way round', 'call 23-11-2026'],
  ['an order id', '10001200'],
  ['six digits after a word', 'call 555267'],
  ['fourteen digits after a word', 'call 12345678901234'],
  ['a word too far before', `call ${'x '.repeat(20)}5552671`],
  ['seven digits and a plus', '+1234567'],
  ['sixteen digits and a plus', '+1234567890123456'],
  ['eight digits with a trunk prefix', '0489 25 37'],
  ['twelve digits with a trunk prefix', '0489 25 37 29 11'],
  ['two groups with a trunk prefix', '04892 53729'],
  ['no trunk prefix', '1489 25 37 29'],
  ['letters before it', 'a4111111111111111'],
  ['letters after it', '4111111111111111b'],
  ['a word and a dash before it', 'id-4111111111111111'],
])('%s is none: %s', (_why, text) => {
  expect(found(text)).toEqual([]);
});

test('several in one text are found each by itself', () => {
  expect(found('cards 4111111111111111, 378282246310005; ssn 078-05-1120')).toEqual([
    'card 4111111111111111',
    'card 378282246310005',
    'ssn 078-05-1120',
  ]);
});

test('a number longer than any phone or card is passed over whole, in one walk', () => {
  expect(found('4'.repeat(10_000))).toEqual([]);
  expect(found(`${'1'.repeat(41)}, 415-555-2671`)).toEqual(['phone 415-555-2671']);
});
