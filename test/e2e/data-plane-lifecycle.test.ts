// Stopping, dying, running out of descriptors, and events that nobody fetches: real processes where the process itself is the subject.
import { connect, createServer, type Server, type Socket } from 'node:net';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { startHost } from '../io/kernel/host-process.ts';
import { listening } from '../helpers/listening.ts';
import { until } from '../helpers/until.ts';
import { dial, startLab, textOf } from '../io/kernel/plane-lab.ts';
import { startTraffic } from '../io/kernel/traffic.ts';

const echo: Server = createServer((socket) => {
  socket.on('error', () => undefined);
  socket.pipe(socket);
});
let echoPort = 0;
beforeAll(async () => {
  echoPort = await listening(echo);
});
afterAll(() => void echo.close());

async function roundTrip(socket: Socket, text: string): Promise<void> {
  let echoed = '';
  const collect = (chunk: Buffer): void => void (echoed += chunk.toString());
  socket.on('data', collect);
  socket.write(text);
  await until(`the echo of ${text}`, () => echoed === text);
  socket.off('data', collect);
}

test('stop closes idle connections at once, lets a request finish, and accepts nobody new', async () => {
  await using lab = await startLab({ upstream: (socket) => void socket.on('data', () => undefined) });
  const idle = await lab.dial();
  const busy = await lab.dial();
  busy.write('question');
  await until('both upstream legs', () => lab.accepted.length === 2 && lab.plane.stats().fromClientBytes > 0);
  let idleEnded = false;
  idle.on('end', () => idle.end(() => (idleEnded = true))).resume();
  const stopped = lab.plane.stop(20_000);
  await until('the idle one closed', () => idleEnded);
  await expect(dial(lab.port)).rejects.toMatchObject({ code: 'ECONNREFUSED' });
  const answer = textOf(busy);
  for (const socket of lab.accepted) if (socket.bytesRead > 0) socket.write('answer');
  expect(await answer).toBe('answer');
  busy.end();
  await stopped;
  expect(lab.plane.stats().openConnections).toBe(0);
});

test('stop answers whoever had already sent a request, accepted or not', async () => {
  await using lab = await startLab({ upstream: (socket) => void socket.pipe(socket) });
  const clients = await Promise.all(Array.from({ length: 20 }, () => lab.dial()));
  const late = await Promise.all(Array.from({ length: 20 }, () => lab.dial()));
  const answers = [...clients, ...late].map((client) => textOf(client));
  for (const client of [...clients, ...late]) client.write('question');
  const stopped = lab.plane.stop(20_000);
  expect(await Promise.all(answers)).toEqual(new Array<string>(40).fill('question'));
  for (const client of [...clients, ...late]) client.end();
  await stopped;
});

test('open connections are counted by listener', async () => {
  await using lab = await startLab();
  const client = await lab.dial();
  await until('it is counted', () => lab.plane.stats().openByListener[0] === 1);
  client.resetAndDestroy();
  await until('it is no longer', () => lab.plane.stats().openByListener[0] === 0);
  await until('a heartbeat', () => lab.plane.stats().heartbeatAgeMs < 5_000);
});

test('stop resets what is still under way at its deadline and delivers the last records', async () => {
  await using lab = await startLab();
  const busy = await lab.dial();
  let code: string | undefined;
  busy.on('error', (error: NodeJS.ErrnoException) => (code = error.code)).resume();
  busy.write('question');
  await until('the request under way', () => lab.plane.stats().fromClientBytes > 0);
  await lab.plane.stop(100);
  expect(lab.observed.map(({ opaque }) => opaque)).toEqual(['client stopped']);
  await until('the reset', () => code === 'ECONNRESET');
});

test('SIGTERM drains and the process ends by itself', async () => {
  await using host = await startHost(echoPort, 1024);
  const client = await dial(host.port);
  await roundTrip(client, 'hello');
  const rest = textOf(client);
  host.child.kill('SIGTERM');
  expect(await rest).toBe('');
  client.end();
  expect(await host.next()).toEqual({ stopped: true });
  expect(await host.exited).toBe(0);
});

