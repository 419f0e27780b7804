// What a running agent tells of itself: to Prometheus, to health checks, and to a person in a terminal.
import { Agent as HttpAgent, createServer, request, type Server } from 'node:http';
import { mkdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, onTestFinished, test } from 'vitest';
import { z } from 'zod';
import { startAgent } from '../../src/app/agent/agent.ts';
import { statusSchema } from '../../src/core/model/feed-message.ts';
import { peerFromName } from '../../src/core/model/identity.ts';
import type { Policy } from '../../src/core/policy/schema.ts';
import { policyToYaml } from '../../src/core/policy/to-yaml.ts';
import { createCli, type Cli, type Started } from '../helpers/cli.ts';
import { readExposition, type Exposition } from '../helpers/exposition.ts';
import { listening, portOf } from '../helpers/listening.ts';
import { until } from '../helpers/until.ts';
import { dial, passThroughWorker } from '../io/kernel/plane-lab.ts';

interface Answer {
  readonly status: number;
  readonly body: string;
}

/** Looks that start a program each. */
const cliLooks = 20;

let cli: Cli;
let upstream: Server;
let served = 0;
let agent: Started;
let listenPort = 0;
let metricsPort = 0;
let feed = '';
let policies = '';

function ask(port: number, path: string, agentOfClient?: HttpAgent): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const how = { host: '127.0.0.1', port, path, agent: agentOfClient ?? false };
    const asked = request(how, (answer) => {
      let body = '';
      answer.setEncoding('utf8').on('data', (text: string) => (body += text));
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, body }));
    });
    asked.on('error', reject).end();
  });
}

async function scrape(): Promise<Exposition> {
  const { status, body } = await ask(metricsPort, '/metrics');
  expect(status).toBe(200);
  return readExposition(body);
}

const valueOf = async (name: string): Promise<number> => (await scrape()).series.get(name) ?? 0;
const requestsTotal = 'apidefense_requests_total';
const workerLabel = '{worker="data-plane"';

/** The sums of a page: what must never fall. */
const sumsOf = ({ types, series }: Exposition): ReadonlyMap<string, number> =>
  new Map([...series].filter(([key]) => types.get(key.split('{', 1)[0] ?? '') === 'counter'));

const fallen = (before: Exposition, after: Exposition): string[] =>
  [...sumsOf(before)].flatMap(([key, value]) => ((sumsOf(after).get(key) ?? -1) < value ? [key] : []));

const agentWords = (...more: string[]): string[] => [
  ...['agent', '--listen', '127.0.0.1:0', '--upstream', `127.0.0.1:${portOf(upstream)}`],
  ...['--source', 'web', '--destination', 'shop/api', '--feed', '127.0.0.1:0', ...more],
];

beforeAll(async () => {
  cli = createCli();
  policies = join(cli.directory, 'policies');
  mkdirSync(policies);
  upstream = createServer((_asked, answer) => {
    served += 1;
    answer.end('ok');
  });
  await listening(upstream);
  agent = cli.start(agentWords('--policies', policies, '--metrics', '127.0.0.1:0'));
  listenPort = Number((await agent.until(/listening on 127\.0\.0\.1:(\d+)/))[1]);
  metricsPort = Number((await agent.until(/metrics at http:\/\/127\.0\.0\.1:(\d+)\/metrics/))[1]);
  feed = (await agent.until(/feed at (127\.0\.0\.1:\d+)/))[1] ?? '';
});

afterAll(async () => {
  await cli.close();
  upstream.closeAllConnections();
  await new Promise((resolve) => upstream.close(resolve));
});

test('every request made is counted, once, by verdict', async () => {
  const before = await scrape();
  for (let number = 0; number < 40; number++)
    expect((await ask(listenPort, `/a/${number}`)).status).toBe(200);
  const allow = 'apidefense_flows_total{verdict="allow"}';
  const allowed = (before.series.get(allow) ?? 0) + 40;
  await until('the flows', async () => (await valueOf(allow)) >= allowed);
  const { series } = await scrape();
  expect(series.get(allow)).toBe(allowed);
  expect(series.get(requestsTotal)).toBe((before.series.get(requestsTotal) ?? 0) + 40);
  expect(series.get(requestsTotal)).toBe(served);
  expect(series.get(`apidefense_worker_lost_total${workerLabel}}`)).toBe(0);
});

const noAdmin: Policy = {
  apiVersion: 'apidefense.dev/v1alpha1',
  kind: 'FlowPolicy',
  metadata: { name: 'no-admin', namespace: 'shop' },
  spec: {
    mode: 'Enforce',
    from: { peers: [{ workload: { name: 'web', namespace: 'default' } }] },
    to: { peers: [{ workload: { name: 'api' } }] },
    match: { http: { paths: ['/admin/*'] } },
    action: { type: 'Block' },
    failure: 'Open',
  },
};

