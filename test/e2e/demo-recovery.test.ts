// The whole demo when something is killed: one of its services, and the demo itself. What is gone comes back or is cleared away.
import { existsSync, mkdirSync, readFileSync, readdirSync } from 'node:fs';
import { join } from 'node:path';
import { afterEach, expect, test } from 'vitest';
import { eventSchema } from '../../src/core/model/event.ts';
import { createCli, type Cli, type Started } from '../helpers/cli.ts';
import { until } from '../helpers/until.ts';

const clis: Cli[] = [];
afterEach(() => Promise.all(clis.splice(0).map((cli) => cli.close())));

function open(): Cli {
  const cli = createCli();
  clis.push(cli);
  return cli;
}

const startDemo = (cli: Cli, ...args: string[]): Started =>
  cli.start(['demo', '--no-ui', '--no-attacker', '--seed', '1', '-o', 'ndjson', ...args]);

interface Process {
  readonly pid: number;
  readonly role: string;
}

/** The processes of a demo by their last word, as `/proc` tells them. */
function childrenOf(parent: number): readonly Process[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .flatMap((name) => {
      try {
        const stat = readFileSync(`/proc/${name}/stat`, 'utf8');
        if (Number(stat.slice(stat.lastIndexOf(')') + 4).split(' ')[0]) !== parent) return [];
        const words = readFileSync(`/proc/${name}/cmdline`, 'utf8').split('\0').filter(Boolean);
        return [{ pid: Number(name), role: words.at(-1) ?? '' }];
      } catch {
        return [];
      }
    });
}

const pidOf = (demo: Started, role: string): number | undefined =>
  childrenOf(demo.child.pid ?? 0).find((one) => one.role === role)?.pid;

/** Alive, and not a zombie that nobody reaped yet. */
function isRunning(pid: number): boolean {
  try {
    return !/\) Z /.test(readFileSync(`/proc/${pid}/stat`, 'utf8'));
  } catch {
    return false;
  }
}

/** Whether a service answered a request in what was printed from `from` on. */
function hasAnswered(demo: Started, service: string, from = 0): boolean {
  return demo
    .stdout()
    .slice(from)
    .split('\n')
    .some((line) => {
      if (!line.endsWith('}') || !line.includes(`"destination":{"workload":"${service}"`)) return false;
      const event = eventSchema.parse(JSON.parse(line));
      return event.type === 'flow' && event.response?.local !== true && event.response?.status === 200;
    });
}

test('a service that dies is named with its end, started again where it was, and answers; the demo ends well', async () => {
  const demo = startDemo(open());
  await until('the catalog answering', () => hasAnswered(demo, 'catalog'));
  const first = pidOf(demo, 'catalog') ?? 0;
  process.kill(first, 'SIGKILL');
  await demo.until(/catalog ended by itself \(SIGKILL\); it is started again in 0\.5 s\./);
  await demo.until(/catalog is back\./);
  expect(await until('another process', () => pidOf(demo, 'catalog'))).not.toBe(first);
  const seen = demo.stdout().length;
  await until('the catalog answering again', () => hasAnswered(demo, 'catalog', seen));
  demo.child.kill('SIGINT');
  const { status, stderr } = await demo.finished;
  expect(stderr).not.toContain('error:');
  expect([0, 130]).toContain(status);
});

test('one that dies again and again is given up: the demo goes on and its exit status says it', async () => {
  const demo = startDemo(open());
  await until('the first flow', () => demo.stdout().includes('"type":"flow"'));
  for (let times = 0; times < 6; times += 1) {
    const pid = await until(`notifications running, time ${times + 1}`, () => pidOf(demo, 'notifications'));
    process.kill(pid, 'SIGKILL');
    await until('it being gone', () => !isRunning(pid));
  }
  const seen = demo.stdout().length;
  await until('the others going on', () => demo.stdout().slice(seen).includes('"type":"flow"'));
  expect(pidOf(demo, 'notifications')).toBeUndefined();
  demo.child.kill('SIGINT');
  const { status, stderr } = await demo.finished;
  expect(stderr).toMatch(/error: notifications ended by itself \(SIGKILL\)/);
  expect(status).not.toBe(0);
  expect(status).not.toBe(130);
}, 60_000);

test('what a demo that was killed leaves is gone once the next one runs: processes, socket, policy folder', async () => {
  const cli = open();
  const killed = startDemo(cli);
  await until('its first flow', () => killed.stdout().includes('"type":"flow"'));
  const children = childrenOf(killed.child.pid ?? 0).map(({ pid }) => pid);
  expect(children.length).toBeGreaterThanOrEqual(10);
  const runtime = join(cli.directory, 'kubectl-api-defense');
  const left = readdirSync(runtime).filter((name) => name.startsWith('policies-'));
  expect(left).toHaveLength(1);
  killed.child.kill('SIGKILL');
  await killed.finished;
  await until('every process of it gone', () => !children.some(isRunning));
  // Nobody was there to remove these.
  expect(existsSync(join(runtime, left[0] ?? ''))).toBe(true);
  expect(existsSync(join(runtime, 'demo.sock'))).toBe(true);
  mkdirSync(join(runtime, 'policies-of-a-person'));
  const next = startDemo(cli);
  await until('the next one’s first flow', () => next.stdout().includes('"type":"flow"'));
  const now = readdirSync(runtime).filter((name) => name.startsWith('policies-'));
  expect(now).not.toContain(left[0]);
  expect(now.sort()).toEqual(
    [now.find((name) => name.includes(String(next.child.pid))) ?? '', 'policies-of-a-person'].sort(),
  );
  expect((await cli.run(['observe', '--last', '1', '-o', 'ndjson'])).stdout).toContain('"type":"flow"');
  next.child.kill('SIGINT');
  await next.finished;
  expect(readdirSync(runtime)).toEqual(['policies-of-a-person']);
});
