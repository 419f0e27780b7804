// One attempt is told once: repeated SYNs and the datagrams of one conversation are no more of them, and a flood takes bounded memory.
import { expect, test } from 'vitest';
import { createRefusedOpenings, type OpeningPacket } from '../../../src/core/plan/refused-openings.ts';

const packet = (change: Partial<OpeningPacket> = {}): OpeningPacket => ({
  ...{ protocol: 'tcp', source: '10.0.0.2', sourcePort: 40_000 },
  ...{ destination: '192.0.2.1', destinationPort: 443, sequence: 9 },
  ...change,
});

test('a SYN that is sent again for two minutes is one attempt', () => {
  const openings = createRefusedOpenings();
  const told = [0, 1, 3, 7, 15, 31, 63, 127].map((second) => openings.isNew(packet(), second * 1_000));
  expect(told).toEqual([true, false, false, false, false, false, false, false]);
});

test.each([
  ['sequence', { sequence: 10 }],
  ['port', { sourcePort: 40_001 }],
  ['destination', { destination: '192.0.2.2' }],
  ['protocol', { protocol: 'udp' as const }],
])('another %s is another attempt', (_what, change) => {
  const openings = createRefusedOpenings();
  expect([openings.isNew(packet(), 0), openings.isNew(packet(change), 0)]).toEqual([true, true]);
});

test('datagrams between the same ends are told once a minute', () => {
  const openings = createRefusedOpenings();
  const udp = packet({ protocol: 'udp', sequence: 0 });
  const told = [0, 1, 59, 60, 61, 119, 120].map((second) => openings.isNew(udp, second * 1_000));
  expect(told).toEqual([true, false, false, true, false, false, true]);
});

test('of a flood the latest are remembered', () => {
  const openings = createRefusedOpenings();
  for (let sequence = 0; sequence < 10_000; sequence += 1) openings.isNew(packet({ sequence }), 0);
  expect(openings.isNew(packet({ sequence: 9_999 }), 1)).toBe(false);
  expect(openings.isNew(packet({ sequence: 5_904 }), 1)).toBe(false);
  expect(openings.isNew(packet({ sequence: 5_903 }), 1)).toBe(true);
});
