// The real worker (inspection and policy included) in front of node:http, from source and from dist/.
import { existsSync } from 'node:fs';
import { Agent, createServer, request, type IncomingMessage, type Server } from 'node:http';
import { createServer as createTcpServer } from 'node:net';
import { join } from 'node:path';
import { pathToFileURL } from 'node:url';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { millis } from '../../src/core/model/brand.ts';
import type { Exchange } from '../../src/core/model/exchange.ts';
import { peerFromName } from '../../src/core/model/identity.ts';
import { compilePolicies } from '../../src/core/policy/compile.ts';
import type { Policy } from '../../src/core/policy/schema.ts';
import { startDataPlane, type DataPlane } from '../../src/io/kernel/data-plane.ts';
import type { DataPlaneLimits } from '../../src/io/kernel/limits.ts';
import { lacking, testUnless } from '../helpers/unless.ts';
import { listening, portOf } from '../helpers/listening.ts';
import { until } from '../helpers/until.ts';
import { dial, fullBacklog, textOf } from '../io/kernel/plane-lab.ts';

const server: Server = createServer((incoming, answer) => {
  let bytes = 0;
  incoming.on('data', (chunk: Buffer) => (bytes += chunk.length));
  incoming.on('end', () => answer.end(JSON.stringify({ path: incoming.url, bytes })));
});
let upstreamPort = 0;
beforeAll(async () => {
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  upstreamPort = portOf(server);
});
afterAll(() => void server.close());

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
const snapshotOf = (policies: readonly Policy[], generation: number): SharedArrayBuffer =>
  compilePolicies(policies, { generation, nowMs: millis(Date.now()) }).buffer;

interface Seen {
  readonly status: number;
  readonly path: string;
  readonly local: boolean;
  readonly generation: number;
  readonly policy: number;
}

interface Front extends AsyncDisposable {
  readonly plane: DataPlane;
  readonly port: number;
  readonly seen: readonly Seen[];
}

async function front(
  port: number,
  limits: Partial<DataPlaneLimits> = {},
  start: typeof startDataPlane = startDataPlane,
): Promise<Front> {
  const seen: Seen[] = [];
  const plane = await start({
    listeners: [
      {
        listen: { host: '127.0.0.1', port: 0 },
        upstream: { host: '127.0.0.1', port },
        source: peerFromName('web', 'lab'),
        destination: peerFromName('api', 'lab'),
      },
    ],
    snapshot: snapshotOf([], 1),
    limits,
    onExchange({ status, head, pathStart, pathEnd, local, generation, decision }: Exchange) {
      const path = Buffer.from(head.subarray(pathStart, pathEnd)).toString('latin1');
      seen.push({ status, path, local, generation, policy: decision.policy });
    },
    onLost: (where, count) => {
      throw new Error(`${count} lost in ${where}`);
    },
    onFault: (error) => {
      throw error;
    },
  });
  return { plane, port: plane.ports[0] ?? 0, seen, [Symbol.asyncDispose]: () => plane.stop(0) };
}

interface Answer {
  readonly status: number;
  readonly body: string;
}

async function ask(
  port: number,
  path: string,
  options: { agent?: Agent; body?: Buffer } = {},
): Promise<Answer> {
  const { agent, body } = options;
  const response = await new Promise<IncomingMessage>((resolve, reject) => {
    const outgoing = request({ port, path, method: body ? 'POST' : 'GET', agent: agent ?? false }, resolve);
    outgoing.on('error', reject);
    outgoing.end(body);
  });
  let text = '';
  for await (const chunk of response) text += String(chunk);
  return { status: response.statusCode ?? 0, body: text };
}

test('a request passes, its record says what it was, and a refused one is answered 403 by us', async () => {
  await using lab = await front(upstreamPort);
  expect(await ask(lab.port, '/orders/7?x=1')).toEqual({
    status: 200,
    body: '{"path":"/orders/7?x=1","bytes":0}',
  });
  lab.plane.setSnapshot(snapshotOf([blockAdmin], 2));
  expect((await ask(lab.port, '/admin/users')).status).toBe(403);
  await until('both records', () => lab.seen.length === 2);
  expect(lab.seen).toEqual([
    { status: 200, path: '/orders/7', local: false, generation: 1, policy: -1 },
    { status: 403, path: '/admin/users', local: true, generation: 2, policy: 0 },
  ]);
});

