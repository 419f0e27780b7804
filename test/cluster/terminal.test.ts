// The terminal on a cluster: a real API server, a hub's door behind it with made-up flows, people with real tokens, and keys in a real
// pseudo-terminal.
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { apiServiceName } from '../../src/core/trust/trust-names.ts';
import type { KubeApi } from '../../src/io/kube/api/kube-api.ts';
import { kinds } from '../../src/io/kube/api/resource-kind.ts';
import { createCli, type Cli } from '../helpers/cli.ts';
import { sampleEndpoint, sampleFlow } from '../helpers/sample-flow.ts';
import { launch, type LaunchOptions, type TestTerminal } from '../helpers/terminal.ts';
import { describeUnless } from '../helpers/unless.ts';
import { makePerson, openHubDoor, untilTakenIn, type HubDoor } from './hub-door.ts';
import { allow, clientOf, installDefinitions } from './kube-clients.ts';
import { writeKubeconfig } from './kubeconfigs.ts';
import type { Cluster } from './lab/cluster.ts';
import { configOf, makeNamespace, noLab, sharedCluster, type OwnNamespace } from './lab/shared-cluster.ts';

const live = 'live.apidefense.dev';

describeUnless(noLab)('the terminal on a cluster', () => {
  let cluster: Cluster;
  let api: KubeApi;
  let hub: HubDoor;
  let cli: Cli;
  let kubeconfig: string;
  const owned: OwnNamespace[] = [];
  const opened: TestTerminal[] = [];
  let [own, shop, bank] = ['', '', ''];

  let flows = 0;
  const say = (from: string, to: string, namespace = shop): void => {
    flows += 1;
    hub.say(
      sampleFlow({
        ...{ id: `f${flows}`, time: new Date().toISOString() },
        ...{ source: sampleEndpoint(from, namespace), destination: sampleEndpoint(to, namespace) },
      }),
    );
  };
  const watching = (user: string, verbs = ['watch']) => ({
    ...{ user, apiGroups: [live], resources: ['flows', 'findings'], verbs },
  });
  const open = (
    args: readonly string[],
    { env = {}, ...size }: Pick<LaunchOptions, 'cols' | 'rows' | 'env'> = {},
  ): TestTerminal => {
    const state = { HOME: cli.directory, XDG_STATE_HOME: cli.directory, XDG_RUNTIME_DIR: cli.directory };
    const terminal = launch({ args, env: { ...state, KUBECONFIG: kubeconfig, ...env }, ...size });
    opened.push(terminal);
    return terminal;
  };

  beforeAll(async () => {
    cluster = await sharedCluster();
    api = clientOf(cluster);
    for (const purpose of ['hub', 'shop', 'bank'])
      owned.push(await makeNamespace(configOf(cluster), purpose));
    [own = '', shop = '', bank = ''] = owned.map(({ name }) => name);
    await installDefinitions(api);
    hub = await openHubDoor(cluster, api, own);
    await untilTakenIn(api);
    cli = createCli();
    const viewer = await makePerson(cluster, api, { namespace: shop, name: 'viewer' });
    await allow(api, shop, watching(viewer.user));
    kubeconfig = writeKubeconfig(join(cli.directory, 'kubeconfig.yaml'), {
      'kind-shop': viewer.target,
      admin: { ...api.target, namespace: shop },
    });
    for (let count = 0; count < 5; count++) say('scanner', 'orders');
    say('storefront', 'orders');
    say('teller', 'vault', bank);
  });
  afterEach(async () => {
    for (const terminal of opened.splice(0)) await terminal.close();
  });
  afterAll(async () => {
    await api.remove(kinds.apiServices, { name: apiServiceName }).catch(() => undefined);
    await hub[Symbol.asyncDispose]();
    for (const namespace of owned) await namespace[Symbol.asyncDispose]();
    await cli.close();
    api.close();
  });

  test.each([
    [80, 24],
    [200, 50],
  ])(
    'opens the current context when nothing is named, and says which and why, at %ix%i',
    async (cols, rows) => {
      const terminal = open([], { cols, rows });
      await terminal.waitFor(/scanner.*orders.*· allow/);
      const words = terminal.screen().replaceAll(/\s+/g, ' ');
      expect(words).toContain(`kind-shop, namespace ${shop}`);
      expect(words).toContain(
        'Nothing was named, so this is the current context of your kubeconfig: kind-shop.',
      );
      expect(words).not.toContain('vault');
      terminal.press('Q');
      expect((await terminal.exited()).status).toBe(0);
    },
  );

  test('opens what the words say: another context, all namespaces, in somebody else’s name', async () => {
    const all = open(['--context', 'admin', '-A'], { cols: 160 });
    await all.waitFor(/teller.*vault/);
    expect(all.screen()).toContain('admin, all namespaces');
    expect(all.screen()).not.toContain('Nothing was named');
    const other = open(['--context', 'admin', '-n', bank, '--as', 'someone'], { cols: 160 });
    await other.waitFor((screen) => screen.includes(`admin, namespace ${bank}, as someone`));
    await other.waitFor(/someone may not watch flows/);
  });

  test('observe, findings and explain read the cluster by the same words, and say which it is', async () => {
    const run = (...args: string[]) => cli.start(args, { KUBECONFIG: kubeconfig }).finished;
    const seen = await run('observe', 'from:scanner', '--cluster');
    expect(seen.stderr).toMatch(
      new RegExp(`^Cluster: context kind-shop \\(https://.*\\), namespace ${shop}\\.\n`),
    );
    expect(seen.stdout.match(/scanner.*orders/g)).toHaveLength(5);
    const all = await run('observe', '--context', 'admin', '-A');
    expect(all.stderr).toContain(', all namespaces.');
    expect(all.stdout).toMatch(/teller.*vault/);
    expect(await run('findings', '--context', 'admin', '-n', bank)).toMatchObject({
      status: 0,
      stderr: expect.stringContaining('No findings.') as string,
    });
    const why = await run('explain', 'f1', '--cluster');
    expect(why).toMatchObject({ status: 0, stdout: expect.stringContaining('scanner') as string });
    const denied = await run('observe', '--cluster', '-n', bank);
    expect(denied.stderr).toMatch(new RegExp(`viewer may not watch flows\\.${live} in namespace ${bank}\\.`));
    expect(denied.status).toBe(77);
    // Words before the verb are the verb's too.
    expect((await run('--context', 'admin', 'observe', '-n', bank)).stdout).toMatch(/teller.*vault/);
  });
});
