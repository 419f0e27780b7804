// The agent in front of a real server, driven by the verbs of the real binary: what a person without the terminal view does.
import { createServer, request, type Server } from 'node:http';
import { existsSync, mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test } from 'vitest';
import { z } from 'zod';
import { eventSchema } from '../../src/core/model/event.ts';
import { createCli, type Cli, type Started } from '../helpers/cli.ts';
import { portOf } from '../helpers/listening.ts';
import { until } from '../helpers/until.ts';

interface Answer {
  readonly status: number;
  readonly headers: NodeJS.Dict<string | string[]>;
  readonly body: string;
}

/** Looks that start a program each. */
const cliLooks = 100;

let cli: Cli;
let upstream: Server;
let agent: Started;
let listenPort = 0;
let feed = '';
let policies = '';

function get(path: string): Promise<Answer> {
  return new Promise((resolve, reject) => {
    const asked = request({ host: '127.0.0.1', port: listenPort, path, agent: false }, (answer) => {
      let body = '';
      answer.setEncoding('utf8').on('data', (text: string) => (body += text));
      answer.on('end', () => resolve({ status: answer.statusCode ?? 0, headers: answer.headers, body }));
    });
    asked.on('error', reject).end();
  });
}

const statusOf = async (path: string, wanted: number): Promise<Answer | undefined> => {
  const answer = await get(path);
  return answer.status === wanted ? answer : undefined;
};

beforeAll(async () => {
  cli = createCli();
  policies = join(cli.directory, 'policies');
  mkdirSync(policies);
  upstream = createServer((asked, answer) => {
    answer.writeHead(asked.url === '/missing' ? 404 : 200, { 'content-type': 'application/json' });
    answer.end(JSON.stringify({ path: asked.url }));
  });
  await new Promise<void>((resolve) => upstream.listen(0, '127.0.0.1', resolve));
  const port = portOf(upstream);
  agent = cli.start([
    ...['agent', '--listen', '127.0.0.1:0', '--upstream', `127.0.0.1:${port}`],
    ...['--source', 'web', '--destination', 'shop/api', '--policies', policies, '--feed', '127.0.0.1:0'],
  ]);
  listenPort = Number((await agent.until(/listening on 127\.0\.0\.1:(\d+)/))[1]);
  feed = (await agent.until(/feed at (127\.0\.0\.1:\d+)/))[1] ?? '';
});

afterAll(async () => {
  await cli.close();
  upstream.closeAllConnections();
  await new Promise((resolve) => upstream.close(resolve));
});

const connected = (...args: string[]): string[] => [...args, '--connect', feed];

test('observe prints what was asked as table, ndjson and json, each readable back', async () => {
  expect((await get('/hello/12345')).status).toBe(200);
  const table = await until(
    'the flow',
    async () => {
      const seen = await cli.run(connected('observe', 'path:/hello/12345'));
      return seen.stdout.includes('/hello/12345') ? seen : undefined;
    },
    cliLooks,
  );
  expect(table.stdout).toMatch(/default\/web +shop\/api +GET \/hello\/12345 +200 .*· allow/);
  const ndjson = await cli.run(connected('observe', '-o', 'ndjson'));
  const events = ndjson.stdout
    .trim()
    .split('\n')
    .map((line) => eventSchema.parse(JSON.parse(line)));
  expect(events.some((event) => event.type === 'flow' && event.request?.route === '/hello/{id}')).toBe(true);
  const json: unknown = JSON.parse((await cli.run(connected('observe', '-o', 'json'))).stdout);
  expect(Array.isArray(json)).toBe(true);
});

test('a ClusterFlowPolicy blocks, is listed and explained by its name, lies in the folder and is undone', async () => {
  await until('the flow', () => statusOf('/wide', 200));
  const done = await cli.run(connected('block', 'from:web path:/wide', '--cluster-wide', '--yes'));
  expect(done.stdout).toContain('kind: ClusterFlowPolicy');
  expect(done.stderr).toMatch(/created ClusterFlowPolicy\/block-web-\S+: active, reported by the agent/);
  const name = /created (ClusterFlowPolicy\/\S+):/.exec(done.stderr)?.[1] ?? '';
  expect(existsSync(join(policies, `${name.replace('/', '.')}.yaml`))).toBe(true);
  expect((await get('/wide')).status).toBe(403);
  expect((await get('/hello/1')).status).toBe(200);
  await until(
    'the refused flow under its name',
    async () => {
      const seen = await cli.run(connected('observe', `policy:${name}`, '-o', 'ndjson'));
      return seen.stdout.includes(`"policy":"${name}"`) ? seen : undefined;
    },
    cliLooks,
  );
  expect((await cli.run(connected('policies'))).stdout).toContain(name);
  const undone = await cli.run(connected('undo', '--yes'));
  expect(undone.status, undone.stderr).toBe(0);
  await until('it passes again', () => statusOf('/wide', 200));
  expect(existsSync(join(policies, `${name.replace('/', '.')}.yaml`))).toBe(false);
});

