// Connections that a policy cut, as flows: both ends in the right order, whoever had opened them.
import { expect, test } from 'vitest';
import { createKernelFlows, cutFlows } from '../../../../src/app/agent/node/kernel-flows.ts';
import type { CutConnection } from '../../../../src/app/agent/node/pod-cuts.ts';
import { flowEventSchema } from '../../../../src/core/model/event.ts';
import { peerFromName } from '../../../../src/core/model/identity.ts';
import { strangerAt } from '../../../../src/core/model/stranger.ts';

const peerAt = (address: string): ReturnType<typeof strangerAt> =>
  address === '10.0.0.2' ? peerFromName('orders', 'shop') : strangerAt(address);

const cut = (change: Partial<CutConnection>): CutConnection => ({
  ...{ policy: 'shop/p', direction: 'inbound', local: '10.0.0.2', localPort: 8080 },
  ...{ remote: '10.0.0.9', remotePort: 41_000 },
  ...change,
});

const told = (...connections: readonly CutConnection[]): ReturnType<typeof cutFlows> =>
  cutFlows(createKernelFlows({ agent: 'a1', peerAt }), { cut: connections, failed: 0, error: 0 }, 1_000);

test('towards the pod the other side is the client', () => {
  const [flow] = told(cut({}));
  expect(flow).toMatchObject({
    ...{ time: '1970-01-01T00:00:01.000Z', gear: 'kernel', protocol: 'opaque', ended: 'policy-cut' },
    source: { workload: '10.0.0.9', address: '10.0.0.9:41000' },
    destination: { workload: 'orders', address: '10.0.0.2:8080' },
    verdict: { action: 'block', mode: 'enforce', policy: 'shop/p' },
  });
  expect(flowEventSchema.safeParse(flow).success).toBe(true);
});

test('from the pod the pod is the client, in either family, and every event has an id of its own', () => {
  const flows = told(
    cut({ direction: 'outbound', localPort: 50_000, remote: 'fd00::9', remotePort: 443 }),
    cut({ direction: 'outbound' }),
  );
  expect(flows[0]).toMatchObject({
    source: { workload: 'orders', address: '10.0.0.2:50000' },
    destination: { address: '[fd00::9]:443' },
  });
  expect(new Set(flows.map(({ id }) => id)).size).toBe(2);
});
