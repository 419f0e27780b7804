// The arithmetic that tells cards, accounts and social security numbers from other digits.
import { expect, test } from 'vitest';
import { ibanLength, isCard, isIban, isSsn, passesLuhn } from '../../../src/core/mask/checks.ts';

const digits = Array.from({ length: 10 }, (_, digit) => String(digit));

/** The digits with the check digit that makes the sum right. */
function withLuhn(head: string): string {
  const digit = digits.find((last) => passesLuhn(head + last));
  if (digit === undefined) throw new Error(`no check digit for ${head}`);
  return head + digit;
}
const card = (prefix: string, length: number): string => withLuhn(prefix.padEnd(length - 1, '0'));

test.each(['79927398713', '0', '4111 1111 1111 1111', '4111-1111-1111-1111'])('%s passes Luhn', (text) => {
  expect(passesLuhn(text)).toBe(true);
});

test('exactly one last digit passes, and no single digit may change', () => {
  const last = digits.filter((digit) => passesLuhn(`7992739871${digit}`));
  expect(last).toEqual(['3']);
  const right = '79927398713';
  for (let at = 0; at < right.length; at += 1)
    for (const digit of digits) {
      const text = right.slice(0, at) + digit + right.slice(at + 1);
      expect([text, passesLuhn(text)]).toEqual([text, text === right]);
    }
});

test.each([
  ['4', 13],
  ['4', 16],
  ['4', 19],
  ['51', 16],
  ['55', 16],
  ['2221', 16],
  ['2720', 16],
  ['34', 15],
  ['37', 15],
  ['36', 14],
  ['300', 14],
  ['305', 14],
  ['6011', 16],
  ['644', 16],
  ['649', 16],
  ['65', 16],
  ['62', 19],
  ['3528', 16],
  ['3589', 16],
  ['2131', 15],
  ['1800', 15],
  ['5018', 12],
  ['6763', 19],
])('%s… of %i digits is a card', (prefix, length) => {
  expect(isCard(card(prefix, length))).toBe(true);
  const wrong = card(prefix, length).replace(/.$/, (last) => String((Number(last) + 1) % 10));
  expect(isCard(wrong)).toBe(false);
});

test.each([
  ['4', 15],
  ['50', 16],
  ['56', 16],
  ['2220', 16],
  ['2721', 16],
  ['34', 16],
  ['306', 14],
  ['643', 16],
  ['3527', 16],
  ['3590', 16],
  ['5018', 11],
  ['62', 20],
  ['9', 16],
])('%s… of %i digits is none, whatever its checksum', (prefix, length) => {
  expect(isCard(card(prefix, length))).toBe(false);
});

test.each([
  'DE89370400440532013000',
  'gb82west12345698765432',
  'NO9386011117947',
  'MT84MALT011000012345MTLCAST001S',
])('%s is an IBAN', (text) => {
  expect(isIban(text)).toBe(true);
  expect(ibanLength(text.slice(0, 2))).toBe(text.length);
});

test.each([
  'DE89370400440532013001',
  'DE8937040044053201300',
  'DE893704004405320130000',
  'XX89370400440532013000',
  'DE8937040044053201300-',
  '',
])('%j is none', (text) => {
  expect(isIban(text)).toBe(false);
});

test.each([
  ['078051120', true],
  ['665010001', true],
  ['899999999', true],
  ['000010001', false],
  ['666010001', false],
  ['900010001', false],
  ['078001120', false],
  ['078050000', false],
  ['07805112', false],
  ['0780511200', false],
])('%s is a social security number: %s', (text, right) => {
  expect(isSsn(text)).toBe(right);
});
