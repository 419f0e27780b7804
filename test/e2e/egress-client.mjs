// A pod that calls out: connections that are tried and given up, and datagrams. Orders are lines of JSON on stdin, answered on stdout.
import { createSocket } from 'node:dgram';
import { connect } from 'node:net';
import { createInterface } from 'node:readline';
import { clearInterval, setInterval } from 'node:timers';

const say = (value) => void process.stdout.write(`${JSON.stringify(value)}\n`);

/** How it ended: an error's code, or `CONNECTED`. */
const callOnce = (to) =>
  new Promise((resolve) => {
    const socket = connect(to);
    const end = (word) => (socket.destroy(), resolve(word));
    socket.once('connect', () => end('CONNECTED'));
    socket.once('error', ({ code }) => end(code));
  });

const hanging = [];
let stream;

const orders = {
  ready: () => true,
  /** `count` connections, some at a time; how many ended in which way. */
  async tcp({ host, port, count = 1 }) {
    const words = {};
    let left = count;
    const lane = async () => {
      while (left-- > 0) {
        const word = await callOnce({ host, port });
        words[word] = (words[word] ?? 0) + 1;
      }
    };
    await Promise.all(Array.from({ length: Math.min(count, 100) }, lane));
    return words;
  },
  /** A call every `everyMs`, until `streamEnd`. */
  stream({ everyMs, ...to }) {
    stream = { words: {}, open: new Set() };
    stream.timer = setInterval(() => {
      const { words, open } = stream;
      const call = callOnce(to).then((word) => {
        words[word] = (words[word] ?? 0) + 1;
        open.delete(call);
      });
      open.add(call);
    }, everyMs);
    return true;
  },
  /** How many calls ended in which way. */
  async streamEnd() {
    clearInterval(stream.timer);
    await Promise.all(stream.open);
    return stream.words;
  },
  /** Begun and left alone. */
  hang({ host, port }) {
    hanging.push(connect({ host, port }).on('error', () => undefined));
    return true;
  },
  async udp({ host, port, count = 1 }) {
    const socket = createSocket(host.includes(':') ? 'udp6' : 'udp4').on('error', () => undefined);
    const answer = () => new Promise((resolve) => socket.send('x', port, host, () => resolve()));
    for (let sent = 0; sent < count; sent += 1) await answer();
    socket.close();
    return true;
  },
  hangUp() {
    for (const socket of hanging.splice(0)) socket.destroy();
    return true;
  },
};

createInterface({ input: process.stdin }).on('line', (line) => {
  const { id, order, ...rest } = JSON.parse(line);
  void Promise.resolve(orders[order](rest)).then((answer) => say({ id, answer }));
});
