// A service in a pod of the lab, unaware of any agent: HTTP on `::` (both families), with a log of its own of every request that reached
// it; `/status/404` is answered so. Lines of JSON on stdin are orders (`log`, `release`, `listen`, `arrived`), answered on stdout. Words: the ports, `0.0.0.0:PORT` for IPv4
// alone.
import { createServer } from 'node:http';
import { createInterface } from 'node:readline';

const log = [];
const held = [];
/** Sockets on which a caller said its own port (`X-Port`) and was seen with it, by own address and port: nobody was in between. */
const arrivals = new Map();
function noteArrival({ headers, socket }) {
  if (Number(headers['x-port']) !== socket.remotePort) return;
  const where = `${plain(socket.localAddress)} ${socket.localPort}`;
  arrivals.set(where, (arrivals.get(where) ?? new Set()).add(socket));
}
const say = (value) => void process.stdout.write(`${JSON.stringify(value)}\n`);
const plain = (address) => address.replace(/^::ffff:/, '');

function serve(incoming, answer) {
  const { method, url, socket } = incoming;
  noteArrival(incoming);
  const caller = { address: plain(socket.remoteAddress), port: socket.remotePort };
  let bytes = 0;
  incoming.on('data', (chunk) => (bytes += chunk.length));
  incoming.on('end', () => {
    const [, status = 200] = /^\/status\/(\d+)/.exec(url) ?? [];
    answer.statusCode = Number(status);
    log.push({ method, url, status: Number(status), ...caller, at: plain(socket.localAddress), bytes });
    const finish = () => answer.end(JSON.stringify({ ...caller, bytes }));
    if (url.startsWith('/held')) held.push(finish);
    else finish();
  });
}

const servers = [];

function listen({ host, port }) {
  const server = createServer(serve);
  servers.push(server);
  server.keepAliveTimeout = 0;
  server.headersTimeout = server.requestTimeout = 0;
  return new Promise((resolve) => server.listen({ port: Number(port), host, backlog: 4096 }, resolve));
}

const listening = process.argv.slice(2).map((word) => {
  const [host, port] = word.includes(':') ? word.split(':') : ['::', word];
  return listen({ host, port });
});

const orders = {
  ready: () => Promise.all(listening).then(() => true),
  /** Serves at one address from now on. */
  listen: (asked) => listen(asked).then(() => true),
  /** Serves nowhere any more; open connections are closed. */
  async deafen() {
    const closing = servers.splice(0).map((server) => {
      const closed = new Promise((resolve) => server.close(resolve));
      server.closeAllConnections();
      return closed;
    });
    await Promise.all(closing);
    return true;
  },
  log: () => log,
  clear: () => log.splice(0).length,
  arrived: ({ at, port }) => arrivals.get(`${at} ${port}`)?.size ?? 0,
  held: () => held.length,
  release: () => held.splice(0).map((finish) => finish()).length,
};
for await (const line of createInterface({ input: process.stdin })) {
  const { id, order, ...rest } = JSON.parse(line);
  say({ id, answer: await orders[order](rest) });
}
process.exit(0);
