// Server and client over real sockets: who is let in, what a subscriber gets, what a slow or hostile one can cost.
import { once } from 'node:events';
import { chmodSync, existsSync, mkdirSync, renameSync, statSync, writeFileSync } from 'node:fs';
import { createServer, request } from 'node:http';
import type { IncomingMessage, OutgoingHttpHeaders } from 'node:http';
import { connect, createServer as createNetServer, type Socket } from 'node:net';
import { dirname, join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocket } from 'ws';
import { serverFrameSchema } from '../../../src/core/model/feed-message.ts';
import type { FeedAddress } from '../../../src/io/feed/feed-address.ts';
import { startFeedServer } from '../../../src/io/feed/feed-server.ts';
import {
  flow,
  flows,
  hello,
  ids,
  privateFolder,
  startAgent,
  startClient,
  status,
  untilClosed,
} from './feed-samples.ts';

const loopback: FeedAddress = { type: 'tcp', host: '127.0.0.1', port: 0 };
const portOf = (address: FeedAddress): number => (address.type === 'tcp' ? address.port : 0);
const pathOf = (address: FeedAddress): string => (address.type === 'unix' ? address.path : '');

/** Status and body of an upgrade that is refused, or 101. */
function upgrade(port: number, headers: OutgoingHttpHeaders, path = '/feed'): Promise<number> {
  return new Promise((done, fail) => {
    const ask = request({
      host: '127.0.0.1',
      port,
      path,
      headers: {
        connection: 'Upgrade',
        upgrade: 'websocket',
        'sec-websocket-version': '13',
        'sec-websocket-key': 'AAAAAAAAAAAAAAAAAAAAAA==',
        ...headers,
      },
    });
    ask.on('response', (response: IncomingMessage) => {
      response.resume();
      done(response.statusCode ?? 0);
    });
    ask.on('upgrade', (_response, socket) => {
      socket.destroy();
      done(101);
    });
    ask.on('error', fail);
    ask.end();
  });
}

test('only the right token without an Origin on the right path is let in', async () => {
  const { server } = await startAgent({ address: loopback, token: 'right' });
  const port = portOf(server.address);
  const authorization = 'Bearer right';
  expect(await upgrade(port, { authorization })).toBe(101);
  expect(await upgrade(port, {})).toBe(401);
  expect(await upgrade(port, { authorization: 'Bearer wrong' })).toBe(401);
  expect(await upgrade(port, { authorization: 'Bearer right ' + 'x'.repeat(100) })).toBe(401);
  expect(await upgrade(port, { authorization: 'right' })).toBe(401);
  expect(await upgrade(port, { authorization, origin: 'http://127.0.0.1' })).toBe(403);
  expect(await upgrade(port, { authorization, origin: 'null' })).toBe(403);
  expect(await upgrade(port, { authorization }, '/other')).toBe(404);
});

test('a port needs a token, and only loopback is listened on', async () => {
  await expect(startAgent({ address: loopback })).rejects.toMatchObject({ code: 'FEED_TOKEN_MISSING' });
  await expect(startAgent({ address: loopback, token: '' })).rejects.toMatchObject({
    code: 'FEED_TOKEN_MISSING',
  });
  await expect(startAgent({ address: { ...loopback, host: '0.0.0.0' }, token: 't' })).rejects.toMatchObject({
    code: 'FEED_NOT_LOOPBACK',
  });
});

test('a taken port is an error that names it', async () => {
  const other = createNetServer().listen(0, '127.0.0.1');
  onTestFinished(() => void other.close());
  await new Promise((done) => other.once('listening', done));
  const bound = other.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
  await expect(startAgent({ address: { ...loopback, port }, token: 't' })).rejects.toThrow(
    `cannot listen at 127.0.0.1:${port}`,
  );
});

test('a unix socket belongs to its owner alone, in a folder that does', async () => {
  const folder = join(privateFolder(), 'made');
  const { server } = await startAgent({ address: { type: 'unix', path: join(folder, 'feed.sock') } });
  expect(statSync(folder).mode & 0o777).toBe(0o700);
  expect(statSync(pathOf(server.address)).mode & 0o777).toBe(0o600);
  await server.close();
  expect(existsSync(pathOf(server.address))).toBe(false);
  const open = join(privateFolder(), 'open');
  mkdirSync(open);
  chmodSync(open, 0o755);
  await expect(
    startAgent({ address: { type: 'unix', path: join(open, 'feed.sock') } }),
  ).rejects.toMatchObject({
    code: 'FEED_DIRECTORY_OPEN',
  });
});

