// The watchdog over real processes: what it kills, starts again, passes on and leaves alone. Observed are events, counts and answers.
import { createServer, request, type Server, type ServerResponse } from 'node:http';
import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { startNode, type Started } from '../helpers/cli.ts';
import { listening } from '../helpers/listening.ts';
import { childrenOf, isRunning } from '../helpers/processes.ts';
import { until } from '../helpers/until.ts';
import type { WatchedAgent } from './watched-agent.ts';

let upstream: Server;
let upstreamPort = 0;
/** Answers that wait for the test. */
const held: ServerResponse[] = [];
const directory = mkdtempSync(join(tmpdir(), 'api-defense-watchdog-'));
const running: Started[] = [];

beforeAll(async () => {
  upstream = createServer((asked, answer) => {
    if (asked.url === '/held') held.push(answer);
    else answer.end('well');
  });
  upstreamPort = await listening(upstream);
});
afterEach(async () => {
  for (const answer of held.splice(0)) answer.end();
  for (const one of running.splice(0)) {
    one.child.kill('SIGTERM');
    await one.finished;
  }
});
afterAll(() => {
  upstream.closeAllConnections();
  upstream.close();
  rmSync(directory, { recursive: true, force: true });
});

interface Watched extends Started {
  readonly pid: number;
  /** The agent's own process. */
  readonly agentPid: () => number;
  /** Resolves with the port once the agent has come up for the n-th time. */
  up(times: number): Promise<number>;
}

const script = join(import.meta.dirname, 'watched-agent.ts');

function start(
  how: Omit<WatchedAgent, 'options'> = {},
  flags: readonly string[] = [],
  drain = '20s',
): Watched {
  const options = {
    ...{ listen: '127.0.0.1:0', upstream: `127.0.0.1:${upstreamPort}`, drain },
    ...{ source: 'web', destination: 'api', feed: '127.0.0.1:0' },
  };
  return startWith({ options, ...how }, flags);
}

function startWith(agent: WatchedAgent, flags: readonly string[] = []): Watched {
  const started = startNode(['--no-warnings', ...flags, script, JSON.stringify(agent)], {
    ...process.env,
    XDG_RUNTIME_DIR: directory,
  });
  running.push(started);
  const pid = started.child.pid ?? 0;
  return {
    ...started,
    pid,
    agentPid: () => childrenOf(pid)[0] ?? 0,
    up: (times) =>
      until(`the agent is up for the ${times}. time`, () => {
        const found = [...started.stderr().matchAll(/listening on 127\.0\.0\.1:(\d+)/g)];
        return found.length >= times && /feed at/.test(started.stderr()) && Number(found.at(-1)?.[1]);
      }),
  };
}

interface Asked {
  readonly status: number | undefined;
  readonly body: string;
}

/** `status` is absent when the connection ended without an answer. */
function ask(port: number, path = '/', timeout = 20_000): Promise<Asked> {
  return new Promise((resolve) => {
    const asked = request({ host: '127.0.0.1', port, path, agent: false, timeout }, (answer) => {
      let body = '';
      answer.setEncoding('utf8').on('data', (text: string) => (body += text));
      answer.on('end', () => resolve({ status: answer.statusCode, body }));
    });
    asked.on('timeout', () => asked.destroy());
    asked.on('error', () => resolve({ status: undefined, body: '' })).end();
  });
}

const well: Asked = { status: 200, body: 'well' };

/** A request whose answer waits. */
async function askHeld(port: number): Promise<{ readonly answered: Promise<Asked> }> {
  const answered = ask(port, '/held');
  await until('the request is with the server', () => held.length === 1);
  return { answered };
}

test('an agent that hangs is killed and started again, and counted as hung', async () => {
  const agent = start();
  expect(await ask(await agent.up(1))).toEqual(well);
  const first = agent.agentPid();
  process.kill(first, 'SIGSTOP');
  await agent.until(/data thread gave no sign of life for \d+ ms; killing its process/);
  await agent.until(/was ended by SIGKILL; starting it again at once \(so far 1 hung, 0 died\)/);
  expect(await ask(await agent.up(2))).toEqual(well);
  expect([isRunning(first), agent.agentPid() === first]).toEqual([false, false]);
  expect(childrenOf(agent.pid)).toHaveLength(1);
});

test('an agent that somebody kills is started again, later when it happens again soon, and counted as died', async () => {
  const agent = start();
  await agent.up(1);
  process.kill(agent.agentPid(), 'SIGKILL');
  await agent.until(/was ended by SIGKILL; starting it again at once \(so far 0 hung, 1 died\)/);
  expect(await ask(await agent.up(2))).toEqual(well);
  process.kill(agent.agentPid(), 'SIGKILL');
  await agent.until(/starting it again in 1 s \(so far 0 hung, 2 died\)/);
  expect(await ask(await agent.up(3))).toEqual(well);
  expect(agent.stderr()).not.toContain('gave no sign');
});

test('an agent whose main thread hangs is killed although its data thread is well', async () => {
  const agent = start({ misbehave: 'hang', mainSilentMs: 1_500 });
  await agent.up(1);
  process.kill(agent.agentPid(), 'SIGUSR2');
  await agent.until(/main thread gave no sign of life for \d+ ms; killing its process/);
  await agent.until(/\(so far 1 hung, 0 died\)/);
  expect(await ask(await agent.up(2))).toEqual(well);
});

