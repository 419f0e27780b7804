// Counters of the kernel as hits of policies.
import { expect, test } from 'vitest';
import { hitsIn } from '../../../../src/app/agent/node/kernel-hits.ts';

test('each reading is new, with what was refused while no agent was there; a policy that refused nothing has no hit', () => {
  const policies = new Map([
    ['p', { packets: 3, bytes: 180, closedPackets: 4 }],
    ['q', { packets: 0, bytes: 0, closedPackets: 0 }],
    ['r', { packets: 0, bytes: 0, closedPackets: 1 }],
  ]);
  expect(hitsIn({ policies })).toEqual([
    { policy: 'p', count: 7 },
    { policy: 'r', count: 1 },
  ]);
});