test('a directory for the socket that cannot be made is told as such', async () => {
  const address = { type: 'unix', path: '/dev/null/none/feed.sock' } as const;
  await expect(startAgent({ address })).rejects.toMatchObject({
    code: 'FEED_DIRECTORY',
    family: 'cannotCreate',
  });
});

test("a live server's socket is not taken, a dead one's is, and another file is left alone", async () => {
  const first = await startAgent();
  await expect(startAgent({ address: first.server.address })).rejects.toMatchObject({ code: 'FEED_IN_USE' });
  const path = join(privateFolder(), 'feed.sock');
  // What a killed process leaves: a socket file with nobody behind it.
  const doomed = createNetServer().listen(`${path}.tmp`);
  await new Promise((done) => doomed.once('listening', done));
  renameSync(`${path}.tmp`, path);
  await new Promise((done) => doomed.close(done));
  expect(existsSync(path)).toBe(true);
  const { server } = await startAgent({ address: { type: 'unix', path } });
  expect(pathOf(server.address)).toBe(path);
  const file = join(privateFolder(), 'feed.sock');
  writeFileSync(file, 'mine');
  await expect(startAgent({ address: { type: 'unix', path: file } })).rejects.toMatchObject({
    code: 'FEED_PATH_TAKEN',
  });
  const long = join(dirname(path), 'x'.repeat(120));
  await expect(startAgent({ address: { type: 'unix', path: long } })).rejects.toMatchObject({
    code: 'FEED_PATH_TOO_LONG',
  });
});

test('history comes first, then live, without a gap and without a duplicate', async () => {
  const agent = await startAgent({ limits: { batchEvents: 7 } });
  agent.say(...flows(0, 500));
  const client = startClient({ address: agent.server.address });
  let next = 500;
  // Events keep coming while history is being sent.
  const timer = setInterval(() => {
    if (next < 1_000) agent.say(flow((next += 1) - 1));
  }, 0);
  onTestFinished(() => clearInterval(timer));
  await expect.poll(() => client.seen().length, { timeout: 20_000 }).toBe(1_000);
  expect(client.seen()).toEqual(ids(0, 1_000));
  expect(client.messages.slice(0, 2).map((message) => message.type)).toEqual(['connection', 'hello']);
});

test('a subscriber gets no more history than it asked for', async () => {
  const agent = await startAgent();
  agent.say(...flows(0, 100));
  const client = startClient({ address: agent.server.address, subscribe: { last: 3 } });
  await expect.poll(() => client.seen()).toEqual(ids(97, 100));
  const other = startClient({
    address: agent.server.address,
    subscribe: { sinceMs: Date.parse(flow(95).time) },
  });
  await expect.poll(() => other.seen()).toEqual(ids(95, 100));
});

test('batches are full or in time: 20 events arrive although the timer never fires', async () => {
  const agent = await startAgent({ limits: { flushMs: 10_000_000, batchEvents: 20 } });
  const client = startClient({ address: agent.server.address });
  await expect.poll(() => agent.server.stats().subscribers).toBe(1);
  agent.say(...flows(0, 20));
  await expect.poll(() => client.seen()).toEqual(ids(0, 20));
  expect(client.messages.filter((message) => message.type === 'batch')).toHaveLength(1);
});

test('a status comes while subscribed', async () => {
  const agent = await startAgent({ limits: { statusMs: 5 } });
  const client = startClient({ address: agent.server.address });
  await expect
    .poll(() => client.messages.filter((message) => message.type === 'status').length)
    .toBeGreaterThan(1);
});

test('a reader that stops reading costs a bounded amount, and is told what it lost when it reads again', async () => {
  const limits = { bufferedBytes: 256 * 1024, statusMs: 20, pingMs: 10_000_000, batchEvents: 64 };
  const agent = await startAgent({ limits });
  const socket = new WebSocket('ws://localhost/feed', {
    createConnection: () => connect({ path: pathOf(agent.server.address) }),
  });
  onTestFinished(() => socket.terminate());
  await new Promise((done) => socket.once('message', done));
  socket.send('{"type":"subscribe"}');
  await expect.poll(() => agent.server.stats().subscribers).toBe(1);
  const received = { flows: 0, lost: 0, bytes: 0 };
  socket.on('message', (data: Buffer) => {
    received.bytes += data.length;
    const frame = serverFrameSchema.parse(JSON.parse(data.toString()));
    if (frame.type !== 'batch') return;
    for (const event of frame.events) {
      if (event.type === 'flow') received.flows += 1;
      if (event.type === 'lost') received.lost += event.count;
    }
  });
  socket.pause();
  const total = 40_000;
  const eventBytes = JSON.stringify(flow(0)).length;
  for (let at = 0; at < total; at += 1_000) {
    agent.say(...flows(at, at + 1_000));
    await new Promise((done) => setImmediate(done));
  }
  await expect.poll(() => agent.server.stats().dropped).toBeGreaterThan(total / 2);
  const kept = total - agent.server.stats().dropped;
  // Everything not dropped is in the server's bounded buffer or in the kernel's own (well under 2 MiB here).
  expect(kept * eventBytes).toBeLessThan(limits.bufferedBytes + 2 * 1024 * 1024);
  socket.resume();
  await expect.poll(() => received.lost + received.flows, { timeout: 20_000 }).toBe(total);
  expect(received.lost).toBe(agent.server.stats().dropped);
});