test('an agent that runs out of memory is started again', async () => {
  const agent = start({ misbehave: 'grow' }, ['--max-old-space-size=100']);
  await agent.up(1);
  process.kill(agent.agentPid(), 'SIGUSR2');
  await agent.until(/heap out of memory/);
  await agent.until(/was ended by SIG\w+; starting it again at once \(so far 0 hung, 1 died\)/);
  expect(await ask(await agent.up(2))).toEqual(well);
});

test('an exception that nobody caught is started again', async () => {
  const agent = start({ misbehave: 'throw' });
  await agent.up(1);
  process.kill(agent.agentPid(), 'SIGUSR2');
  await agent.until(/Error: as asked/);
  await agent.until(/ended with status \d+; starting it again at once \(so far 0 hung, 1 died\)/);
  expect(await ask(await agent.up(2))).toEqual(well);
});

test("a mistake of the command line is not repeated, and its status is the supervisor's", async () => {
  const { status, stderr } = await startWith({ options: { listen: '127.0.0.1:0', upstream: 'nowhere' } })
    .finished;
  expect(status).toBe(64);
  expect(stderr).toMatch(/^error: --upstream "nowhere" is not HOST:PORT\.$/m);
  expect(stderr).not.toContain('watchdog');
});

test.each([
  ['SIGTERM to the supervisor', (agent: Watched) => void process.kill(agent.pid, 'SIGTERM')],
  [
    'SIGINT to both, as a terminal sends it,',
    (agent: Watched) => [agent.pid, agent.agentPid()].forEach((pid) => process.kill(pid, 'SIGINT')),
  ],
])('%s lets the request under way finish and leaves nothing', async (_what, stop) => {
  const agent = start();
  const { answered } = await askHeld(await agent.up(1));
  stop(agent);
  await agent.until(/draining/);
  held[0]?.end('after all');
  expect(await answered).toEqual({ status: 200, body: 'after all' });
  const { status, stderr } = await agent.finished;
  expect(status).toBe(0);
  expect(stderr.match(/draining/g)).toHaveLength(1);
  expect(stderr).not.toContain('watchdog');
  expect(readdirSync(join(directory, 'kubectl-api-defense'))).toEqual([]);
});

test('a second SIGTERM does not wait for the request under way', async () => {
  const agent = start();
  const { answered } = await askHeld(await agent.up(1));
  process.kill(agent.pid, 'SIGTERM');
  await agent.until(/draining/);
  process.kill(agent.pid, 'SIGTERM');
  const { status, stderr } = await agent.finished;
  expect(status).toBe(137);
  expect(stderr).toContain('watchdog: the agent was told to stop a second time; killing its process');
  expect((await answered).status).toBeUndefined();
});

test('an agent whose supervisor is killed drains, ends by itself and leaves nothing', async () => {
  const agent = start();
  const { answered } = await askHeld(await agent.up(1));
  const pid = agent.agentPid();
  process.kill(agent.pid, 'SIGKILL');
  await agent.until(/draining/);
  expect(isRunning(pid)).toBe(true);
  held[0]?.end('after all');
  expect(await answered).toEqual({ status: 200, body: 'after all' });
  await until('the agent has ended', () => !isRunning(pid));
  expect(readdirSync(join(directory, 'kubectl-api-defense'))).toEqual([]);
});

test('a supervisor that was stopped for longer than any silence kills nobody when it goes on', async () => {
  const agent = start();
  const port = await agent.up(1);
  const pid = agent.agentPid();
  process.kill(agent.pid, 'SIGSTOP');
  // A caller who waits two seconds for an answer that does not come.
  expect((await ask(port, '/held', 2_000)).status).toBeUndefined();
  process.kill(agent.pid, 'SIGCONT');
  process.kill(pid, 'SIGKILL');
  await agent.until(/\(so far 0 hung, 1 died\)/);
  await agent.up(2);
  expect(agent.stderr()).not.toContain('gave no sign');
});

test('a machine that was suspended kills nobody: supervisor and agent stopped together, then on in either order', async () => {
  const agent = start();
  const port = await agent.up(1);
  const pid = agent.agentPid();
  for (const order of [
    [agent.pid, pid],
    [pid, agent.pid],
  ]) {
    for (const one of order) process.kill(one, 'SIGSTOP');
    expect((await ask(port, '/', 2_000)).status).toBeUndefined();
    for (const one of order) process.kill(one, 'SIGCONT');
    // As long as it takes to miss a few signs.
    expect((await ask(port, '/held', 1_500)).status).toBeUndefined();
    expect(await ask(port)).toEqual(well);
  }
  expect(agent.agentPid()).toBe(pid);
  expect(agent.stderr()).not.toContain('watchdog');
});

test('the supervisor is small: no FFI, and less memory of its own than the agent', async () => {
  const agent = start();
  await agent.up(1);
  const of = (pid: number): { readonly maps: string; readonly kB: number } => ({
    maps: readFileSync(`/proc/${pid}/maps`, 'utf8'),
    kB: Number(/^RssAnon:\s+(\d+)/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8'))?.[1]),
  });
  const [supervisor, itself] = [of(agent.pid), of(agent.agentPid())];
  process.stdout.write(`supervisor: ${supervisor.kB} kB of its own; agent: ${itself.kB} kB\n`);
  expect(itself.maps).toMatch(/koffi/);
  expect(supervisor.maps).not.toMatch(/koffi/);
  expect(supervisor.kB).toBeLessThan(itself.kB);
});
