// Clients by address: the same blocks as a full scan finds, at a cost that does not grow with them.
import { expect, test } from 'vitest';
import { inCidr, parseAddress, parseCidr, type AddressWords } from '../../../src/core/policy/ip-address.ts';
import { block, allow, benchOf, noon, policy, headOf } from './build.ts';
import { newDecision } from '../../../src/core/policy/decision.ts';

const blocks = [
  ...Array.from({ length: 2000 }, (_, at) => `10.${at >> 8}.${at & 255}.0/24`),
  ...[
    '10.0.0.0/8',
    '0.0.0.0/0',
    '10.3.0.0/16',
    '10.3.7.9/32',
    'fd00::/8',
    'fd00:1::/33',
    '::/0',
    '10.3.7.0/24',
  ],
];
const clients = [
  '10.3.7.9',
  '10.3.7.10',
  '10.3.8.1',
  '10.200.0.1',
  '192.0.2.1',
  'fd00:1::1',
  'fd00:1:8000::1',
  '2001:db8::1',
];

test('a client is blocked exactly where a block holds its address', () => {
  for (const cidr of blocks.slice(1800)) {
    const { decider } = benchOf([policy({ from: { peers: [{ cidr }] } })]);
    for (const client of clients) {
      const out = newDecision();
      decider.decide(decider.scopeOfClient(0, client), headOf({}), '', noon, out);
      const { words, bits } = parseCidr(cidr)!;
      const inside = inCidr(parseAddress(client) as AddressWords, words, bits);
      expect([cidr, client, out.action]).toEqual([cidr, client, inside ? block : allow]);
    }
  }
});

test('a new client costs one lookup per prefix length, however many blocks there are', () => {
  const { decider } = benchOf(
    blocks.map((cidr, at) => policy({ name: `p${at}`, from: { peers: [{ cidr }] } })),
  );
  const lengths = new Set(blocks.map((cidr) => parseCidr(cidr)!.bits)).size;
  const before = decider.scopeWork.prefixes;
  for (const client of clients) decider.scopeOfClient(0, client);
  expect(decider.scopeWork.prefixes - before).toBe(lengths * clients.length);
  const { scopes } = decider.scopeWork;
  for (let at = 0; at < 200; at += 1) decider.scopeOfClient(0, `192.0.2.${at}`);
  expect(decider.scopeWork.scopes).toBe(scopes);
});