test('hits of a policy are counted by its name and do not fall when it goes', async () => {
  const file = join(policies, 'no-admin.yaml');
  writeFileSync(file, policyToYaml(noAdmin));
  const hits = 'apidefense_policy_hits_total{policy="shop/no-admin",mode="enforce"}';
  await until('the policy is known with no hits', async () => (await scrape()).series.get(hits) === 0);
  expect((await scrape()).series.get('apidefense_policies{state="active"}')).toBe(1);
  await until('it is enforced', async () => (await ask(listenPort, '/admin/keys')).status === 403);
  for (let number = 0; number < 4; number++) expect((await ask(listenPort, '/admin/keys')).status).toBe(403);
  await until('its hits', async () => (await valueOf(hits)) === 5);
  const before = await scrape();
  expect(before.series.get('apidefense_flows_total{verdict="block"}')).toBe(5);
  rmSync(file);
  await until('it is gone', async () => (await valueOf('apidefense_policies{state="active"}')) === 0);
  await until('it is enforced no more', async () => (await ask(listenPort, '/admin/keys')).status === 200);
  const after = await scrape();
  expect(fallen(before, after)).toEqual([]);
  expect(after.series.get(hits)).toBe(5);
});

test('CPU time rises under load, and no sum ever falls', async () => {
  const cpu = ['user', 'system'].map(
    (mode) => `apidefense_worker_cpu_seconds_total${workerLabel},mode="${mode}"}`,
  );
  const sum = ({ series }: Exposition): number =>
    cpu.reduce((total, key) => total + (series.get(key) ?? 0), 0);
  const first = await scrape();
  expect(sum(first)).toBeGreaterThan(0);
  let last = first;
  await until('more CPU time', async () => {
    await Promise.all(Array.from({ length: 20 }, () => ask(listenPort, '/load')));
    const now = await scrape();
    expect(fallen(last, now)).toEqual([]);
    last = now;
    return sum(now) > sum(first);
  });
  expect(last.series.get('apidefense_process_cpu_seconds_total')).toBeGreaterThan(
    last.series.get('apidefense_main_cpu_seconds_total') ?? Number.NaN,
  );
});

test('scrapes while 64 connections are open cost no request', async () => {
  const before = await valueOf(requestsTotal);
  const clients = Array.from({ length: 64 }, () => new HttpAgent({ keepAlive: true, maxSockets: 1 }));
  onTestFinished(() => clients.forEach((client) => client.destroy()));
  const statuses: number[] = [];
  const round = async (client: HttpAgent): Promise<void> => {
    for (let number = 0; number < 10; number++)
      statuses.push((await ask(listenPort, '/busy', client)).status);
  };
  const rounds = Promise.all(clients.map(round));
  for (let number = 0; number < 20; number++) await scrape();
  await rounds;
  expect(statuses).toEqual(new Array<number>(640).fill(200));
  expect(await valueOf(`apidefense_worker_open_connections${workerLabel}}`)).toBe(64);
  expect(await valueOf(requestsTotal)).toBe(before + 640);
});

test('agent status tells a person how the agent is, on one screen', async () => {
  const shown = await until(
    'a worker that is not starved by a busy machine',
    async () => {
      const answer = await cli.run(['agent', 'status', '--connect', feed]);
      expect([answer.status, answer.stderr]).toEqual([0, '']);
      return !answer.stdout.includes('NOT WELL') && answer;
    },
    cliLooks,
  );
  const lines = shown.stdout.trimEnd().split('\n');
  expect(lines.length).toBeLessThanOrEqual(24);
  expect(Math.max(...lines.map((line) => line.length))).toBeLessThanOrEqual(100);
  expect(lines[0]).toMatch(new RegExp(`^web → api at ${feed}: version \\d+\\.\\d+\\.\\d+, up `));
  expect(lines[1]).toBe('ok: every worker lives, nothing was lost');
  expect(shown.stdout).toContain('policies     none in force, 0 in shadow, none rejected');
  expect(shown.stdout).toMatch(/\nrequests +[\d,]+: [\d,]+ allowed, 5 refused, 0 throttled\n/);
  expect(shown.stdout).toMatch(/\ndata-plane +\d+ ms +(?:<?[\d.]+) % /);
});

test('agent status -o json is the status frame with the name and address of the agent', async () => {
  const shown = await cli.run(['agent', 'status', '--connect', feed, '-o', 'json']);
  expect(shown.status).toBe(0);
  const said: unknown = JSON.parse(shown.stdout);
  const { name, address, ...status } = statusSchema
    .extend({ name: z.string(), address: z.string() })
    .strict()
    .parse(said);
  expect([name, address]).toEqual(['web → api', feed]);
  expect(status.requests).toBe(await valueOf(requestsTotal));
  expect(status.workers).toHaveLength(1);
  expect(status.workers?.[0]).toMatchObject({ name: 'data-plane', lost: 0 });
  expect(status.main?.rssBytes).toBeGreaterThan(status.main?.heapBytes ?? Number.NaN);
});

