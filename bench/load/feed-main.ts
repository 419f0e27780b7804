// A feed server that publishes made-up flows at a rate: what an agent under that load sends to a terminal.
// `feed-main SOCKET PER_SECOND HISTORY` prints `ready`; HISTORY flows are there before it.
import { startFeedServer } from '../../src/io/feed/feed-server.ts';
import { benchHello, dueFlows, flowAt } from './flow-source.ts';

const [path = '', rate = '0', past = '0'] = process.argv.slice(2);
const pastMs = Date.now();
/** Oldest first; the last one is from a caller of its own, so that its arrival can be seen. */
const history = Array.from({ length: Number(past) }, (_, index) => {
  const flow = flowAt(-1 - index, pastMs - index / 5);
  return index === 0 ? { ...flow, source: { ...flow.source, workload: 'newest' } } : flow;
}).reverse();
const startMs = performance.now();
let given = 0;
const server = await startFeedServer({
  address: { type: 'unix', path },
  hello: () => benchHello(Date.now()),
  history: () => history,
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