test('one slow subscriber takes nothing from the others', async () => {
  const agent = await startAgent({ limits: { bufferedBytes: 64 * 1024, pingMs: 10_000_000 } });
  const slow = new WebSocket('ws://localhost/feed', {
    createConnection: () => connect({ path: pathOf(agent.server.address) }),
  });
  onTestFinished(() => slow.terminate());
  await new Promise((done) => slow.once('message', done));
  slow.send('{"type":"subscribe"}');
  slow.pause();
  const quick = startClient({ address: agent.server.address });
  await expect.poll(() => agent.server.stats().subscribers).toBe(2);
  for (let at = 0; at < 20_000; at += 500) {
    agent.say(...flows(at, at + 500));
    await expect.poll(() => quick.seen().length, { timeout: 20_000 }).toBe(at + 500);
  }
  expect(agent.server.stats().dropped).toBeGreaterThan(0);
  expect(quick.seen()).toEqual(ids(0, 20_000));
});

test('a connection that answers no ping is ended', async () => {
  const agent = await startAgent({ limits: { pingMs: 10 } });
  const dead = new WebSocket('ws://localhost/feed', {
    createConnection: () => connect({ path: pathOf(agent.server.address) }),
    autoPong: false,
  });
  onTestFinished(() => dead.terminate());
  const ended = new Promise((done) => dead.once('close', done));
  const alive = startClient({ address: agent.server.address });
  await ended;
  await expect.poll(() => agent.server.stats().connections).toBe(1);
  expect(alive.states()).toEqual(['connected']);
});

test('more connections than the limit are turned away', async () => {
  const agent = await startAgent({ limits: { connections: 1 } });
  const first = startClient({ address: agent.server.address });
  await expect.poll(() => first.states()).toEqual(['connected']);
  const second = startClient({ address: agent.server.address, sleep: untilClosed });
  await expect
    .poll(() => second.messages[0])
    .toMatchObject({ state: 'reconnecting', detail: expect.stringContaining('503') as string });
});

test('strangers who never ask hold twice as many sockets as there may be connections, not more', async () => {
  const agent = await startAgent({ limits: { connections: 1, handshakeMs: 60_000 } });
  const dial = (): Socket => {
    const socket = connect({ path: pathOf(agent.server.address) }).resume();
    onTestFinished(() => void socket.destroy());
    return socket;
  };
  const held = [dial(), dial()];
  for (const socket of held) await once(socket, 'connect');
  await once(dial(), 'close');
  expect(held.map(({ readyState }) => readyState)).toEqual(['open', 'open']);
});

test('someone who never finishes the handshake is cut', async () => {
  const { server } = await startAgent({ address: loopback, token: 't', limits: { handshakeMs: 50 } });
  const half = connect({ host: '127.0.0.1', port: portOf(server.address) });
  half.write('GET /feed HTTP/1.1\r\nhost: x\r\n');
  half.resume();
  await once(half, 'close');
  expect(server.stats().connections).toBe(0);
});

test('closing tells the clients and frees the address', async () => {
  const agent = await startAgent();
  const client = startClient({ address: agent.server.address, sleep: untilClosed });
  await expect.poll(() => client.states()).toEqual(['connected']);
  await agent.server.close();
  await expect.poll(() => client.states()).toEqual(['connected', 'reconnecting']);
  const again = await startFeedServer({
    address: agent.server.address,
    hello: () => hello,
    history: () => [],
    status: () => status,
    handle: () => Promise.resolve(null),
  });
  await again.close();
});

test('what answers HTTP but is no feed is said in words', async () => {
  const http = createServer((_request, response) => response.writeHead(404).end()).listen(0, '127.0.0.1');
  onTestFinished(() => void http.close());
  await new Promise((done) => http.once('listening', done));
  const bound = http.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
  const client = startClient({ address: { ...loopback, port }, sleep: untilClosed });
  await expect
    .poll(() => client.messages[0])
    .toMatchObject({ detail: `127.0.0.1:${port} answered HTTP 404 instead of a feed` });
});
