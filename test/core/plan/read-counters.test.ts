// The kernel's counters back to policies.
import { expect, test } from 'vitest';
import {
  counterName,
  guardCounter,
  sourceCounter,
  toldCounter,
} from '../../../src/core/plan/counter-name.ts';
import { readNftCounters, type NamedCounter } from '../../../src/core/plan/read-counters.ts';

const listing = (...counters: readonly (readonly [name: string, packets: number])[]): NamedCounter[] =>
  counters.map(([name, packets]) => ({ name, packets, bytes: packets * 60 }));

test('hits by policy, those of a closed port apart, and dials of our own port', () => {
  const named = listing(
    ['p/shop/a', 3],
    ['c/shop/a', 2],
    ['c/shop/b', 1],
    ['p/other/x', 0],
    [guardCounter, 4],
  );
  const read = readNftCounters(named, ['shop/a', 'shop/b', 'shop/none']);
  expect([...read.policies]).toEqual([
    ['shop/a', { packets: 3, bytes: 180, closedPackets: 2 }],
    ['shop/b', { packets: 0, bytes: 0, closedPackets: 1 }],
  ]);
  expect(read.listenerDialled).toBe(4);
});

test('what passed unjudged by port, where there was any, and what policies that are gone have refused', () => {
  const named = listing(
    ['u/8080', 5],
    ['u/9090', 0],
    ['c/shop/gone', 2],
    ['c/shop/idle', 0],
    ['p/shop/old', 1],
  );
  const read = readNftCounters(named, []);
  expect([...read.unjudged]).toEqual([[8080, 5]]);
  expect([...read.policies]).toEqual([
    ['shop/gone', { packets: 0, bytes: 0, closedPackets: 2 }],
    ['shop/old', { packets: 1, bytes: 60, closedPackets: 0 }],
  ]);
});

test('what was refused at the source by start, with what was told of it', () => {
  const named = listing(
    [sourceCounter(7), 9],
    [toldCounter(7), 4],
    [toldCounter(8), 3],
    [sourceCounter(1_764_000_000_000), 1],
    ['x/refused-at-source-', 5],
  );
  expect(readNftCounters(named, []).atSource).toEqual([
    { generation: 7, refused: 9, told: 4 },
    { generation: 1_764_000_000_000, refused: 1, told: 0 },
  ]);
});

test('the longest names of Kubernetes fit the kernel’s', () => {
  const long = `${'n'.repeat(63)}/${'p'.repeat(253)}`;
  const name = counterName('p', long);
  expect(name.length).toBeLessThanOrEqual(255);
  expect(counterName('p', `${long.slice(0, -1)}q`)).not.toBe(name);
  expect(readNftCounters(listing([name, 5]), [long]).policies.get(long)?.packets).toBe(5);
});
