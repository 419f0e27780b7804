// Which place the program without a verb opens, and that it says why where nobody named one.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, expect, test } from 'vitest';
import { terminalTarget } from '../../../../src/app/cli/cluster/terminal-target.ts';
import type { OptionValues } from '../../../../src/app/cli/verbs.ts';

const home = mkdtempSync(join(tmpdir(), 'api-defense-target-'));
afterAll(() => rmSync(home, { recursive: true, force: true }));
const kubeconfig = join(home, 'kubeconfig.yaml');
writeFileSync(
  kubeconfig,
  JSON.stringify({
    'current-context': 'kind-shop',
    contexts: [
      { name: 'kind-shop', context: { cluster: 'the', user: '', namespace: 'shop' } },
      { name: 'prod-eu', context: { cluster: 'the', user: '' } },
    ],
    clusters: [{ name: 'the', cluster: { server: 'https://127.0.0.1:1' } }],
  }),
);
const demo = 'unix:/run/demo.sock';

interface Machine {
  readonly env?: Readonly<Record<string, string>>;
  readonly demo?: string;
}
const opened = (options: OptionValues, { env = { KUBECONFIG: kubeconfig }, ...machine }: Machine = {}) =>
  terminalTarget(options, { env, homeDirectory: home, demo: machine.demo });

test.each([
  [{ cluster: true }, 'kind-shop', 'shop', false],
  [{ context: 'prod-eu' }, 'prod-eu', 'default', false],
  [{ namespace: 'pay' }, 'kind-shop', 'pay', false],
  [{ allNamespaces: true }, 'kind-shop', 'shop', true],
  [{ as: 'ann', allNamespaces: true }, 'kind-shop', 'shop', true],
  [{ connect: 'cluster:pay@prod-eu' }, 'prod-eu', 'pay', false],
  [{ connect: 'cluster:*' }, 'kind-shop', 'shop', true],
])('%j opens a cluster, and needs no reason', async (options, context, namespace, isAll) => {
  const target = await opened(options, { demo });
  expect(target).toMatchObject({ type: 'cluster', scope: { isAll }, target: { context, namespace } });
  expect(target).not.toHaveProperty('why');
});

test.each([{ connect: '127.0.0.1:9901' }, { connect: 'unix:/x' }, { tokenFile: '/t' }])(
  '%j opens a feed',
  async (options) => expect(await opened(options)).toEqual({ type: 'feed', connect: options }),
);

test('no word opens the current context, says so, and names the demo that runs beside it', async () => {
  const target = await opened({}, { demo });
  expect(target).toMatchObject({ type: 'cluster', target: { context: 'kind-shop' } });
  expect(target).toHaveProperty(
    'why',
    expect.stringMatching(
      /current context of your kubeconfig: kind-shop\..*--connect unix:\/run\/demo\.sock/,
    ),
  );
  expect(await opened({})).toHaveProperty('why', expect.not.stringContaining('demo'));
});

test('no word and no kubeconfig opens the demo and says why it is no cluster, and without a demo nothing', async () => {
  const target = await opened({}, { env: {}, demo });
  expect(target).toMatchObject({ type: 'feed', connect: {} });
  expect(target).toHaveProperty('why', expect.stringMatching(/this is your demo\..*There is no kubeconfig/));
  expect(await opened({}, { env: {} })).toMatchObject({
    type: 'nowhere',
    error: { code: 'KUBECONFIG_MISSING' },
  });
});

test('API_DEFENSE_FEED counts more than a kubeconfig, and that is said', async () => {
  const env = { KUBECONFIG: kubeconfig, API_DEFENSE_FEED: '127.0.0.1:9901' };
  expect(await opened({}, { env })).toMatchObject({
    type: 'feed',
    why: expect.stringContaining('API_DEFENSE_FEED') as string,
  });
  const other = { ...env, API_DEFENSE_FEED: 'cluster:@prod-eu' };
  expect(await opened({}, { env: other })).toMatchObject({ type: 'cluster', target: { context: 'prod-eu' } });
});

test('a context that is not there is a mistake of the command line; no kubeconfig at all is a place to explain', async () => {
  await expect(opened({ context: 'prod-eo' })).rejects.toThrow('no context "prod-eo"');
  expect(await opened({ cluster: true }, { env: {} })).toMatchObject({ type: 'nowhere' });
});

test.each([
  [{ connect: '127.0.0.1:1', namespace: 'shop' }],
  [{ connect: '127.0.0.1:1', allNamespaces: true }],
  [{ connect: '127.0.0.1:1', context: 'kind-shop' }],
])('%j is refused: a feed and a cluster are never both meant', async (options) => {
  await expect(opened(options)).rejects.toMatchObject({ code: 'CLUSTER_AND_FEED' });
});
