// The budget for details in the real worker: beyond it exchanges come light, but come; what was refused comes in full.
import { Agent, createServer, request } from 'node:http';
import { expect, test } from 'vitest';
import { millis } from '../../src/core/model/brand.ts';
import { peerFromName } from '../../src/core/model/identity.ts';
import { compilePolicies } from '../../src/core/policy/compile.ts';
import type { Policy } from '../../src/core/policy/schema.ts';
import { startDataPlane } from '../../src/io/kernel/data-plane.ts';
import { until } from '../helpers/until.ts';
import { portOf } from '../helpers/listening.ts';

const blockAdmin: Policy = {
  apiVersion: 'apidefense.dev/v1alpha1',
  kind: 'FlowPolicy',
  metadata: { name: 'no-admin', namespace: 'lab' },
  spec: {
    mode: 'Enforce',
    from: { peers: [{ workload: { name: 'web' } }] },
    to: { peers: [{ workload: { name: 'api' } }] },
    match: { http: { paths: ['/admin/*'] } },
    action: { type: 'Block' },
  },
};

interface Seen {
  readonly light: boolean;
  readonly status: number;
  readonly path: string;
  /** Bytes of bodies and of the answer's head. */
  readonly details: number;
}

const asks = 40;

test('without tokens every answered request comes light and every refused one in full', async () => {
  const server = createServer((incoming, answer) => {
    incoming.resume().on('end', () => answer.setHeader('content-type', 'application/json').end('{"id":7}'));
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const seen: Seen[] = [];
  const plane = await startDataPlane({
    listeners: [
      {
        listen: { host: '127.0.0.1', port: 0 },
        upstream: { host: '127.0.0.1', port: portOf(server) },
        source: peerFromName('web', 'lab'),
        destination: peerFromName('api', 'lab'),
      },
    ],
    snapshot: compilePolicies([blockAdmin], { generation: 1, nowMs: millis(Date.now()) }).buffer,
    limits: { detailedPerSecond: 0, detailedTroublePerSecond: asks },
    onExchange: ({ light, status, head, pathStart, pathEnd, ...exchange }) =>
      void seen.push({
        light,
        status,
        path: Buffer.from(head.subarray(pathStart, pathEnd)).toString(),
        details: exchange.requestBodyLength + exchange.responseHeadLength + exchange.responseBodyLength,
      }),
    onLost: () => undefined,
  });
  const agent = new Agent({ keepAlive: true, maxSockets: 4 });
  const ask = (path: string): Promise<number> =>
    new Promise((resolve, reject) => {
      const options = { host: '127.0.0.1', port: plane.ports[0], path, agent, method: 'POST' };
      request(options, (answer) => void answer.resume().on('end', () => resolve(answer.statusCode ?? 0)))
        .on('error', reject)
        .setHeader('content-type', 'application/json')
        .end('{"a":1}');
    });
  const paths = Array.from({ length: asks }, (_, index) => (index % 2 === 0 ? '/orders/7' : '/admin/7'));
  expect((await Promise.all(paths.map(ask))).filter((status) => status === 200)).toHaveLength(asks / 2);
  await until('all exchanges', () => seen.length === asks);
  const answered = seen.filter(({ status }) => status === 200);
  const refused = seen.filter(({ status }) => status === 403);
  expect(answered).toEqual(
    new Array(asks / 2).fill({ light: true, status: 200, path: '/orders/7', details: 0 }),
  );
  expect(refused).toHaveLength(asks / 2);
  for (const each of refused) {
    expect(each).toMatchObject({ light: false, path: '/admin/7' });
    expect(each.details).toBeGreaterThan(0);
  }
  agent.destroy();
  await plane.stop(0);
  server.close();
});
