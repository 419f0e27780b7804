// The terminal on a cluster: a real API server, a hub's door behind it with made-up flows, people with real tokens, and keys in a real
// pseudo-terminal.
import { join } from 'node:path';
import { afterAll, afterEach, beforeAll, expect, test } from 'vitest';
import { apiServiceName } from '../../src/core/trust/trust-names.ts';
import { apiVersion } from '../../src/core/policy/schema.ts';
import { createKubeApi, type KubeApi, type KubeBody } from '../../src/io/kube/api/kube-api.ts';
import type { KubeObject } from '../../src/io/kube/api/kube-object.ts';
import { kinds } from '../../src/io/kube/api/resource-kind.ts';
import { createCli, type Cli } from '../helpers/cli.ts';
import { sampleEndpoint, sampleFlow } from '../helpers/sample-flow.ts';
import { launch, type LaunchOptions, type TestTerminal } from '../helpers/terminal.ts';
import { describeUnless } from '../helpers/unless.ts';
import { until } from '../helpers/until.ts';
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
  const policiesOf = async (namespace: string) => {
    const found: KubeObject[] = [];
    await api.list(kinds.flowPolicies, { namespace }, (page) => found.push(...page));
    return found;
  };
  const editing = (user: string, verbs = ['get', 'list', 'watch', 'create', 'patch', 'delete']) => ({
    ...{ user, apiGroups: [kinds.flowPolicies.group], resources: ['flowpolicies'], verbs },
  });
  /** What a dialog says, without its frame and line breaks. */
  const dialogText = (terminal: TestTerminal): string => terminal.screen().replaceAll(/[│▲▼\s]+/g, ' ');
  const open = (
    args: readonly string[],
    { env = {}, ...size }: Pick<LaunchOptions, 'cols' | 'rows' | 'env'> = {},
  ): TestTerminal => {
    const state = { HOME: cli.directory, XDG_STATE_HOME: cli.directory, XDG_RUNTIME_DIR: cli.directory };
    const terminal = launch({
      args,
      cwd: cli.directory,
      env: { ...state, KUBECONFIG: kubeconfig, ...env },
      ...size,
    });
    opened.push(terminal);
    return terminal;
  };

  const filterBy = async (terminal: TestTerminal, filter: string): Promise<void> => {
    terminal.press('/');
    terminal.type(filter);
    await terminal.waitFor((screen) => screen.includes(`/${filter}`));
    terminal.press('enter');
    await terminal.waitFor((screen) => screen.includes(`filter: ${filter}`));
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
    await allow(api, shop, { ...editing(viewer.user, ['get', 'list', 'watch']), name: 'reading' });
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

  test.each([
    [80, 24],
    [200, 50],
  ])(
    'a block by keys is tried, previewed and written with who, why and by what; undone it is gone, at %ix%i',
    async (cols, rows) => {
      const { user, target } = await makePerson(cluster, api, { namespace: shop, name: `editor-${cols}` });
      await allow(api, shop, watching(user));
      await allow(api, shop, { ...editing(user), name: `${user}-editing` });
      const env = {
        KUBECONFIG: writeKubeconfig(join(cli.directory, `editor-${cols}.yaml`), { 'kind-shop': target }),
      };
      const terminal = open(['--cluster'], { cols, rows, env });
      await terminal.waitFor(/scanner.*orders.*· allow/);
      await filterBy(terminal, 'from:scanner');
      terminal.press('B');
      await terminal.waitFor(/Ready, the server dry-run accepts it: exactly this is written and enforced\./);
      expect(await policiesOf(shop)).toEqual([]);
      terminal.press('e', 'tab', 'tab');
      terminal.type('probes orders');
      terminal.press('enter');
      await terminal.waitFor(/reason \[probes orders\]/);
      await terminal.waitFor(/Ready, the server dry-run accepts it/);
      terminal.press('y');
      // Nobody has said that it stands.
      await terminal.waitFor(/is PENDING: no agent has reported it yet\./);
      const [written] = await policiesOf(shop);
      expect(written?.raw['spec']).toMatchObject({
        ...{ mode: 'Enforce', reason: 'probes orders', action: { type: 'Block' } },
        from: { peers: [{ workload: { kind: 'Deployment', name: 'scanner' } }] },
        to: { peers: [{ workload: { kind: 'Deployment', name: 'orders' } }] },
      });
      expect(written?.meta.annotations).toMatchObject({
        'apidefense.dev/author': user,
        'apidefense.dev/evidence': expect.stringMatching(
          /5 of 6 requests would flip.*\(live flows of the context kind-shop, drafted from flow f\d+\)$/,
        ) as string,
      });
      terminal.press('4');
      await terminal.waitFor(/block-scanner-orders-\w+ .*PENDING/);
      const name = written?.meta.name ?? '';
      await api.patchStatus(
        kinds.flowPolicies,
        { namespace: shop, name },
        {
          ...{ enforced: '2/2' },
          conditions: [
            {
              ...{
                type: 'Programmed',
                status: 'True',
                reason: 'Programmed',
                message: 'It stands on 2/2 nodes.',
              },
              lastTransitionTime: '2026-11-30T10:00:00Z',
            },
          ],
        },
      );
      await terminal.waitFor(/block-scanner-orders-\w+ .*active +2\/2/);
      terminal.press('u');
      await terminal.waitFor(/Undo removes [\s\S]*Ready\./);
      terminal.press('y');
      await terminal.waitFor(/Undone: /);
      expect(await policiesOf(shop)).toEqual([]);
      terminal.press('Q');
      expect((await terminal.exited()).status).toBe(0);
    },
  );

  test('missing rights are told in the dialog, each verb and on what, and nothing is written', async () => {
    const { user, target } = await makePerson(cluster, api, { namespace: shop, name: 'reader' });
    await allow(api, shop, watching(user));
    await allow(api, shop, { ...editing(user, ['get', 'list', 'watch']), name: `${user}-reading` });
    const env = { KUBECONFIG: writeKubeconfig(join(cli.directory, 'reader.yaml'), { 'kind-shop': target }) };
    const terminal = open(['--cluster'], { cols: 80, rows: 24, env });
    await terminal.waitFor(/scanner.*orders.*· allow/);
    await filterBy(terminal, 'from:scanner');
    terminal.press('B');
    await terminal.waitFor(/The API server would not take this/);
    expect(dialogText(terminal)).toContain(
      `${user} may not create and patch flowpolicies.apidefense.dev in namespace ${shop}; nothing was written.`,
    );
    terminal.press('X');
    await terminal.waitFor(/Written to .*block-scanner-orders-\w+\.yaml/);
    // Rights that come later are found by asking again.
    await allow(api, shop, { ...editing(user), name: `${user}-editing` });
    const theirs = createKubeApi({ target, env: {}, now: Date.now, sleep: () => Promise.resolve() });
    await until('RBAC has heard', async () => {
      const asked = { resource: kinds.flowPolicies, namespace: shop };
      return (await theirs.mayI({ ...asked, verb: 'patch' })).allowed;
    });
    theirs.close();
    terminal.press('y');
    await terminal.waitFor(/Ready, the server dry-run accepts it/);
    expect(await policiesOf(shop)).toEqual([]);
  });

  test('what a tool keeps is shown as that, and not removed; what somebody has changed since is not undone', async () => {
    const object = (name: string, annotations = {}): KubeBody => ({
      ...{ apiVersion, kind: 'FlowPolicy', metadata: { name, namespace: shop, annotations } },
      spec: {
        ...{ mode: 'Enforce', from: { scope: 'All' }, action: { type: 'Block' } },
        to: { peers: [{ workload: { kind: 'Deployment', name: 'nothing' } }] },
      },
    });
    await api.apply(kinds.flowPolicies, object('kept', { 'argocd.argoproj.io/tracking-id': 'shop:x' }));
    const terminal = open(['--context', 'admin', '-n', shop], { cols: 120, rows: 40 });
    await terminal.waitFor(/scanner.*orders.*· allow/);
    terminal.press('4');
    await terminal.waitFor(/kept .*PENDING/);
    await terminal.waitFor(/kept by +Argo CD \(application shop\)/);
    terminal.press('D');
    await terminal.waitFor(/Remove .*kept[\s\S]*Ready\./);
    terminal.press('y');
    await terminal.waitFor(/is kept by Argo CD/);
    expect(dialogText(terminal)).toContain('Change it in the Git repository that it comes from');
    expect(await policiesOf(shop)).toHaveLength(1);
    terminal.press('esc');
    await api.remove(kinds.flowPolicies, { namespace: shop, name: 'kept' });
    await terminal.waitFor(/No policies/);
    terminal.press('1');
    await filterBy(terminal, 'from:storefront');
    terminal.press('B');
    await terminal.waitFor(/Ready, the server dry-run accepts it/);
    terminal.press('y');
    await terminal.waitFor(/is PENDING: no agent has reported it yet\./);
    const [written] = await policiesOf(shop);
    await api.apply(
      kinds.flowPolicies,
      { ...object(written?.meta.name ?? ''), spec: { ...Object(written?.raw['spec']), mode: 'Shadow' } },
      { force: true },
    );
    terminal.press('u');
    await terminal.waitFor(/─ Undo ─[\s\S]*was changed by someone else/);
    expect(await policiesOf(shop)).toMatchObject([{ raw: { spec: { mode: 'Shadow' } } }]);
    await api.remove(kinds.flowPolicies, { namespace: shop, name: written?.meta.name ?? '' });
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