test('agent status where nobody listens is 69 and a sentence', async () => {
  const shown = await cli.run(['agent', 'status', '--connect', '127.0.0.1:1']);
  expect(shown.status).toBe(69);
  expect(shown.stdout).toBe('');
  expect(shown.stderr).toMatch(
    /^error: No agent answers at 127\.0\.0\.1:1\.\n {2}Start one .* \[FEED_UNREACHABLE\]\n$/,
  );
});

test.each([
  [['agent', 'status', 'now'], 64, /kubectl api-defense agent status --help/],
  [['agent', 'statsu'], 64, /kubectl api-defense agent --help/],
  [['agent'], 64, /agent needs --listen HOST:PORT/],
  [['agent', '--help'], 0, /status \[options\] +how a running agent is/],
  [['agent', 'status', '--help'], 0, /Usage: kubectl-api_defense agent status/],
])('%j ends with %i and says what to do', async (args, status, words) => {
  const done = await cli.run(args);
  expect(done.status).toBe(status);
  expect(done.stderr + done.stdout).toMatch(words);
});

test('a metrics address that is none is 64, one that is taken is 73, and nothing stays behind', async () => {
  const wrong = await cli.run(agentWords('--metrics', 'everywhere'));
  expect([wrong.status, wrong.stderr]).toEqual([
    64,
    expect.stringContaining('--metrics "everywhere" is not HOST:PORT'),
  ]);
  const taken = await cli.run(agentWords('--metrics', String(metricsPort)));
  expect(taken.status).toBe(73);
  expect(taken.stderr).toContain(`The metrics endpoint cannot listen at 127.0.0.1:${metricsPort}`);
});

test.each([
  [['--metrics', '0'], true],
  [[], false],
])('an agent with %j loads the metrics library: %s', async (more, isLoaded) => {
  const list = join(cli.directory, `loaded-${String(isLoaded)}`);
  writeFileSync(list, '');
  const preload = join(import.meta.dirname, 'list-loaded.mjs');
  const other = createCli({ LOADED_LIST: list, NODE_OPTIONS: `--import ${preload}` });
  const started = other.start(agentWords(...more));
  await started.until(/feed at /);
  started.child.kill('SIGTERM');
  expect((await started.finished).status).toBe(0);
  await other.close();
  const loaded = readFileSync(list, 'utf8');
  expect(loaded).toMatch(/app\/agent\/agent\.js/);
  expect(/prom-client/.test(loaded)).toBe(isLoaded);
});

test('health turns 503 while the worker hangs, says which, and comes back with it', async () => {
  const peer = (name: string): ReturnType<typeof peerFromName> => peerFromName(name, 'lab');
  const faults: string[] = [];
  const running = await startAgent({
    name: 'lab',
    listeners: [
      {
        listen: { host: '127.0.0.1', port: 0 },
        upstream: { host: '127.0.0.1', port: portOf(upstream) },
        source: peer('web'),
        destination: peer('api'),
      },
    ],
    policiesDirectory: undefined,
    feed: { type: 'unix', path: join(cli.directory, 'lab', 'feed.sock') },
    metrics: { host: '127.0.0.1', port: 0 },
    worker: passThroughWorker,
    onFault: (error) => faults.push(error.message),
  });
  onTestFinished(() => running.stop(0));
  const port = running.metrics?.port ?? 0;
  const health = (): Promise<Answer> => ask(port, '/healthz');
  const well = await until('a healthy answer', async () => {
    const answer = await health();
    return answer.status === 200 && answer;
  });
  expect(well.body).toBe('ok\n');
  const hangs = join(cli.directory, 'hangs');
  writeFileSync(hangs, '');
  onTestFinished(() => rmSync(hangs, { force: true }));
  const client = await dial(running.ports[0] ?? 0);
  client.on('error', () => undefined).resume();
  client.write(`HANG ${hangs}`);
  const sick = await until('an unhealthy answer', async () => {
    const answer = await health();
    return answer.status === 503 && answer;
  });
  expect(sick.body).toMatch(/^The worker data-plane has given no sign of life for \d+\.\d s: /);
  const page = await ask(port, '/metrics');
  const age = readExposition(page.body).series.get(`apidefense_worker_heartbeat_age_seconds${workerLabel}}`);
  expect(age).toBeGreaterThanOrEqual(1);
  rmSync(hangs);
  await until('a healthy answer', async () => (await health()).status === 200);
  client.destroy();
  expect(faults).toEqual([]);
});
