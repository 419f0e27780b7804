// The client: what it makes of an agent that goes away, comes back, is newer, is hostile, or does not answer.
import { createServer } from 'node:net';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { WebSocketServer } from 'ws';
import type { WebSocket } from 'ws';
import type { ApiEvent } from '../../../src/core/model/event.ts';
import type { FeedAddress } from '../../../src/io/feed/feed-address.ts';
import { createLiveFeed } from '../../../src/io/feed/live-feed.ts';
import {
  flow,
  flows,
  hello,
  ids,
  privateFolder,
  startAgent,
  startClient,
  untilClosed,
} from './feed-samples.ts';

/** A server that says what a test wants, right or wrong. */
async function startScript(onClient: (socket: WebSocket) => void): Promise<FeedAddress> {
  const server = new WebSocketServer({ port: 0, host: '127.0.0.1' });
  onTestFinished(() => {
    for (const client of server.clients) client.terminate();
    server.close();
  });
  server.on('connection', onClient);
  await new Promise((done) => server.once('listening', done));
  const bound = server.address();
  return {
    type: 'tcp',
    host: '127.0.0.1',
    port: typeof bound === 'object' && bound !== null ? bound.port : 0,
  };
}

const say = (socket: WebSocket, frame: unknown): void => socket.send(JSON.stringify(frame));

test('an agent that restarts: the client keeps what it has, asks only for what it missed, and shows nothing twice', async () => {
  const window: ApiEvent[] = [];
  const path = join(privateFolder(), 'feed.sock');
  const address: FeedAddress = { type: 'unix', path };
  const first = await startAgent({ address, window });
  first.say(...flows(0, 300));
  const client = startClient({ address, limits: { overlapMs: 50 } });
  await expect.poll(() => client.seen()).toEqual(ids(0, 300));
  await first.server.close();
  await expect.poll(() => client.states()).toContain('reconnecting');
  // Missed while away; the last one began before the newest event the client has, and was reported late.
  window.push(...flows(300, 320), { ...flow(280), id: 'late' });
  const second = await startAgent({ address, window });
  await expect.poll(() => client.seen().length).toBe(321);
  second.say(...flows(320, 330));
  await expect.poll(() => client.seen()).toEqual([...ids(0, 320), 'late', ...ids(320, 330)]);
  expect(second.asked).toEqual([{ sinceMs: Date.parse(flow(299).time) - 50, last: Infinity }]);
  expect(client.states().at(-1)).toBe('connected');
});

test('a policy that went while the connection was down is told as removed once the history is complete', async () => {
  const policy = (name: string): ApiEvent => ({ type: 'policy', time: flow(1).time, name, state: 'active' });
  const address: FeedAddress = { type: 'unix', path: join(privateFolder(), 'feed.sock') };
  const first = await startAgent({ address, window: [policy('shop/a'), policy('shop/b'), flow(1)] });
  const client = startClient({ address });
  await expect.poll(() => client.seen()).toEqual(['policy', 'policy', 'f1']);
  await first.server.close();
  await expect.poll(() => client.states()).toContain('reconnecting');
  await startAgent({ address, window: [policy('shop/b'), flow(1), flow(2)] });
  await expect
    .poll(() => client.events().slice(3))
    .toMatchObject([
      { type: 'flow', id: 'f2' },
      { type: 'policy', name: 'shop/a', state: 'removed' },
    ]);
});

test('an agent that is not there yet is tried again with pauses that grow, up to a limit, with jitter', async () => {
  const pauses: number[] = [];
  const client = startClient({
    address: { type: 'unix', path: join(privateFolder(), 'nobody.sock') },
    limits: { backoffFirstMs: 100, backoffMaxMs: 1_000 },
    random: () => 0.5,
    sleep(ms, signal) {
      pauses.push(ms);
      return pauses.length < 7 ? Promise.resolve() : untilClosed(ms, signal);
    },
  });
  await expect.poll(() => pauses).toEqual([75, 150, 300, 600, 750, 750, 750]);
  expect(client.messages[0]).toMatchObject({
    state: 'reconnecting',
    detail: expect.stringMatching(/^no agent answers at unix:/) as string,
  });
});

