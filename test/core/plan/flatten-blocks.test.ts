// Nested blocks as ranges: disjoint, complete, and each owned by the innermost block.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addressText, blocksOf, hostBlock } from '../../../src/core/plan/address-block.ts';
import { flattenBlocks, wordsOf } from '../../../src/core/plan/flatten-blocks.ts';
import { inCidr } from '../../../src/core/policy/ip-address.ts';

const flat = (...cidrs: readonly string[]): readonly string[] =>
  flattenBlocks(cidrs.flatMap((owner) => blocksOf(owner).map((block) => ({ block, owner })))).map(
    ({ first, last, owner }) => `${addressText(wordsOf(first))}-${addressText(wordsOf(last))} ${owner}`,
  );

test.each([
  [['10.0.0.0/8'], ['10.0.0.0-10.255.255.255 10.0.0.0/8']],
  [
    ['10.0.0.0/30', '10.0.0.1/32'],
    ['10.0.0.0-10.0.0.0 10.0.0.0/30', '10.0.0.1-10.0.0.1 10.0.0.1/32', '10.0.0.2-10.0.0.3 10.0.0.0/30'],
  ],
  [
    ['10.0.0.0/31', '10.0.0.0/32'],
    ['10.0.0.0-10.0.0.0 10.0.0.0/32', '10.0.0.1-10.0.0.1 10.0.0.0/31'],
  ],
  [
    ['10.0.0.1/32', '10.0.0.0/31'],
    ['10.0.0.0-10.0.0.0 10.0.0.0/31', '10.0.0.1-10.0.0.1 10.0.0.1/32'],
  ],
  [
    ['fd00::/127', 'fd00::2/127'],
    ['fd00::-fd00::1 fd00::/127', 'fd00::2-fd00::3 fd00::2/127'],
  ],
])('%j', (cidrs, ranges) => {
  expect(flat(...cidrs)).toEqual(ranges);
});

test('of two owners of one block the first has it', () => {
  const [block] = blocksOf('10.0.0.0/8');
  if (block === undefined) throw new Error('that is a block');
  expect(
    flattenBlocks([
      { block, owner: 'a' },
      { block, owner: 'b' },
    ]),
  ).toMatchObject([{ owner: 'a' }]);
});

const cidr = fc
  .tuple(fc.integer({ min: 0, max: 63 }), fc.integer({ min: 26, max: 32 }))
  .map(([low, bits]) => `10.0.0.${low}/${bits}`);

test('every address belongs to the longest prefix that holds it, and to one range only', () => {
  fc.assert(
    fc.property(fc.array(cidr, { minLength: 1, maxLength: 12 }), (cidrs) => {
      const owned = cidrs.flatMap((text) => blocksOf(text)).map((block) => ({ block, owner: block.cidr }));
      const ranges = flattenBlocks(owned);
      expect(ranges.length).toBeLessThan(owned.length * 2);
      for (let low = 0; low < 80; low += 1) {
        const words = hostBlock(`10.0.0.${low}`)?.words ?? [0, 0, 0, 0];
        const holding = owned.filter(({ block }) => inCidr(words, block.words, block.bits));
        const wanted = holding.toSorted((a, b) => b.block.bits - a.block.bits)[0]?.owner;
        const value = (0xffffn << 32n) | BigInt(words[3]);
        const found = ranges.filter(({ first, last }) => first <= value && value <= last);
        expect(found.map(({ owner }) => owner)).toEqual(wanted === undefined ? [] : [wanted]);
      }
    }),
    { seed: 4 },
  );
});

test.each([
  ['10.9.8.7/8', ['10.0.0.0/8']],
  ['::ffff:10.9.0.0/112', ['10.9.0.0/16']],
  ['::/0', ['0.0.0.0/0', '::/0']],
  ['fd00:0:0:1::5/64', ['fd00:0:0:1::/64']],
  ['fd00:0:1:0:0:1:0:0/128', ['fd00:0:1::1:0:0/128']],
  ['2001:DB8::1/128', ['2001:db8::1/128']],
  ['none', []],
])('%s is spelled %j', (text, cidrs) => {
  expect(blocksOf(text).map((block) => block.cidr)).toEqual(cidrs);
});