test('block shows the policy and its effect, enforces, explains and is undone', async () => {
  await get('/admin/keys');
  const dry = await cli.run(connected('block', 'from:web path:/admin/*', '--dry-run'));
  expect(dry.status).toBe(0);
  expect(dry.stdout).toContain('kind: FlowPolicy');
  expect(dry.stderr).toMatch(/would flip.*all from web/);
  expect((await get('/admin/keys')).status).toBe(200);

  const done = await cli.run(connected('block', 'from:web path:/admin/*', '--yes', '--reason', 'test'));
  expect(done.stderr).toMatch(/created shop\/\S+: active, reported by the agent/);
  const refused = await get('/admin/keys');
  expect(refused.status).toBe(403);
  expect(refused.headers['content-type']).toBe('application/problem+json');
  expect((await get('/hello/1')).status).toBe(200);

  const { 'block-id': blockId } = z.object({ 'block-id': z.string() }).parse(JSON.parse(refused.body));
  const why = await until(
    'the refused flow',
    async () => {
      const answer = await cli.run(connected('explain', blockId));
      return answer.status === 0 ? answer : undefined;
    },
    cliLooks,
  );
  expect(why.stdout).toContain('/admin');

  await until(
    'its hits, told once a second',
    async () => {
      const listed = await cli.run(connected('policies'));
      return /shop\/block-\S+ +active +[1-9]/.test(listed.stdout) ? listed : undefined;
    },
    cliLooks,
  );
  expect((await cli.run(connected('undo', '--yes'))).stdout).toContain('removed shop/block-');
  await until('the undo', () => statusOf('/admin/keys', 200));
});

test('throttle answers 429 with Retry-After once the burst is used', async () => {
  await cli.run(connected('throttle', 'from:web path:/slow', '--rate', '1/m', '--yes'));
  const limited = await until('the throttle', () => statusOf('/slow', 429));
  expect(Number(limited.headers['retry-after'])).toBeGreaterThan(0);
  expect((await get('/hello/1')).status).toBe(200);
  await cli.run(connected('undo', '--yes'));
  await until('the undo', () => statusOf('/slow', 200));
});

test('a policy expires by itself', async () => {
  const blocking = cli.run(connected('block', 'from:web path:/brief', '--for', '5s', '--yes'));
  await until('the block', () => statusOf('/brief', 403));
  expect((await blocking).status).toBe(0);
  await until('the expiry', () => statusOf('/brief', 200));
});

test('an invalid policy file is rejected with line and reason while the others stay in force', async () => {
  await cli.run(connected('block', 'from:web path:/kept', '--yes'));
  writeFileSync(
    join(policies, 'bad.yaml'),
    'apiVersion: apidefense.dev/v1alpha1\nkind: FlowPolicy\nmetadta: {}\n',
  );
  const listed = await until(
    'the rejection',
    async () => {
      const answer = await cli.run(connected('policies'));
      return answer.stdout.includes('rejected') ? answer : undefined;
    },
    cliLooks,
  );
  expect(listed.stdout).toMatch(/bad\.yaml.*3.*metadta/);
  expect((await cli.run(connected('policies', '-n', 'shop'))).stdout).toContain('shop/');
  expect((await cli.run(connected('policies', '-n', 'other'))).stdout).not.toContain('shop/');
  expect((await get('/kept')).status).toBe(403);
});

test('a filter part that no policy can express is refused by name', async () => {
  const refused = await cli.run(connected('block', 'from:web status>=500', '--yes'));
  expect(refused.status).toBe(64);
  expect(refused.stderr).toContain('status');
});

test('a name that nobody answers to is refused, when looking as when applying', async () => {
  const dry = await cli.run(connected('block', 'from:nosuch', '--dry-run'));
  expect(dry.status).toBe(64);
  expect(dry.stderr).toMatch(/error: No workload nosuch was seen; known: default\/web, shop\/api\./);
  const looked = await cli.run(connected('block', 'from:nosuch', '--dry-run', '--unseen'));
  expect(looked.status).toBe(0);
  expect(looked.stderr).toContain('Nothing flips');
  const refused = await cli.run(connected('block', 'from:nosuch', '--yes'));
  expect(refused.status).toBe(64);
  expect(refused.stderr).toContain('--unseen');
  const meant = await cli.run(connected('block', 'from:nosuch', '--yes', '--unseen'));
  expect(meant.status).toBe(0);
  expect((await cli.run(connected('undo', '--yes'))).stdout).toContain('removed');
});