test('a worker that hangs shows in the heartbeat, and SIGTERM still ends the process', async () => {
  await using host = await startHost(echoPort, 1024);
  const client = await dial(host.port);
  client.on('error', () => undefined).resume();
  client.write('SPIN');
  await until('an old heartbeat', async () => ((await host.ask('stats')).heartbeatAgeMs ?? 0) >= 600);
  host.child.kill('SIGTERM');
  expect(await host.next()).toEqual({ stopped: true });
  expect(await host.exited).toBe(0);
  client.destroy();
});

test.each([
  ['SIGKILL', 'SIGKILL'],
  ['exit', 7],
  ['throw', 1],
] as const)('after %s nothing is left: the client is told and the port is free', async (how, status) => {
  await using host = await startHost(echoPort, 1024);
  const client = await dial(host.port);
  await roundTrip(client, 'hello');
  let closed = false;
  client.on('error', () => undefined).on('close', () => (closed = true));
  client.on('end', () => client.end());
  if (how === 'SIGKILL') host.child.kill('SIGKILL');
  else host.child.stdin?.write(`${how}\n`);
  expect(await host.exited).toBe(status);
  await until('the client is told', () => closed);
  const again = createServer();
  await new Promise<void>((resolve, reject) => {
    again.once('error', reject);
    again.listen(host.port, '127.0.0.1', resolve);
  });
  again.close();
});

test.each([
  ['the process keeps its reserve', 64],
  ['not one is left in the whole process', 0],
])(
  'when %s, new connections are refused and counted, and service returns',
  async (_why, reservedDescriptors) => {
    await using host = await startHost(echoPort, 128, { reservedDescriptors });
    const working = await dial(host.port);
    const clients: Socket[] = [];
    let refused = 0;
    for (let index = 0; index < 200; index++) {
      const socket = connect(host.port, '127.0.0.1');
      socket.on('error', () => refused++).resume();
      clients.push(socket);
    }
    await until('a refusal at the client', () => refused > 0);
    const stats = await until('a counted refusal', async () => {
      const now = await host.ask('stats');
      return (now.refused ?? 0) > 0 && now;
    });
    expect(stats.openConnections).toBeLessThan(128);
    await roundTrip(working, 'not disturbed');
    for (const socket of clients) socket.destroy();
    await until('only the working one', async () => (await host.ask('stats')).openConnections === 1);
    const client = await dial(host.port);
    await roundTrip(client, 'back again');
    client.destroy();
    working.destroy();
  },
);

test('records that main does not fetch are lost in a full ring, counted, and every one is accounted for', async () => {
  const traffic = await startTraffic();
  await using lab = await startLab({ upstreamPort: traffic.upstreamPort, limits: { ringBytes: 4096 } });
  traffic.start(lab.port, 500);
  // Main is blocked on purpose: nothing empties the ring.
  traffic.blockUntilDone();
  await until('every record seen or lost', () => lab.observed.length + lab.lost() >= 500);
  await traffic.close();
  expect(lab.lost()).toBeGreaterThan(0);
  expect(lab.observed.length).toBeGreaterThan(0);
  expect(lab.plane.stats().lost).toBe(lab.lost());
  await until('the close', () => lab.plane.stats().openConnections === 0);
  await until('its record', () => lab.observed.length + lab.lost() === 501);
});

test('switching snapshots under load judges every open connection again and loses no byte', async () => {
  await using lab = await startLab({
    upstream: (socket) => void socket.pipe(socket),
    limits: { rejudgedPerPass: 7 },
  });
  const clients = await Promise.all(Array.from({ length: 50 }, () => lab.dial()));
  let echoes = 0;
  for (const client of clients)
    client.on('data', (chunk: Buffer) => {
      expect(chunk.toString()).toBe('ping');
      echoes++;
      client.write('ping');
    });
  for (const client of clients) client.write('ping');
  for (let change = 1; change <= 20; change++) {
    lab.plane.setSnapshot(new SharedArrayBuffer(8));
    await until('all judged again', () => lab.plane.stats().rejudged === change * 50);
  }
  const before = echoes;
  await until('every connection still answers', () => echoes > before + 200);
  expect(lab.plane.stats()).toMatchObject({ openConnections: 50, faults: 0 });
});
