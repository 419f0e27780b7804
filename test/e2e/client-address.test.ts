// Policies that select callers by cidr, through the real worker: what counts is the address the kernel saw.
import { createServer, request, type IncomingMessage } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { millis } from '../../src/core/model/brand.ts';
import { peerFromName } from '../../src/core/model/identity.ts';
import { compilePolicies } from '../../src/core/policy/compile.ts';
import type { Policy } from '../../src/core/policy/schema.ts';
import { startDataPlane } from '../../src/io/kernel/data-plane.ts';
import { portOf } from '../helpers/listening.ts';

const server = createServer((_incoming, answer) => void answer.end('ok'));
beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
afterAll(() => void server.close());

const blockFrom = (cidr: string, failure: 'Open' | 'Closed'): Policy => ({
  apiVersion: 'apidefense.dev/v1alpha1',
  kind: 'FlowPolicy',
  metadata: { name: 'by-address', namespace: 'lab' },
  spec: {
    mode: 'Enforce',
    from: { peers: [{ cidr }] },
    to: { peers: [{ workload: { name: 'api' } }] },
    match: { http: { paths: ['/*'] } },
    action: { type: 'Block' },
    failure,
  },
});

function statusOf(port: number, localAddress: string): Promise<number> {
  return new Promise((resolve, reject) => {
    const outgoing = request(
      { port, host: '127.0.0.1', localAddress, agent: false },
      (answer: IncomingMessage) => {
        answer.resume();
        resolve(answer.statusCode ?? 0);
      },
    );
    outgoing.on('error', reject);
    outgoing.end();
  });
}

async function statusesUnder(policy: Policy, addresses: readonly string[]): Promise<number[]> {
  const plane = await startDataPlane({
    listeners: [
      {
        listen: { host: '127.0.0.1', port: 0 },
        upstream: { host: '127.0.0.1', port: portOf(server) },
        source: peerFromName('web', 'lab'),
        destination: peerFromName('api', 'lab'),
      },
    ],
    snapshot: compilePolicies([policy], { generation: 1, nowMs: millis(Date.now()) }).buffer,
    onExchange: () => undefined,
    onLost: (where, count) => {
      throw new Error(`${count} lost in ${where}`);
    },
    onFault: (error) => {
      throw error;
    },
  });
  const statuses: number[] = [];
  for (const address of addresses) statuses.push(await statusOf(plane.ports[0] ?? 0, address));
  await plane.stop(0);
  return statuses;
}

// `failure` says the opposite each time: the address decides, not what happens when there is none.
test('a Block from the callers’ own network refuses them', async () => {
  expect(await statusesUnder(blockFrom('127.0.0.0/8', 'Open'), ['127.0.0.1'])).toEqual([403]);
});

test('a Block from another network does not', async () => {
  expect(await statusesUnder(blockFrom('10.0.0.0/8', 'Closed'), ['127.0.0.1'])).toEqual([200]);
});

test('two callers of one listener are told apart by their addresses', async () => {
  const statuses = await statusesUnder(blockFrom('127.0.0.2/32', 'Open'), [
    '127.0.0.1',
    '127.0.0.2',
    '127.0.0.3',
  ]);
  expect(statuses).toEqual([200, 403, 200]);
});
