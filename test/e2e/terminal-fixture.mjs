// The terminal on a feed that lives in memory: steady hostile-looking flows, no agent. For the tests of how the terminal is
// taken over and given back. argv: [crash|reject] makes it fail after the first paint; READ_ONLY=1 starts read-only.
import { clearInterval, setInterval, setTimeout } from 'node:timers';

process.env.NODE_ENV = 'production';
const dist = process.env.FIXTURE_DIST ?? new URL('../../dist', import.meta.url).pathname;
const { runTerminal } = await import(`${dist}/tui/run-terminal.js`);

const mode = process.argv[2];
const end = (workload) => ({
  workload,
  kind: 'Deployment',
  namespace: 'shop',
  principal: `sa:shop/${workload}`,
  assurance: 'ip',
});
const callers = ['web', 'scanner', 'nightly', 'вход', '日本'];
let sequence = 0;

function flow() {
  const number = sequence++;
  const blocked = number % 7 === 0;
  return {
    type: 'flow',
    time: new Date().toISOString(),
    id: `fixture-${number.toString(36)}`,
    source: end(callers[number % callers.length]),
    destination: end('orders'),
    protocol: 'http/1.1',
    request: {
      method: 'GET',
      host: 'orders',
      path: number % 5 === 0 ? '/x\u001b[2J\u001b]0;owned\u0007\u202egnp' : `/orders/${number}`,
      route: number % 5 === 0 ? '/x\u001b[31m\u202e' : '/orders/{id}',
      bytes: 10,
    },
    response: { status: blocked ? 403 : 200, bytes: 100 },
    latencyMs: 1 + (number % 90),
    verdict: blocked
      ? { action: 'block', mode: 'enforce', policy: 'shop/block-x' }
      : { action: 'allow', mode: 'enforce' },
  };
}

let timer;
const feed = {
  kind: 'live',
  start(listener) {
    listener({
      type: 'hello',
      hello: {
        type: 'hello',
        version: 1,
        name: 'fixture',
        time: new Date().toISOString(),
        writable: true,
        listeners: [],
        windowMs: 60_000,
        defaultTtlMs: 1_800_000,
      },
    });
    const rate = Number(process.env.FIXTURE_RATE ?? 200);
    timer = setInterval(() => {
      listener({ type: 'batch', events: Array.from({ length: Math.ceil(rate / 20) }, flow) });
    }, 50);
    if (mode === 'crash')
      setTimeout(() => {
        throw new Error('the fixture fails on purpose');
      }, 500);
    if (mode === 'reject')
      setTimeout(() => void Promise.reject(new Error('the fixture rejects on purpose')), 500);
  },
  request: () => Promise.reject(new Error('the fixture refuses')),
  close: async () => {
    clearInterval(timer);
  },
};

const left = await runTerminal({
  feed,
  stdin: process.stdin,
  stdout: process.stdout,
  stderr: process.stderr,
  env: process.env,
  readOnly: process.env.READ_ONLY === '1',
});
await feed.close();
// It goes nowhere else: nobody has told it of another place.
process.stdout.write(`status ${left.status}\n`);
process.exitCode = left.status;
