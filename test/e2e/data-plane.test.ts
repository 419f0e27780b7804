// The loop over real loopback sockets: half-close, resets, refusals, deadlines, backpressure. Conversations only forward here.
import { createServer } from 'node:net';
import { expect, test } from 'vitest';
import { peerFromName } from '../../src/core/model/identity.ts';
import { listening } from '../helpers/listening.ts';
import { until } from '../helpers/until.ts';
import { fullBacklog, startLab, textOf } from '../io/kernel/plane-lab.ts';

test('bytes pass both ways and the record carries the client address', async () => {
  await using lab = await startLab({ upstream: (socket) => void socket.pipe(socket) });
  const client = await lab.dial();
  let echoed = '';
  client.on('data', (chunk: Buffer) => (echoed += chunk.toString()));
  client.write('hello');
  await until('the echo', () => echoed === 'hello');
  const address = `127.0.0.1:${client.localPort ?? 0}`;
  client.end();
  await until('the record', () => lab.observed.length === 1);
  expect(lab.observed).toEqual([{ opaque: 'ended', status: 0, clientAddress: address }]);
  expect(lab.plane.stats()).toMatchObject({ accepted: 1, fromClientBytes: 5, fromUpstreamBytes: 5, lost: 0 });
});

test('half-close goes through in both directions', async () => {
  await using lab = await startLab();
  const client = await lab.dial();
  let answer = '';
  let clientEnded = false;
  client.on('data', (chunk: Buffer) => (answer += chunk.toString()));
  client.on('end', () => (clientEnded = true));
  client.end('question');
  const upstream = await until('the upstream leg', () => lab.accepted[0]);
  let question = '';
  let upstreamEnded = false;
  upstream.on('data', (chunk: Buffer) => (question += chunk.toString()));
  upstream.on('end', () => (upstreamEnded = true));
  await until('the client FIN upstream', () => upstreamEnded);
  expect(question).toBe('question');
  expect(clientEnded).toBe(false);
  upstream.write('late ');
  upstream.end('answer');
  await until('the upstream FIN at the client', () => clientEnded);
  expect(answer).toBe('late answer');
  await until('no connection left', () => lab.plane.stats().openConnections === 0);
});

test('an upstream that ends first still receives what the client sends', async () => {
  await using lab = await startLab();
  const client = await lab.dial();
  let clientEnded = false;
  client.on('end', () => (clientEnded = true)).resume();
  const upstream = await until('the upstream leg', () => lab.accepted[0]);
  let received = '';
  upstream.on('data', (chunk: Buffer) => (received += chunk.toString()));
  upstream.end();
  await until('the upstream FIN at the client', () => clientEnded);
  client.end('more');
  await until('the bytes after the FIN', () => received === 'more');
  await until('no connection left', () => lab.plane.stats().openConnections === 0);
});

test.each(['client', 'upstream'] as const)(
  'a reset by the %s reaches the other side as a reset',
  async (side) => {
    await using lab = await startLab();
    const client = await lab.dial();
    const upstream = await until('the upstream leg', () => lab.accepted[0]);
    client.write('x');
    await new Promise((resolve) => upstream.once('data', resolve));
    const [from, to] = side === 'client' ? [client, upstream] : [upstream, client];
    let code: string | undefined;
    to.on('error', (error: NodeJS.ErrnoException) => (code = error.code)).resume();
    from.resetAndDestroy();
    await until('the reset on the other side', () => code !== undefined);
    expect(code).toBe('ECONNRESET');
    await until('the record', () => lab.observed.length > 0);
    expect(lab.observed[0]?.opaque).toBe(`${side} reset`);
    await until('no connection left', () => lab.plane.stats().openConnections === 0);
  },
);

test('a refused upstream is told to the conversation, whose answer reaches the client before the close', async () => {
  const closed = createServer();
  const upstreamPort = await listening(closed);
  await new Promise((resolve) => closed.close(resolve));
  await using lab = await startLab({ upstreamPort });
  const client = await lab.dial();
  expect(await textOf(client)).toBe('connect refused\n');
  client.end();
  await until('no connection left', () => lab.plane.stats().openConnections === 0);
  expect(lab.plane.stats().connectFailed).toBe(1);
});