test('a wrong token is final, in a sentence, and every request says so', async () => {
  const agent = await startAgent({ address: { type: 'tcp', host: '127.0.0.1', port: 0 }, token: 'right' });
  const client = startClient({ address: agent.server.address, token: 'wrong' });
  await expect.poll(() => client.states()).toEqual(['closed']);
  await expect(client.feed.request({ op: 'status' })).rejects.toMatchObject({
    code: 'FEED_DENIED',
    family: 'denied',
  });
  const right = startClient({ address: agent.server.address, token: 'right' });
  await expect(right.feed.request({ op: 'status' })).resolves.toEqual({ op: 'status' });
});

test('a newer agent is refused with a sentence naming both versions, even when its greeting looks different', async () => {
  const address = await startScript((socket) => say(socket, { type: 'hello', version: 2, shape: 'unknown' }));
  const client = startClient({ address });
  await expect.poll(() => client.states()).toEqual(['closed']);
  expect(client.messages[0]).toMatchObject({
    detail: expect.stringContaining(
      'speaks feed version 2, and this program reads up to version 1',
    ) as string,
  });
  await expect(client.feed.request({ op: 'status' })).rejects.toMatchObject({ code: 'FEED_TOO_NEW' });
});

test('requests made while connecting wait, those of a lost connection and between two tries are rejected', async () => {
  let connection: WebSocket | undefined;
  const asked: string[] = [];
  const address = await startScript((socket) => {
    connection = socket;
    say(socket, hello);
    socket.on('message', (data: Buffer) => asked.push(data.toString()));
  });
  const client = startClient({ address, subscribe: false, sleep: untilClosed });
  const pending = client.feed.request({ op: 'policy.list' });
  await expect.poll(() => asked).toEqual(['{"type":"request","id":1,"operation":{"op":"policy.list"}}']);
  connection?.terminate();
  await expect(pending).rejects.toMatchObject({ code: 'FEED_LOST', family: 'unavailable' });
  await expect(client.feed.request({ op: 'status' })).rejects.toMatchObject({ code: 'FEED_LOST' });
});

test('a request before the start, or after the end, is rejected', async () => {
  const agent = await startAgent();
  const feed = createLiveFeed({ address: agent.server.address });
  await expect(feed.request({ op: 'status' })).rejects.toMatchObject({ code: 'FEED_LOST' });
  feed.start(() => undefined);
  await feed.close();
  await expect(feed.request({ op: 'status' })).rejects.toMatchObject({ code: 'FEED_LOST' });
});

test('an answer that never comes is a rejection, and a flood of requests is turned away', async () => {
  const address = await startScript((socket) => say(socket, hello));
  const client = startClient({ address, limits: { requestMs: 20, requests: 1 } });
  const waiting = client.feed.request({ op: 'policy.undo' });
  await expect(client.feed.request({ op: 'status' })).rejects.toMatchObject({ code: 'FEED_BUSY' });
  await expect(waiting).rejects.toMatchObject({ code: 'FEED_TIMEOUT' });
});

test('an agent that falls silent counts as lost', async () => {
  const address = await startScript((socket) => say(socket, hello));
  const client = startClient({ address, limits: { silenceMs: 20 }, sleep: untilClosed });
  await expect.poll(() => client.states()).toEqual(['connected', 'reconnecting']);
});

test('one that accepts and never greets counts as lost', async () => {
  const server = createServer(() => undefined).listen(0, '127.0.0.1');
  onTestFinished(() => void server.close());
  await new Promise((done) => server.once('listening', done));
  const bound = server.address();
  const port = typeof bound === 'object' && bound !== null ? bound.port : 0;
  const client = startClient({
    address: { type: 'tcp', host: '127.0.0.1', port },
    limits: { handshakeMs: 30 },
    sleep: untilClosed,
  });
  await expect.poll(() => client.states()).toEqual(['reconnecting']);
});