test('an upstream that refuses is a 502, one that does not answer the handshake a 504', async () => {
  const closed = createTcpServer();
  const deadPort = await listening(closed);
  await new Promise((resolve) => closed.close(resolve));
  await using refused = await front(deadPort);
  expect((await ask(refused.port, '/')).status).toBe(502);
  await using full = await fullBacklog();
  await using slow = await front(full.port, { connectMs: 300 });
  expect((await ask(slow.port, '/')).status).toBe(504);
  await until('the records', () => refused.seen.length + slow.seen.length === 2);
  expect([refused.seen[0], slow.seen[0]]).toMatchObject([
    { status: 502, local: true },
    { status: 504, local: true },
  ]);
});

test('an unfinished request head is answered 408 at its deadline, a slow answer is not', async () => {
  const slow = createServer((_incoming, answer) => void setTimeout(() => answer.end('late'), 1_200));
  await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve));
  await using lab = await front(portOf(slow), { headMs: 300 });
  const answer = ask(lab.port, '/slow');
  const loris = await dial(lab.port);
  loris.write('GET / HTTP/1.1\r\nHost: a\r\nX-Slow: ');
  expect(await textOf(loris)).toMatch(/^HTTP\/1\.1 408 /);
  loris.end();
  expect(await answer).toEqual({ status: 200, body: 'late' });
  slow.close();
});

test('a refusal reaches a client that is still sending', async () => {
  await using lab = await front(upstreamPort);
  lab.plane.setSnapshot(snapshotOf([blockAdmin], 2));
  const body = Buffer.alloc(8 * 1024 * 1024, 'a');
  expect((await ask(lab.port, '/admin/upload', { body })).status).toBe(403);
});

test('a large body arrives whole through inspection', async () => {
  await using lab = await front(upstreamPort);
  const body = Buffer.alloc(32 * 1024 * 1024, 'a');
  expect(await ask(lab.port, '/upload', { body })).toEqual({
    status: 200,
    body: `{"path":"/upload","bytes":${body.length}}`,
  });
  expect(lab.plane.stats().pendingPeakBytes).toBeLessThanOrEqual(128 * 1024);
});

test('switching policies under load loses no request and judges every one by one of the two sets', async () => {
  await using lab = await front(upstreamPort);
  const agent = new Agent({ keepAlive: true, maxSockets: 16 });
  let switching = true;
  let generation = 1;
  const counts = { sent: 0, ok: 0, refused: 0 };
  const caller = async (number: number): Promise<void> => {
    for (let round = 0; switching || round < 20; round++) {
      counts.sent++;
      const path = number % 2 === 0 ? `/orders/${round}` : '/admin/users';
      const { status } = await ask(lab.port, path, { agent });
      if (status === 200) counts.ok++;
      else if (status === 403 && path === '/admin/users') counts.refused++;
      else throw new Error(`${path} was answered ${status}`);
    }
  };
  const callers = Promise.all(Array.from({ length: 16 }, (_unused, number) => caller(number)));
  for (let change = 0; change < 40; change++) {
    generation++;
    lab.plane.setSnapshot(snapshotOf(change % 2 === 0 ? [blockAdmin] : [], generation));
    const before = lab.seen.length;
    await until('some requests under this set', () => lab.seen.length > before + 10);
  }
  switching = false;
  await callers;
  await until('every record', () => lab.seen.length === counts.sent);
  expect(counts.ok + counts.refused).toBe(counts.sent);
  expect(counts.refused).toBeGreaterThan(0);
  const wrong = lab.seen.filter(({ status, path, generation: by }) => {
    const blocked = by % 2 === 0 && path.startsWith('/admin/');
    return status !== (blocked ? 403 : 200);
  });
  expect(wrong).toEqual([]);
  agent.destroy();
});

test('stop lets the request under way finish and delivers its record', async () => {
  const slow = createServer((_incoming, answer) => void setTimeout(() => answer.end('done'), 300));
  await new Promise<void>((resolve) => slow.listen(0, '127.0.0.1', resolve));
  await using lab = await front(portOf(slow));
  const agent = new Agent({ keepAlive: true });
  const answer = ask(lab.port, '/slow', { agent });
  await until('the request under way', () => lab.plane.stats().fromClientBytes > 0);
  await lab.plane.stop(20_000);
  expect(await answer).toEqual({ status: 200, body: 'done' });
  expect(lab.seen).toMatchObject([{ status: 200, path: '/slow' }]);
  agent.destroy();
  slow.close();
});

const built = join(import.meta.dirname, '../../dist/io/kernel/data-plane.js');
testUnless(lacking(existsSync(built), 'dist/ is not built'))('the built worker does the same', async () => {
  const module = (await import(pathToFileURL(built).href)) as { startDataPlane: typeof startDataPlane };
  await using lab = await front(upstreamPort, {}, module.startDataPlane);
  expect((await ask(lab.port, '/built')).status).toBe(200);
  await until('the record', () => lab.seen.length === 1);
});
