// The proxy one would write first: node:http in, a keep-alive agent out, a list of refused prefixes.
// `node-proxy-main UPSTREAM RULES` prints its port.
import { Agent, createServer, request } from 'node:http';
import { refusedPrefix, times } from './peer.ts';

const [upstreamPort = 0, rules = 0] = process.argv.slice(2).map(Number);
const refused = times(rules, refusedPrefix);
const agent = new Agent({ keepAlive: true, maxSockets: 10_000 });

const server = createServer({ keepAliveTimeout: 300_000 }, (incoming, outgoing) => {
  const path = incoming.url ?? '/';
  if (refused.some((prefix) => path.startsWith(prefix))) {
    outgoing.writeHead(403).end();
    return;
  }
  const { method, headers } = incoming;
  const onward = request(
    { host: '127.0.0.1', port: upstreamPort, agent, method, path, headers },
    (answer) => {
      outgoing.writeHead(answer.statusCode ?? 502, answer.headers);
      answer.pipe(outgoing);
    },
  );
  onward.on('error', () => outgoing.destroy());
  incoming.pipe(onward);
});
server.listen(0, '127.0.0.1', 4096, () => {
  const address = server.address();
  if (typeof address === 'object' && address !== null) process.stdout.write(`port ${address.port}\n`);
});
