// A caller in a pod of the lab: raw connections by name, and crowds of them, on orders that come as lines of JSON.
import { Resolver } from 'node:dns/promises';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';

const say = (value) => void process.stdout.write(`${JSON.stringify(value)}\n`);
const sockets = new Map();

/** A connection and all that is known of it. */
function open({ host, port, localPort, localAddress }) {
  const socket = connect({
    host,
    port,
    allowHalfOpen: true,
    noDelay: true,
    ...(localPort && { localPort }),
    ...(localAddress && { localAddress }),
  });
  const state = { text: '', ended: false, error: '', connected: false };
  const noted = new Set();
  const tell = () => noted.forEach((look) => look());
  socket.setEncoding('latin1');
  socket.on('data', (chunk) => ((state.text += chunk), tell()));
  socket.on('end', () => ((state.ended = true), tell()));
  socket.on('error', (error) => ((state.error = error.code), tell()));
  socket.on('close', () => ((state.ended = true), tell()));
  socket.on('connect', () => ((state.connected = true), tell()));
  const until = (holds) =>
    new Promise((resolve) => {
      const look = () => {
        if (!holds(state)) return;
        noted.delete(look);
        resolve(state);
      };
      noted.add(look);
      look();
    });
  return { socket, state, until };
}

const over = ({ ended, error }) => ended || error !== '';

/** Length of the whole answer at the start of `text`, 0 when it is not complete. */
function answerLength(text) {
  const head = text.indexOf('\r\n\r\n');
  if (head < 0) return 0;
  const fields = text.slice(0, head).toLowerCase();
  const length = /\r\ncontent-length: (\d+)/.exec(fields);
  if (length !== null) return text.length >= head + 4 + Number(length[1]) ? head + 4 + Number(length[1]) : 0;
  if (!fields.includes('chunked')) return 0;
  const end = text.indexOf('0\r\n\r\n', head);
  return end < 0 ? 0 : end + 5;
}

function answerOf({ text, error }) {
  const body = text.slice(text.indexOf('\r\n\r\n') + 4).replace(/^[0-9a-f]+\r\n([^]*)\r\n0\r\n\r\n$/, '$1');
  return { status: Number(text.slice(9, 12)), head: text.slice(0, text.indexOf('\r\n\r\n')), body, error };
}

const request = (host, { method = 'GET', path = '/', body = '' }) =>
  `${method} ${path} HTTP/1.1\r\nHost: ${host.includes(':') ? `[${host}]` : host}\r\n${body === '' ? '' : `Content-Length: ${body.length}\r\n`}\r\n${body}`;

/** One exchange on a connection that may go on. */
async function exchange(connection, host, asked) {
  connection.state.text = '';
  connection.socket.write(request(host, asked));
  const state = await connection.until((state) => over(state) || answerLength(state.text) > 0);
  return answerOf(state);
}

const orders = {
  ready: () => true,
  /** One request on a connection of its own. */
  async get(order) {
    const connection = open(order);
    const answer = await exchange(connection, order.host, order);
    const { localPort } = connection.socket;
    connection.socket.destroy();
    return { ...answer, localPort };
  },
  async open(order) {
    const connection = open(order);
    sockets.set(order.name, connection);
    const { error } = await connection.until((state) => state.connected || state.error !== '');
    return { error, localPort: connection.socket.localPort };
  },
  /** Addresses of a name, asked of that server. */
  resolve({ name, server }) {
    const resolver = new Resolver();
    resolver.setServers([server]);
    return resolver.resolve4(name);
  },
  ask: (order) => exchange(sockets.get(order.name), order.host, order),
  write({ name, text }) {
    sockets.get(name).socket.write(text, 'latin1');
    return true;
  },
  end({ name }) {
    sockets.get(name).socket.end();
    return true;
  },
  reset({ name }) {
    sockets.get(name).socket.resetAndDestroy();
    return true;
  },
  /** Waits for the end of a connection. */
  over: ({ name }) => sockets.get(name).until(over),
  /** Waits for text. */
  text: ({ name, part }) => sockets.get(name).until((state) => over(state) || state.text.includes(part)),
  state: ({ name }) => sockets.get(name).state,
  /** `count` connections at once; once all are open, a request on each; then they stay until `disperse`. */
  async crowd({ name, count, host, port, path }) {
    const crowd = [];
    // The listener's queue is as long as the kernel allows; waves keep it from overflowing, which would only be slow.
    for (let at = 0; at < count; at += 500) {
      const wave = Array.from({ length: Math.min(500, count - at) }, () => open({ host, port }));
      await Promise.all(wave.map(({ until }) => until((state) => state.connected || over(state))));
      crowd.push(...wave);
    }
    sockets.set(name, crowd);
    return orders.crowdAsk({ name, host, path });
  },
  async crowdAsk({ name, host, path }) {
    const crowd = sockets.get(name);
    const answers = await Promise.all(crowd.map((connection) => exchange(connection, host, { path })));
    const tally = {};
    for (const { status, error } of answers) {
      const key = error === '' ? String(status) : error;
      tally[key] = (tally[key] ?? 0) + 1;
    }
    const kept = answers.filter(({ body }, index) =>
      body.includes(`"port":${crowd[index].socket.localPort}`),
    );
    return { tally, portsKept: kept.length };
  },
  /** `count` connections of which each sends the beginning of a request and no more. */
  async flood({ name, count, host, port }) {
    const flood = Array.from({ length: count }, () => open({ host, port }));
    sockets.set(name, flood);
    await Promise.all(flood.map(({ until }) => until((state) => state.connected || over(state))));
    for (const { socket } of flood) socket.write('GET / HTTP/1.1\r\nX-Slow: ');
    return true;
  },
  staying: ({ name }) => sockets.get(name).filter(({ state }) => !over(state)).length,
  disperse({ name }) {
    for (const { socket } of sockets.get(name)) socket.destroy();
    return true;
  },
};
for await (const line of createInterface({ input: process.stdin })) {
  const { id, order, ...rest } = JSON.parse(line);
  void Promise.resolve(orders[order](rest)).then((answer) => say({ id, answer }));
}
process.exit(0);
