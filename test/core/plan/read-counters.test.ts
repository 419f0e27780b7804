// The kernel's listing back to policies.
import { expect, test } from 'vitest';
import { counterName, guardCounter } from '../../../src/core/plan/counter-name.ts';
import { readNftCounters } from '../../../src/core/plan/read-counters.ts';

const listing = (...counters: readonly (readonly [name: string, packets: number])[]): unknown => ({
  nftables: [
    { metainfo: { version: '1.0.6', json_schema_version: 1 } },
    ...counters.map(([name, packets]) => ({
      counter: { family: 'inet', name, table: 'apidefense', handle: 4, packets, bytes: packets * 60 },
    })),
  ],
});

test('hits by policy, those of a closed port apart, and dials of our own port', () => {
  const json = listing(
    ['p/shop/a', 3],
    ['c/shop/a', 2],
    ['c/shop/b', 1],
    ['p/other/x', 9],
    [guardCounter, 4],
  );
  const read = readNftCounters(json, ['shop/a', 'shop/b', 'shop/none']);
  expect([...read.policies]).toEqual([
    ['shop/a', { packets: 3, bytes: 180, closedPackets: 2 }],
    ['shop/b', { packets: 0, bytes: 0, closedPackets: 1 }],
  ]);
  expect(read.listenerDialled).toBe(4);
});

test('the longest names of Kubernetes fit the kernel’s', () => {
  const long = `${'n'.repeat(63)}/${'p'.repeat(253)}`;
  const name = counterName('p', long);
  expect(name.length).toBeLessThanOrEqual(255);
  expect(counterName('p', `${long.slice(0, -1)}q`)).not.toBe(name);
  expect(readNftCounters(listing([name, 5]), [long]).policies.get(long)?.packets).toBe(5);
});

test.each([undefined, {}, { nftables: 'x' }])('%j is no listing', (json) => {
  expect(() => readNftCounters(json, [])).toThrow();
});
