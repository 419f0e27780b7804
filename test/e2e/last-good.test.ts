// Somebody saves a typo over a Block, and then the agent dies: what stood goes on standing, and whoever asks is told so.
import { createServer, request } from 'node:http';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { createCli, type Started } from '../helpers/cli.ts';
import { listening, portOf } from '../helpers/listening.ts';

const block = (mode: string): string => `apiVersion: apidefense.dev/v1alpha1
kind: FlowPolicy
metadata: { name: no-admin, namespace: shop }
spec:
  mode: ${mode}
  from: { peers: [{ workload: { name: web, namespace: default } }] }
  to: { peers: [{ workload: { name: api } }] }
  match: { http: { paths: ['/admin/*'] } }
  action: { type: Block }
`;

const statusOf = (port: number, path: string): Promise<number> =>
  new Promise((resolve, reject) => {
    request({ host: '127.0.0.1', port, path, agent: false }, (answer) => {
      answer.resume().on('end', () => resolve(answer.statusCode ?? 0));
    })
      .on('error', reject)
      .end();
  });

/** A started agent, where it listens and where its feed is. */
interface Running {
  readonly agent: Started;
  readonly port: number;
  readonly feed: string;
}

test('a Block whose file was broken is enforced after the agent was killed and started anew, until the file says otherwise', async () => {
  const cli = createCli();
  const upstream = createServer((_asked, answer) => answer.end('ok'));
  onTestFinished(async () => {
    await cli.close();
    upstream.closeAllConnections();
    upstream.close();
  });
  await listening(upstream);
  const policies = join(cli.directory, 'policies');
  mkdirSync(policies);
  const file = join(policies, 'no-admin.yaml');
  writeFileSync(file, block('Enforce'));
  const start = async (): Promise<Running> => {
    const agent = cli.start([
      ...['agent', '--listen', '127.0.0.1:0', '--upstream', `127.0.0.1:${portOf(upstream)}`],
      ...['--source', 'web', '--destination', 'shop/api', '--policies', policies, '--feed', '127.0.0.1:0'],
    ]);
    const port = Number((await agent.until(/listening on 127\.0\.0\.1:(\d+)/))[1]);
    return { agent, port, feed: (await agent.until(/feed at (127\.0\.0\.1:\d+)/))[1] ?? '' };
  };
  const kill = async ({ agent }: Running): Promise<void> => {
    agent.child.kill('SIGKILL');
    await agent.finished;
  };
  const first = await start();
  expect(await statusOf(first.port, '/admin/keys')).toBe(403);
  writeFileSync(file, block('Enforced'));
  await first.agent.until(/policy rejected: no-admin\.yaml, line 5/);
  const since = /in force since (\S+),/;
  const told = since.exec((await cli.run(['policies', '--connect', first.feed])).stdout)?.[1];
  expect(Date.parse(told ?? '')).toBeGreaterThan(0);
  await kill(first);
  const second = await start();
  expect(await statusOf(second.port, '/admin/keys')).toBe(403);
  expect(await statusOf(second.port, '/')).toBe(200);
  const listed = (await cli.run(['policies', '--connect', second.feed])).stdout;
  expect(since.exec(listed)?.[1]).toBe(told);
  expect(listed).toMatch(/^shop\/no-admin +active .*because of this: no-admin\.yaml, line 5, spec\.mode: /m);
  expect((await cli.run(['agent', 'status', '--connect', second.feed])).stdout).toContain(
    'last good    1 POLICY STANDS IN ITS LAST GOOD VERSION',
  );
  await kill(second);
  writeFileSync(file, '# switched off\n');
  const third = await start();
  expect(await statusOf(third.port, '/admin/keys')).toBe(200);
  writeFileSync(file, block('Enforced'));
  await third.agent.until(/policy rejected: no-admin\.yaml, line 5/);
  expect(await statusOf(third.port, '/admin/keys')).toBe(200);
  const status = (await cli.run(['agent', 'status', '--connect', third.feed])).stdout;
  expect(status).toContain('1 REJECTED');
  expect(status).not.toContain('last good');
}, 120_000);
