// Addresses and blocks as words: what is read, what is refused, and that both families compare alike.
import fc from 'fast-check';
import { expect, test } from 'vitest';
import { addressOf, inCidr, parseAddress, parseCidr, portOf } from '../../../src/core/policy/ip-address.ts';

test.each([
  ['10.0.0.7', [0, 0, 0xffff, 0x0a000007]],
  ['255.255.255.255', [0, 0, 0xffff, 0xffffffff]],
  ['::ffff:10.0.0.7', [0, 0, 0xffff, 0x0a000007]],
  ['::1', [0, 0, 0, 1]],
  ['::', [0, 0, 0, 0]],
  ['[::1]', [0, 0, 0, 1]],
  ['fe80::1%eth0', [0xfe800000, 0, 0, 1]],
  ['2001:DB8:0:1::2', [0x20010db8, 1, 0, 2]],
  ['1:2:3:4:5:6:7:8', [0x10002, 0x30004, 0x50006, 0x70008]],
  ['1:2:3:4:5:6:7::', [0x10002, 0x30004, 0x50006, 0x70000]],
])('%s is read', (text, words) => {
  expect(parseAddress(text)).toEqual(words);
});

test.each([
  ...['', '10.0.0', '10.0.0.256', '10.0.0.7.8', '010.0.0.7', '0x7f.0.0.1', '1e1.0.0.1', ' 10.0.0.7'],
  ...[':', ':::', '1::2::3', '12345::', 'g::', '1:2:3:4:5:6:7', '1:2:3:4:5:6:7:8:9', '1:2:3:4:5:6:7:8::'],
  ...['::10.0.0', '10.0.0.7::', 'localhost', '1.2.3.4:80'],
])('%j is no address', (text) => {
  expect(parseAddress(text)).toBeUndefined();
});

test.each(['10.0.0.0', '10.0.0.0/', '10.0.0.0/33', 'fd00::/129', '10.0.0.0/8/8', '10.0.0.0/+8', 'x/8', '/8'])(
  '%j is no block',
  (text) => {
    expect(parseCidr(text)).toBeUndefined();
  },
);

const holds = (block: string, address: string): boolean => {
  const cidr = parseCidr(block);
  const words = parseAddress(address);
  if (cidr === undefined || words === undefined) throw new Error(`${block} or ${address} is not read`);
  return inCidr(words, cidr.words, cidr.bits);
};

test.each([
  ['10.0.0.0/8', '10.255.1.2', '11.0.0.0'],
  ['10.0.0.7/32', '10.0.0.7', '10.0.0.6'],
  ['128.0.0.0/1', '255.0.0.1', '127.255.255.255'],
  ['0.0.0.0/0', '203.0.113.9', '::1'],
  ['10.0.0.0/8', '::ffff:10.1.1.1', '::10.1.1.1'],
  ['fd00::/8', 'fdff::1', 'fe00::'],
  ['2001:db8::/33', '2001:db8:7fff::', '2001:db8:8000::'],
  ['::1/128', '::1', '::2'],
])('%s holds %s and not %s', (block, inside, outside) => {
  expect([holds(block, inside), holds(block, outside)]).toEqual([true, false]);
});

test('every length holds exactly the addresses that share so many leading bits', () => {
  const word = fc.integer({ min: 0, max: 0xffffffff });
  fc.assert(
    fc.property(fc.tuple(word, word, word, word), fc.integer({ min: 0, max: 128 }), (words, bits) => {
      expect(inCidr(words, words, bits)).toBe(true);
      for (const flipped of [bits - 1, bits]) {
        if (flipped < 0 || flipped > 127) continue;
        const [a, b, c, d] = words.map((each, at) =>
          at === flipped >> 5 ? (each ^ (1 << (31 - (flipped & 31)))) >>> 0 : each,
        );
        expect([flipped, inCidr([a!, b!, c!, d!], words, bits)]).toEqual([flipped, flipped >= bits]);
      }
    }),
  );
});

test.each([
  ['10.0.0.7:8080', [0, 0, 0xffff, 0x0a000007], 8080],
  ['[fe80::1]:443', [0xfe800000, 0, 0, 1], 443],
  ['[::1]', [0, 0, 0, 1], 0],
  ['::1', [0, 0, 0, 1], 0],
  ['10.0.0.7', [0, 0, 0xffff, 0x0a000007], 0],
  ['orders:80', undefined, 80],
  [undefined, undefined, 0],
])('of the endpoint %j address and port are told apart', (endpoint, words, port) => {
  expect([addressOf(endpoint), portOf(endpoint)]).toEqual([words, port]);
});
