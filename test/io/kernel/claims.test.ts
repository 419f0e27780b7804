// Which connections inline has: exact by both ends, while they are open and for a while after their end.
import { expect, test } from 'vitest';
import { createClaims } from '../../../src/io/kernel/claims.ts';
import type { Connection } from '../../../src/io/kernel/connection.ts';

/** As much of a connection as claims look at. */
const connection = (clientAddress: string, destinationAddress: string, destinationPort = 80): Connection =>
  ({ clientAddress, ends: () => ({ destinationAddress, destinationPort }) }) as unknown as Connection;

const tuple = { clientAddress: '10.0.0.7', clientPort: 51_000, serverAddress: '10.0.0.3', serverPort: 80 };
const ours = (): Connection => connection('10.0.0.7:51000', '10.0.0.3:80');

test('a connection is claimed by all four of its parts', () => {
  const claims = createClaims();
  expect(claims.has(tuple)).toBe(false);
  claims.open(ours());
  expect(claims.has(tuple)).toBe(true);
  for (const other of [
    { clientAddress: '10.0.0.8' },
    { clientPort: 51_001 },
    { serverAddress: '10.0.0.4' },
    { serverPort: 81 },
  ])
    expect(claims.has({ ...tuple, ...other })).toBe(false);
});

test('IPv6 is claimed as the kernel writes it', () => {
  const claims = createClaims();
  claims.open(connection('[fd77::7]:51000', '[fd77::3]:80'));
  expect(claims.has({ ...tuple, clientAddress: 'fd77::7', serverAddress: 'fd77::3' })).toBe(true);
});

test('a connection of an explicit listener is nobody else’s business', () => {
  const claims = createClaims();
  const explicit = { clientAddress: '10.0.0.7:51000', ends: () => undefined } as unknown as Connection;
  claims.open(explicit);
  claims.end(explicit);
  expect(claims.has(tuple)).toBe(false);
});

test('what is over is claimed for five to ten seconds more, where a tap may ask', () => {
  const claims = createClaims();
  claims.watched = true;
  claims.tick(0);
  const over = ours();
  claims.open(over);
  claims.end(over);
  claims.tick(4_999);
  expect(claims.has(tuple)).toBe(true);
  claims.tick(5_000);
  claims.tick(9_999);
  expect(claims.has(tuple)).toBe(true);
  claims.tick(10_000);
  expect(claims.has(tuple)).toBe(false);
});

test('without taps nothing is kept of what is over', () => {
  const claims = createClaims();
  const over = ours();
  claims.open(over);
  claims.end(over);
  expect(claims.has(tuple)).toBe(false);
});

test('a client that uses its port again, before its old connection was seen to end, keeps its claim', () => {
  const claims = createClaims();
  const [old, fresh] = [ours(), ours()];
  claims.open(old);
  claims.open(fresh);
  claims.end(old);
  expect(claims.has(tuple)).toBe(true);
  claims.end(fresh);
  expect(claims.has(tuple)).toBe(false);
});

test('a flood of ended connections pushes out only older ones', () => {
  const claims = createClaims();
  claims.watched = true;
  claims.tick(0);
  const over = ours();
  claims.open(over);
  claims.end(over);
  for (let at = 0; at < 65_536; at++) claims.end(connection(`10.1.${at >> 8}.${at & 255}:1`, '10.0.0.3:80'));
  expect(claims.has(tuple)).toBe(true);
  for (let at = 0; at < 65_536; at++) claims.end(connection(`10.2.${at >> 8}.${at & 255}:1`, '10.0.0.3:80'));
  expect(claims.has(tuple)).toBe(false);
  expect(claims.has({ ...tuple, clientAddress: '10.2.255.255', clientPort: 1 })).toBe(true);
});