test('hostile frames never break the client: what is not valid is counted, what is valid arrives', async () => {
  const deep = `${'['.repeat(100_000)}${']'.repeat(100_000)}`;
  const good = flow(1);
  const policy = { type: 'policy', time: good.time, name: 'shop/a', state: 'active' };
  const address = await startScript((socket) => {
    say(socket, hello);
    for (const text of [
      '',
      'null',
      '[]',
      '"x"',
      '{',
      '{"type":"batch"}',
      '{"type":"batch","events":{}}',
      '{"type":"reply","id":-1}',
    ])
      socket.send(text);
    socket.send(Buffer.from([0xff, 0xfe]));
    socket.send(
      `{"type":"batch","events":[{"__proto__":{"polluted":1},"type":"flow"},null,1,${JSON.stringify(good)}]}`,
    );
    const hollow = JSON.stringify({ ...policy, object: 0 }).replace('"object":0', `"object":${deep}`);
    const negative = JSON.stringify({ ...good, id: 'f2', latencyMs: -1 });
    socket.send(`{"type":"batch","events":[${hollow},${negative}]}`);
    socket.send(`{"type":"reply","id":99,"ok":true,"result":${deep}}`);
    say(socket, { type: 'refusal', id: 98, error: { code: 'X', message: 'x', hint: 'x' } });
    say(socket, { type: 'batch', events: [{ ...policy, object: { spec: 1 } }] });
  });
  const client = startClient({ address });
  await expect.poll(() => client.seen()).toContain('policy');
  const seen = client.seen();
  expect(seen.filter((one) => one === 'f1')).toHaveLength(1);
  expect(seen).not.toContain('f2');
  const lost = client.events().reduce((sum, event) => sum + (event.type === 'lost' ? event.count : 0), 0);
  expect(lost).toBe(15);
  expect(client.states()).toEqual(['connected']);
  expect(({} as Record<string, unknown>)['polluted']).toBeUndefined();
});

test('the same finding with a higher count is news, the same event twice is not', async () => {
  const endpoint = flow(0).source;
  const finding = {
    type: 'finding',
    time: flow(1).time,
    id: 'x',
    rule: 'bola',
    title: 't',
    severity: 'high',
    confidence: 1,
    tags: [],
    source: endpoint,
    count: 1,
    firstSeen: flow(1).time,
    lastSeen: flow(1).time,
    evidence: [],
    why: 'w',
    fix: 'f',
  };
  const address = await startScript((socket) => {
    say(socket, hello);
    say(socket, { type: 'batch', events: [finding, finding, { ...finding, count: 2 }, flow(1), flow(1)] });
  });
  const client = startClient({ address });
  await expect.poll(() => client.seen()).toEqual(['finding', 'finding', 'f1']);
});

test('an address that cannot be dialled is refused at once', () => {
  expect(() => createLiveFeed({ address: { type: 'tcp', host: 'a b', port: 1 } })).toThrow(
    '"a b:1" is not an address of a feed',
  );
});

test('a token that an agent left anew is read anew: the client survives the restart of its agent', async () => {
  let token = 'first';
  const first = await startAgent({ address: { type: 'tcp', host: '127.0.0.1', port: 0 }, token: 'first' });
  const { address } = first.server;
  const client = startClient({ address, token: () => token, awaitsToken: true });
  await expect.poll(() => client.states()).toEqual(['connected']);
  await first.server.close();
  // The new agent is there before its token is.
  const second = await startAgent({ address, token: 'second', window: [flow(1)] });
  await expect
    .poll(() => client.messages)
    .toContainEqual({ type: 'connection', state: 'reconnecting', detail: 'not admitted' });
  token = 'second';
  await expect.poll(() => client.states().at(-1)).toBe('connected');
  second.say(flow(2));
  await expect.poll(() => client.seen()).toEqual(['f1', 'f2']);
});

test('a given token file that stays the same is final; one that has changed meanwhile is tried', async () => {
  const agent = await startAgent({ address: { type: 'tcp', host: '127.0.0.1', port: 0 }, token: 'right' });
  const { address } = agent.server;
  const same = startClient({ address, token: () => 'wrong' });
  await expect.poll(() => same.states()).toEqual(['closed']);
  const reads = ['wrong', 'right'];
  const changed = startClient({ address, token: () => reads.shift() ?? 'right' });
  await expect.poll(() => changed.states()).toEqual(['reconnecting', 'connected']);
});

test('a refused token is given up after a bounded number of tries', async () => {
  const agent = await startAgent({ address: { type: 'tcp', host: '127.0.0.1', port: 0 }, token: 'right' });
  let reads = 0;
  const client = startClient({
    address: agent.server.address,
    token: () => `wrong ${(reads += 1)}`,
    limits: { deniedTries: 3 },
  });
  await expect
    .poll(() => client.states())
    .toEqual(['reconnecting', 'reconnecting', 'reconnecting', 'closed']);
});
