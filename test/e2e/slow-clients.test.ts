// Slow clients against the real worker: what is owed has a deadline, and where nothing was answered yet they are told so.
import { createServer } from 'node:http';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { millis } from '../../src/core/model/brand.ts';
import { peerFromName } from '../../src/core/model/identity.ts';
import { compilePolicies } from '../../src/core/policy/compile.ts';
import type { Policy } from '../../src/core/policy/schema.ts';
import { startDataPlane, type DataPlane } from '../../src/io/kernel/data-plane.ts';
import { until } from '../helpers/until.ts';
import { dial, textOf } from '../io/kernel/plane-lab.ts';
import { portOf } from '../helpers/listening.ts';

const server = createServer((_incoming, answer) => void answer.end('ok'));
beforeAll(() => new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve)));
afterAll(() => void server.close());

const noAdmin: Policy = {
  apiVersion: 'apidefense.dev/v1alpha1',
  kind: 'FlowPolicy',
  metadata: { name: 'no-admin', namespace: 'lab' },
  spec: {
    mode: 'Enforce',
    from: { scope: 'All' },
    to: { scope: 'All' },
    match: { http: { paths: ['/admin'] } },
    action: { type: 'Block' },
  },
};

interface Front extends AsyncDisposable {
  readonly plane: DataPlane;
  readonly port: number;
  readonly seen: readonly string[];
}

async function front(): Promise<Front> {
  const seen: string[] = [];
  const plane = await startDataPlane({
    listeners: [
      {
        listen: { host: '127.0.0.1', port: 0 },
        upstream: { host: '127.0.0.1', port: portOf(server) },
        source: peerFromName('web', 'lab'),
        destination: peerFromName('api', 'lab'),
      },
    ],
    snapshot: compilePolicies([noAdmin], { generation: 1, nowMs: millis(Date.now()) }).buffer,
    limits: { headMs: 300 },
    onExchange: ({ status, cut, local }) => void seen.push(`${status} ${cut}${local ? ' local' : ''}`),
    onLost: (where, count) => {
      throw new Error(`${count} lost in ${where}`);
    },
    onFault: (error) => {
      throw error;
    },
  });
  return { plane, port: plane.ports[0] ?? 0, seen, [Symbol.asyncDispose]: () => plane.stop(0) };
}

test('a head that stops half-way is answered 408, then the connection is closed, not reset', async () => {
  await using lab = await front();
  const client = await dial(lab.port);
  client.write('GET /a HTTP/1.1\r\nHost: x\r\nX-Slow: ');
  expect(await textOf(client)).toMatch(/^HTTP\/1\.1 408 Request Timeout\r\n[^]*\r\nconnection: close\r\n/);
  client.end();
  await until('the record', () => lab.seen.length === 1);
  expect(lab.seen).toEqual(['408 head-timeout local']);
});

test('a head that drips is answered 408 all the same', async () => {
  await using lab = await front();
  const client = await dial(lab.port);
  client.write('GET /a HTTP/1.1\r\nHost: x\r\n');
  const drip = setInterval(() => client.write('X: y\r\n'), 20);
  const answer = await textOf(client);
  clearInterval(drip);
  expect(answer).toMatch(/^HTTP\/1\.1 408 /);
  client.end();
});

test('half a head right behind a whole request has the same deadline', async () => {
  await using lab = await front();
  const client = await dial(lab.port);
  client.write('GET /a HTTP/1.1\r\nHost: x\r\n\r\nGET /b HT');
  expect(await textOf(client)).toMatch(/^HTTP\/1\.1 200 [^]*HTTP\/1\.1 408 /);
  client.end();
  await until('both records', () => lab.seen.length === 2);
  expect(lab.seen).toEqual(['200 ', '408 head-timeout local']);
});

test('the body of a refused request that never comes does not keep the connection', async () => {
  await using lab = await front();
  const client = await dial(lab.port);
  let text = '';
  client.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  client.on('error', () => undefined);
  client.write('POST /admin HTTP/1.1\r\nHost: x\r\nContent-Length: 10\r\n\r\nab');
  await until('the record', () => lab.seen.length === 1);
  await until('the answer', () => text.startsWith('HTTP/1.1 403 '));
  expect(lab.seen).toEqual(['403 body-timeout local']);
  await until('the end', () => lab.plane.stats().openConnections === 0);
});
