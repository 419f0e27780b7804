// Connections that a policy cut, as flows: both ends in the right order, whoever had opened them.
import { expect, test } from 'vitest';
import { createKernelFlows, cutFlows, refusedEvents } from '../../../../src/app/agent/node/kernel-flows.ts';
import type { RefusedAttempt } from '../../../../src/app/agent/node/pod-egress.ts';
import type { CutConnection } from '../../../../src/app/agent/node/pod-cuts.ts';
import { eventSchema, flowEventSchema } from '../../../../src/core/model/event.ts';
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

const attempt = (change: Partial<RefusedAttempt>): RefusedAttempt => ({
  ...{ protocol: 'tcp', source: '10.0.0.9', sourcePort: 50_000, sequence: 7 },
  ...{ destination: '192.0.2.1', destinationPort: 443, policy: 'shop/p', answer: 'reset' },
  ...change,
});

test('what was refused at the source is an attempt of the pod, whatever source the packet says', () => {
  const flows = createKernelFlows({
    agent: 'a1',
    peerAt: (address) => (address === '192.0.2.1' ? strangerAt('api.example.com') : peerAt(address)),
  });
  const of = { id: 'shop/web-1', peer: peerFromName('web', 'shop') };
  const attempts = [attempt({}), attempt({ destination: '10.0.0.2', answer: 'drop', source: 'fd00::1' })];
  const events = refusedEvents(flows, of, { report: { attempts, lost: 3 }, nowMs: 1_000 });
  for (const event of events) expect(eventSchema.parse(event)).toEqual(event);
  const verdict = { action: 'block', mode: 'enforce', policy: 'shop/p' };
  expect(events).toMatchObject([
    {
      ...{ gear: 'kernel', opaque: 'attempt', ended: 'connect-refused', verdict },
      source: { workload: 'web', address: '10.0.0.9:50000' },
      destination: { workload: 'api.example.com', address: '192.0.2.1:443' },
    },
    {
      ...{ ended: 'connect-timeout', verdict },
      source: { workload: 'web', address: '[fd00::1]:50000' },
      destination: { workload: 'orders', address: '10.0.0.2:443' },
    },
    { type: 'lost', where: 'kernel-attempt', count: 3, pod: 'shop/web-1' },
  ]);
  expect(refusedEvents(flows, of, { report: { attempts: [], lost: 0 }, nowMs: 1_000 })).toEqual([]);
});
