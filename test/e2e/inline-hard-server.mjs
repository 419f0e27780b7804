// A service in a pod of the lab for the hard cases, on four ports from the one given: HTTP (`/up`, `/down/BYTES`, `/break`, `/hang`), a listener that
// answers at its caller's end, one that ends its own half first, and one that resets whoever calls. Orders come as lines of JSON.
import { createServer } from 'node:http';
import { createServer as createListener } from 'node:net';
import { createInterface } from 'node:readline';
import { pour, tally } from './inline-hard-bytes.mjs';

const say = (value) => void process.stdout.write(`${JSON.stringify(value)}\n`);
/** What was sent to, or got from, each caller to its end, newest last. */
const told = [];

const paths = {
  up(_incoming, answer, body) {
    answer.end(JSON.stringify(body.told()));
  },
  async down(incoming, answer) {
    told.push(await pour(answer, Number(incoming.url.split('/')[2])));
    answer.end();
  },
  /** Half an answer, then a reset. */
  break(incoming, answer) {
    answer.writeHead(200, { 'content-length': 1000 });
    answer.write('half');
    process.nextTick(() => incoming.socket.resetAndDestroy());
  },
  hang: () => undefined,
};

function serve(incoming, answer) {
  const body = tally();
  incoming.on('error', () => undefined);
  answer.on('error', () => undefined);
  incoming.on('data', (part) => body.add(part));
  incoming.on('end', () => {
    const act = paths[incoming.url.split('/')[1]];
    if (act === undefined) answer.end('ok');
    else void Promise.resolve(act(incoming, answer, body)).catch(() => undefined);
  });
}

const http = createServer(serve);
http.keepAliveTimeout = 0;
http.headersTimeout = http.requestTimeout = 0;

/** Reads to the end, then answers what that was. */
function answerAtEnd(socket) {
  const got = tally();
  socket.on('data', (part) => got.add(part));
  socket.on('end', () => socket.end(JSON.stringify(got.told())));
  socket.on('error', () => undefined);
}

/** Says hello and that it will say no more; notes what comes afterwards. */
function endFirst(socket) {
  const got = tally();
  socket.end('hello');
  socket.on('data', (part) => got.add(part));
  socket.on('end', () => told.push(got.told()));
  socket.on('error', () => undefined);
}

const first = Number(process.argv[2]);
const halfOpen = { allowHalfOpen: true };
const listeners = [
  http,
  createListener(halfOpen, answerAtEnd),
  createListener(halfOpen, endFirst),
  createListener((socket) => socket.resetAndDestroy()),
];
const listening = listeners.map(
  (server, at) =>
    new Promise((resolve) => server.listen({ port: first + at, host: '::', backlog: 4096 }, resolve)),
);

const orders = {
  ready: () => Promise.all(listening).then(() => true),
  told: () => told,
  sockets: () => new Promise((resolve) => http.getConnections((_, count) => resolve(count))),
};
for await (const line of createInterface({ input: process.stdin })) {
  const { id, order } = JSON.parse(line);
  say({ id, answer: await orders[order]() });
}
process.exit(0);
