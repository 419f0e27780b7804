// A feed server that publishes made-up flows at a rate: what an agent under that load sends to a terminal.
// `feed-main SOCKET PER_SECOND` prints `ready`.
import { startFeedServer } from '../../src/io/feed/feed-server.ts';
import { benchHello, dueFlows, flowAt } from './flow-source.ts';

const [path = '', rate = '0'] = process.argv.slice(2);
const startMs = performance.now();
let given = 0;
const server = await startFeedServer({
  address: { type: 'unix', path },
  hello: () => benchHello(Date.now()),
  history: () => [],
  status: () => ({
    type: 'status',
    time: new Date().toISOString(),
    uptimeMs: Math.round(performance.now() - startMs),
    openConnections: 64,
    openByPair: {},
    requests: given,
    lost: 0,
    heartbeatAgeMs: 0,
    policies: { active: 0, shadow: 0, rejected: 0 },
  }),
  handle: () => Promise.reject(new Error('the bench has no policies')),
});
setInterval(() => {
  const nowMs = Date.now();
  for (let due = dueFlows(performance.now() - startMs, Number(rate), given); due > 0; due--) {
    server.publish(flowAt(given++, nowMs));
  }
}, 10);
process.stdout.write('ready\n');
