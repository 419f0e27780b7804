// Which connections inline has: exact by both ends and how they began, while they are open and for a while after their end.
import { expect, test } from 'vitest';
import { createClaims as createWith, type Claims } from '../../../src/io/kernel/claims.ts';
import type { Connection } from '../../../src/io/kernel/connection.ts';

/** As much of a connection as claims look at. Its descriptor stands for its first sequence number. */
const connection = (clientAddress: string, destinationAddress: string, first = -1): Connection =>
  ({
    clientAddress,
    client: { fd: first },
    ends: () => ({ destinationAddress, destinationPort: 80 }),
  }) as unknown as Connection;

let wallMs = 0;
const createClaims = (): Claims => createWith({ firstSequence: (fd) => fd, wallMs: () => wallMs });

const tuple = { clientAddress: '10.0.0.7', clientPort: 51_000, serverAddress: '10.0.0.3', serverPort: 80 };
const ours = (first?: number): Connection => connection('10.0.0.7:51000', '10.0.0.3:80', first);
const seen = (sequence: number, atMs = 0) => ({ sequence, atMs });
/** Its beginning was not seen. */
const unseen = undefined;

test('a connection is claimed by all four of its parts', () => {
  const claims = createClaims();
  expect(claims.has(tuple, unseen)).toBe(false);
  claims.open(ours());
  expect(claims.has(tuple, unseen)).toBe(true);
  for (const other of [
    { clientAddress: '10.0.0.8' },
    { clientPort: 51_001 },
    { serverAddress: '10.0.0.4' },
    { serverPort: 81 },
  ])
    expect(claims.has({ ...tuple, ...other }, unseen)).toBe(false);
});

test('IPv6 is claimed as the kernel writes it', () => {
  const claims = createClaims();
  claims.open(connection('[fd77::7]:51000', '[fd77::3]:80'));
  expect(claims.has({ ...tuple, clientAddress: 'fd77::7', serverAddress: 'fd77::3' }, unseen)).toBe(true);
});

test('a connection of an explicit listener is nobody else’s business', () => {
  const claims = createClaims();
  const explicit = { clientAddress: '10.0.0.7:51000', ends: () => undefined } as unknown as Connection;
  claims.open(explicit);
  claims.end(explicit);
  expect(claims.has(tuple, unseen)).toBe(false);
});

test('what is over is claimed for five to ten seconds more, where a tap may ask', () => {
  const claims = createClaims();
  claims.watched = true;
  claims.tick(0);
  const over = ours();
  claims.open(over);
  claims.end(over);
  claims.tick(4_999);
  expect(claims.has(tuple, unseen)).toBe(true);
  claims.tick(5_000);
  claims.tick(9_999);
  expect(claims.has(tuple, unseen)).toBe(true);
  claims.tick(10_000);
  expect(claims.has(tuple, unseen)).toBe(false);
});

test('without taps nothing is kept of what is over', () => {
  const claims = createClaims();
  const over = ours();
  claims.open(over);
  claims.end(over);
  expect(claims.has(tuple, unseen)).toBe(false);
});

test('a client that uses its port again, before its old connection was seen to end, keeps its claim', () => {
  const claims = createClaims();
  const [old, fresh] = [ours(), ours()];
  claims.open(old);
  claims.open(fresh);
  claims.end(old);
  expect(claims.has(tuple, unseen)).toBe(true);
  claims.end(fresh);
  expect(claims.has(tuple, unseen)).toBe(false);
});

test('a flood of ended connections pushes out only older ones', () => {
  const claims = createClaims();
  claims.watched = true;
  claims.tick(0);
  const pass = (one: Connection): void => {
    claims.open(one);
    claims.end(one);
  };
  pass(ours());
  for (let at = 0; at < 65_536; at++) pass(connection(`10.1.${at >> 8}.${at & 255}:1`, '10.0.0.3:80'));
  expect(claims.has(tuple, unseen)).toBe(true);
  for (let at = 0; at < 65_536; at++) pass(connection(`10.2.${at >> 8}.${at & 255}:1`, '10.0.0.3:80'));
  expect(claims.has(tuple, unseen)).toBe(false);
  expect(claims.has({ ...tuple, clientAddress: '10.2.255.255', clientPort: 1 }, unseen)).toBe(true);
});

test('of one pair of ends exactly those connections are claimed that inline had, however late their frames are read', () => {
  const claims = createClaims();
  claims.watched = true;
  claims.tick(0);
  const had = [11, 22, 33].map((first) => ours(first));
  for (const one of had) {
    claims.open(one);
    claims.end(one);
  }
  const claimed = (): readonly number[] => [11, 12, 22, 33, 44].filter((at) => claims.has(tuple, seen(at)));
  expect(claimed()).toEqual([11, 22, 33]);
  claims.tick(5_000);
  claims.open(ours(44));
  expect(claimed()).toEqual([11, 22, 33, 44]);
  claims.tick(10_000);
  expect(claimed()).toEqual([44]);
});

test('a claim that another one of the same ends displaced is remembered from then on, and once', () => {
  const claims = createClaims();
  claims.watched = true;
  claims.tick(0);
  const [old, fresh] = [ours(11), ours(22)];
  claims.open(old);
  claims.open(fresh);
  expect([11, 22].map((at) => claims.has(tuple, seen(at)))).toEqual([true, true]);
  claims.tick(5_000);
  claims.end(old);
  claims.tick(10_000);
  expect([11, 22].map((at) => claims.has(tuple, seen(at)))).toEqual([false, true]);
});

test('where the kernel does not say how a connection began, what begins after it was accepted is another one', () => {
  const claims = createClaims();
  claims.watched = true;
  claims.tick(0);
  wallMs = 1_000;
  const over = ours();
  claims.open(over);
  const claimed = (): readonly number[] =>
    [990, 1_000.9, 1_003, 1_500].filter((at) => claims.has(tuple, seen(7, at)));
  expect(claimed()).toEqual([990, 1_000.9]);
  claims.end(over);
  expect(claimed()).toEqual([990, 1_000.9]);
});

test('ten thousand connections of one pair of ends are told apart', () => {
  const claims = createClaims();
  claims.watched = true;
  claims.tick(0);
  for (let first = 0; first < 20_000; first += 2) {
    const one = ours(first);
    claims.open(one);
    claims.end(one);
  }
  const claimed = Array.from({ length: 20_000 }, (_, at) => claims.has(tuple, seen(at)));
  expect(claimed.every((is, at) => is === (at % 2 === 0))).toBe(true);
});