test('a throttle takes a burst, and the policy says so', async () => {
  const dry = await cli.run(connected('throttle', 'from:web', '--rate', '5/s', '--burst', '9', '--dry-run'));
  expect(dry.status).toBe(0);
  expect(dry.stdout).toContain('burst: 9');
});

test('mutations ask, and without a terminal to ask on they refuse', async () => {
  const refused = await cli.run(connected('block', 'from:web path:/x'));
  expect(refused.status).toBe(64);
  expect(refused.stderr).toContain('--yes');
});

test('a recording of the session replays as the same events', async () => {
  const file = join(cli.directory, 'session.adr');
  const recorded = await cli.run(connected('record', file, '--since', '5m', '--for', '1s'));
  expect(recorded.status).toBe(0);
  const replayed = await cli.run(['replay', file, '--no-ui', '-o', 'ndjson']);
  expect(replayed.status).toBe(0);
  const flows = replayed.stdout
    .trim()
    .split('\n')
    .map((line) => eventSchema.parse(JSON.parse(line)));
  expect(flows.filter((event) => event.type === 'flow').length).toBeGreaterThan(5);
  const cut = join(cli.directory, 'cut.adr');
  const bytes = readFileSync(file);
  writeFileSync(cut, bytes.subarray(0, Math.floor(bytes.length * 0.7)));
  const damaged = await cli.run(['replay', cut, '--no-ui', '-o', 'ndjson']);
  expect(damaged.status).toBe(65);
  expect(damaged.stderr).toMatch(/warning: .*byte/);
});

test('a reader that closes the pipe ends the program quietly', async () => {
  const seen = cli.start(connected('observe', '--follow', '-o', 'ndjson', '--since', '5m'));
  await seen.until(/"flow"/);
  seen.child.stdout?.destroy();
  await until(
    'its end',
    async () => {
      await get('/hello/2');
      return seen.child.exitCode ?? undefined;
    },
    cliLooks,
  );
  expect((await seen.finished).status).toBe(0);
  expect(seen.stderr()).toBe('');
});

test.each([
  [['observe', '--connect', '127.0.0.1:1'], 69, 'No agent answers at 127.0.0.1:1'],
  [['replay', '/nowhere/x.adr', '--no-ui'], 66, '/nowhere/x.adr'],
  [['observe', 'form:x'], 64, 'form'],
  [['nonsense'], 64, 'There is no verb "nonsense"'],
  [['observ', '-f'], 64, 'did you mean observe?'],
  [['replay', '/tmp', '--no-ui'], 65, '/tmp is a directory'],
  [['replay', '/dev/null', '--no-ui'], 65, '/dev/null is no file'],
  [['replay', 'recordings/shop-under-attack.adr', '--no-ui', '--speed', '0'], 64, '--speed "0"'],
  [['throttle', 'from:web', '--rate', 'fast', '--yes'], 64, '--rate "fast"'],
  [['agent', '--upstream', '127.0.0.1:1'], 64, '--listen'],
  [['agent', '--listen', '127.0.0.1:0', '--upstream', '127.0.0.1:1', '--drain', '0s'], 64, '--drain "0s"'],
  [['demo', '--rate', '0'], 64, '--rate "0"'],
])('%j ends with status %i and a sentence naming it', async (args, status, text) => {
  const ended = await cli.run(args);
  expect(ended.stderr).toContain(text);
  expect(ended.stderr).not.toMatch(/\n\s+at /);
  expect(ended.status).toBe(status);
});

test('a feed without the right token is denied', async () => {
  const stranger = createCli();
  const denied = await stranger.run(['observe', '--connect', feed]);
  await stranger.close();
  expect(denied.status).toBe(77);
});

test('an agent whose upstream is its own listener is refused with status 64 in one sentence', async () => {
  const free = createServer();
  await new Promise<void>((resolve) => free.listen(0, '127.0.0.1', resolve));
  const port = portOf(free);
  await new Promise((resolve) => free.close(resolve));
  const refused = await cli.run([
    ...['agent', '--listen', `127.0.0.1:${port}`, '--upstream', `localhost:${port}`],
    ...['--source', 'web', '--destination', 'api'],
  ]);
  expect(refused.stderr).toContain('leads back to the listener');
  expect(refused.status).toBe(64);
});

test('recording onto a directory is told and ends', async () => {
  const refused = await cli.run(connected('record', cli.directory, '--for', '1s'));
  expect(refused.status).toBe(73);
  expect(refused.stderr).toContain('it is a directory');
});

test('SIGTERM drains, takes the token away and ends the agent with status 0', async () => {
  const token = join(cli.directory, 'kubectl-api-defense', `feed-${feed.split(':')[1] ?? ''}.token`);
  expect(existsSync(token)).toBe(true);
  agent.child.kill('SIGTERM');
  expect((await agent.finished).status).toBe(0);
  expect(existsSync(token)).toBe(false);
});