test('an upstream that does not answer the handshake is given up at the connect deadline', async () => {
  // 192.0.2.0/24 (TEST-NET-1) may be unroutable here; a full backlog on loopback never answers.
  await using full = await fullBacklog();
  await using lab = await startLab({ upstreamPort: full.port, limits: { connectMs: 300 } });
  const client = await lab.dial();
  expect(await textOf(client)).toBe('connect timeout\n');
  client.end();
  await until('no connection left', () => lab.plane.stats().openConnections === 0);
});

test('an unreachable upstream is told as such', async () => {
  await using lab = await startLab({ upstreamHost: '255.255.255.255', upstreamPort: 80 });
  const client = await lab.dial();
  expect(await textOf(client)).toBe('connect unreachable\n');
  client.end();
});

test('a conversation that waits for the rest of a head is cut at the head deadline', async () => {
  await using lab = await startLab({ limits: { headMs: 200 } });
  const client = await lab.dial();
  let code: string | undefined;
  client.on('error', (error: NodeJS.ErrnoException) => (code = error.code)).resume();
  client.write('WAIT');
  await until('the cut', () => code !== undefined);
  await until('its record', () => lab.observed.length > 0);
  expect(lab.observed.map(({ opaque }) => opaque)).toEqual(['client head-timeout']);
  await until('its end', () => lab.plane.stats().openConnections === 0);
  expect(lab.plane.stats().expired).toBe(1);
});

test('a silent connection is closed at the idle deadline, or cut when a request is under way', async () => {
  // Long enough for the question to come in time on a busy machine: a connection that never asked is closed, not cut.
  await using lab = await startLab({ limits: { idleMs: 1_000 } });
  const busy = await lab.dial();
  busy.write('question');
  const idle = await lab.dial();
  let ended = false;
  let cut = false;
  idle.on('end', () => (ended = true)).resume();
  busy.on('error', () => (cut = true)).resume();
  await until('both endings', () => ended && cut);
  await until('the record', () => lab.observed.length > 0);
  expect(lab.observed.map(({ opaque }) => opaque)).toEqual(['client idle-timeout']);
});

test('a bug in one conversation resets that connection only and is reported', async () => {
  await using lab = await startLab({ upstream: (socket) => void socket.pipe(socket) });
  const good = await lab.dial();
  const bad = await lab.dial();
  let cut = false;
  bad.on('close', () => (cut = true)).resume();
  bad.write('FAULT');
  await until('the reset', () => cut);
  let echoed = '';
  good.on('data', (chunk: Buffer) => (echoed += chunk.toString()));
  good.write('still here');
  await until('the echo', () => echoed === 'still here');
  await until('the report', () => lab.faults.length === 1);
  expect(lab.faults[0]).toContain('asked for');
  expect(lab.plane.stats()).toMatchObject({ faults: 1, openConnections: 1 });
});

test('IPv6 on both legs', async () => {
  await using lab = await startLab({
    host: '::1',
    upstreamHost: '::1',
    upstream: (socket) => void socket.pipe(socket),
  });
  const client = await lab.dial();
  let echoed = '';
  client.on('data', (chunk: Buffer) => (echoed += chunk.toString()));
  client.write('six');
  await until('the echo', () => echoed === 'six');
  client.end();
  await until('the record', () => lab.observed.length === 1);
  expect(lab.observed[0]?.clientAddress).toMatch(/^\[::1\]:\d+$/);
});

test('a listener that cannot be had names the address and leaves nothing open', async () => {
  const taken = createServer();
  const port = await listening(taken);
  await expect(
    startLab({
      listeners: [0, port].map((listenPort) => ({
        listen: { host: '127.0.0.1', port: listenPort },
        upstream: { host: '127.0.0.1', port: 9 },
        source: peerFromName('web', 'lab'),
        destination: peerFromName('api', 'lab'),
      })),
    }),
  ).rejects.toMatchObject({
    code: 'CANNOT_LISTEN',
    message: expect.stringContaining(`127.0.0.1:${port}`) as string,
  });
  taken.close();
});
