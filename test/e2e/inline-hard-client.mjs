// A caller in a pod of the lab for the hard cases: gigabytes, half-closed connections, floods, storms of resets and noise, on orders that come as
// lines of JSON. Each order is bounded by its own numbers.
import { once } from 'node:events';
import { Agent, request } from 'node:http';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { text } from 'node:stream/consumers';
import { block, pour, tally } from './inline-hard-bytes.mjs';

const say = (value) => void process.stdout.write(`${JSON.stringify(value)}\n`);
const hostOf = (host) => (host.includes(':') ? `[${host}]` : host);
const headTo = (host, first, more = '') => `${first} HTTP/1.1\r\nHost: ${hostOf(host)}\r\n${more}`;

function counted() {
  const counts = {};
  return { counts, add: (key) => (counts[key] = (counts[key] ?? 0) + 1) };
}

/** On a connection of its own, which ends with the answer. */
const ask = (to) => request({ ...to, agent: false });
const answered = (asked) => once(asked, 'response').then(([answer]) => answer);

/** A connection, and how it ended: an error's code, or '' for a FIN. Reads, and forgets, all that comes. */
async function dial({ host, port }) {
  const socket = connect({ host, port, noDelay: true, allowHalfOpen: true });
  const over = new Promise((resolve) => {
    socket.on('error', ({ code }) => resolve(code));
    socket.on('end', () => resolve(''));
    socket.on('close', () => resolve(''));
  });
  await Promise.race([once(socket, 'connect').catch(() => undefined), over]);
  return { socket, over };
}

const someOf = (socket) => Promise.race([once(socket, 'data').catch(() => undefined), once(socket, 'close')]);

/** What is done on a connection before it is reset. */
const stages = {
  opened: () => undefined,
  halfHead: ({ socket, host }) => void socket.write(headTo(host, 'GET /a', 'X-Half: ')),
  asked: ({ socket, host }) => void socket.write(headTo(host, 'GET /hang', '\r\n')),
  halfBody: ({ socket, host }) =>
    void socket.write(headTo(host, 'POST /up', `Content-Length: 90000\r\n\r\n${'x'.repeat(40_000)}`)),
  async halfAnswer({ socket, host }) {
    socket.write(headTo(host, 'GET /down/4000000', '\r\n'));
    await someOf(socket);
    socket.pause();
  },
  async answered({ socket, host }) {
    socket.write(headTo(host, 'GET /a', '\r\n'));
    await someOf(socket);
  },
  /** The server's turn: the connection ends without our doing. */
  async serverBreaks({ socket, host, over }) {
    socket.write(headTo(host, 'GET /break', '\r\n'));
    socket.resume();
    await over;
  },
  serverRefuses: async ({ socket, over }) => {
    socket.resume();
    await over;
  },
};

/** As many at a time as the listener's queue takes without a second try. */
const waveOf = 100;

async function inWaves(count, one) {
  for (let at = 0; at < count; at += waveOf)
    await Promise.all(Array.from({ length: Math.min(waveOf, count - at) }, (_, index) => one(at + index)));
}

/** Numbers that look random and are the same each time. */
function randomFrom(seed) {
  let state = seed >>> 0;
  return (below) => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return Math.floor((state / 2 ** 32) * below);
  };
}

/** Bytes of all kinds: from the start on, or a request with some of it changed. */
function noise(random, host) {
  const bytes = Buffer.from(Array.from({ length: 1 + random(600) }, () => random(256)));
  if (random(2) === 0) return bytes;
  const whole = Buffer.from(
    headTo(host, 'POST /up', 'Transfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n\r\n'),
    'latin1',
  );
  for (let changes = 1 + random(4); changes > 0; changes--) whole[random(whole.length)] = random(256);
  return random(2) === 0 ? whole : Buffer.concat([whole, bytes]);
}

const flood = { goesOn: false, over: Promise.resolve() };

async function pourForEver(to) {
  const asked = ask({ ...to, method: 'POST', path: '/up' });
  const answer = answered(asked);
  let number = 0;
  while (flood.goesOn) if (!asked.write(block(number++))) await once(asked, 'drain');
  asked.end();
  return JSON.parse(await text(await answer)).bytes;
}

const orders = {
  ready: () => true,
  /** A request whose body is that long. */
  async up({ host, port, bytes }) {
    const asked = ask({ host, port, method: 'POST', path: '/up', headers: { 'content-length': bytes } });
    const answer = answered(asked);
    const sent = await pour(asked, bytes);
    asked.end();
    return { sent, got: JSON.parse(await text(await answer)) };
  },
  /** An answer that is that long, in chunks. */
  async down({ host, port, bytes }) {
    const asked = ask({ host, port, path: `/down/${bytes}` });
    asked.end();
    const got = tally();
    for await (const part of await answered(asked)) got.add(part);
    return got.told();
  },
  /** Sends it all and its end, then reads. */
  async endThenRead({ host, port, bytes }) {
    const { socket } = await dial({ host, port });
    const sent = await pour(socket, bytes);
    socket.end();
    return { sent, got: JSON.parse(await text(socket)) };
  },
  /** Reads to the end, then sends. */
  async readThenSend({ host, port, bytes }) {
    const { socket } = await dial({ host, port });
    const read = await text(socket);
    const sent = await pour(socket, bytes);
    socket.end();
    return { sent, read };
  },
  flood({ host, port, connections }) {
    flood.goesOn = true;
    flood.over = Promise.all(Array.from({ length: connections }, () => pourForEver({ host, port })));
    return true;
  },
  /** The end of it: bytes that the server got from each. */
  ebb() {
    flood.goesOn = false;
    return flood.over;
  },
  /** One request after the other, all on one connection, or each on its own. */
  async quiet({ host, port, count, kept }) {
    const { counts, add } = counted();
    const agent = new Agent({ keepAlive: kept, maxSockets: 1 });
    for (let times = 0; times < count; times++) {
      const asked = request({ host, port, path: '/quiet', agent });
      asked.end();
      try {
        const answer = await answered(asked);
        add(String(answer.statusCode));
        await text(answer);
      } catch (error) {
        add(error.code);
      }
    }
    agent.destroy();
    return counts;
  },
  /** Connections that are reset at that stage of theirs. */
  async storm({ host, port, stage, count }) {
    const { counts, add } = counted();
    await inWaves(count, async () => {
      const { socket, over } = await dial({ host, port });
      await stages[stage]({ socket, over, host });
      if (!socket.destroyed) socket.resetAndDestroy();
      add(await over);
    });
    return counts;
  },
  async noise({ host, port, seed, count }) {
    const random = randomFrom(seed);
    const parts = Array.from({ length: count }, () => noise(random, host));
    await inWaves(count, async (at) => {
      const { socket, over } = await dial({ host, port });
      socket.resume();
      socket.end(parts[at]);
      await over;
      socket.destroy();
    });
    return count;
  },
};
for await (const line of createInterface({ input: process.stdin })) {
  const { id, order, ...rest } = JSON.parse(line);
  void Promise.resolve(orders[order](rest)).then((answer) => say({ id, answer }));
}
process.exit(0);
