// `uninstall` as a person types it, on a real API server with its controllers and nodes of paper: order, what stays and why, the proof, and what
// speaks against it. That agents take back what they did in pods is shown with nodes of the lab.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { defaultInstallOptions } from '../../src/core/install/install-options.ts';
import { installStages } from '../../src/core/install/install-stages.ts';
import { liveGroup, names } from '../../src/core/install/names.ts';
import { apiVersion } from '../../src/core/policy/schema.ts';
import type { KubeApi } from '../../src/io/kube/api/kube-api.ts';
import { kinds } from '../../src/io/kube/api/resource-kind.ts';
import type { Finished } from '../helpers/cli.ts';
import { describeUnless } from '../helpers/unless.ts';
import { until } from '../helpers/until.ts';
import { noLab } from './lab/shared-cluster.ts';
import { namespace, startPaperCluster, type PaperCluster } from './paper-cluster.ts';

describeUnless(noLab)('uninstall', () => {
  let paper: PaperCluster;
  let api: KubeApi;

  beforeAll(async () => {
    paper = await startPaperCluster();
    ({ api } = paper);
  });
  afterAll(() => paper[Symbol.asyncDispose]());

  const uninstall = (...more: readonly string[]): Promise<Finished> =>
    paper.cli.run(['uninstall', '--timeout', '60s', ...more]);
  const isThere = async (kind: string, name: string): Promise<boolean> =>
    (await paper.get(kind, name)) !== undefined;
  const titles = (stdout: string): readonly string[] => stdout.match(/^\S.*(?=:$)/gm) ?? [];

  async function installed(): Promise<void> {
    const done = await paper.install('--yes');
    expect(done, done.stderr).toMatchObject({ status: 0 });
  }

  test('where nothing is there is nothing to do, and it is proved all the same', async () => {
    const done = await uninstall();
    expect(done.status).toBe(0);
    expect(done.stdout).toMatch(
      /^Nothing to remove\.\nLooked for and not found: 0 objects by name, anything with the label apidefense\.dev\/installation=apidefense-system in 18 places, the API group live\.apidefense\.dev\.\nNo agent ran when this began/,
    );
  });

  test('whoever may not is told everything that is missing, to look and to remove', async () => {
    await installed();
    const done = await uninstall('--yes', '--as', 'ann');
    expect(done.status).toBe(77);
    for (const line of [
      'list daemonsets.apps in the namespace apidefense-system',
      'get and delete daemonsets.apps in the namespace apidefense-system: apidefense-agent',
      'list flowpolicies.apidefense.dev in the whole cluster',
    ])
      expect(done.stderr).toContain(`  ${line}\n`);
    expect(done.stderr).toMatch(/ann may not uninstall .*nothing was changed\.\n.*\[INSTALL_RIGHTS\]\n$/);
  });

  test('a dry run shows what would go in which order, and what stays', async () => {
    const metadata = { name: 'block', namespace: 'default' };
    const spec = {
      ...{ mode: 'Shadow', from: { scope: 'All' }, action: { type: 'Block' } },
      to: { peers: [{ workload: { kind: 'Deployment', name: 'web' } }] },
    };
    await api.create(kinds.flowPolicies, { apiVersion, kind: 'FlowPolicy', metadata, spec });
    const options = { ...defaultInstallOptions, image: 'none', version: '0', definitions: [] };
    const aggregated = installStages(options).find(({ name }) => name === 'aggregated-api')!;
    await api.apply(kinds.apiServices, aggregated.manifests[0]!.object);
    const done = await uninstall('--dry-run');
    expect(done.status).toBe(0);
    expect(titles(done.stdout).slice(1)).toEqual([
      'the API for people, first: without a hub it would break discovery',
      'agents: each takes its rules, routes, settings and snapshot back as it ends',
      ...['hub', 'what is in the namespace', 'roles and priority', 'the namespace'],
    ]);
    expect(done.stdout).toContain(
      '1 policy and its definition stay, without effect: --purge removes them.\n',
    );
    expect(await isThere('APIService', names.apiService)).toBe(true);
    expect(await isThere('DaemonSet', names.agent)).toBe(true);
  });

  test('everything goes, agents are waited for, and it is proved by name, by label, by group and by how each agent ended', async () => {
    const done = await uninstall('--yes');
    expect(done, done.stderr).toMatchObject({ status: 0 });
    expect(done.stderr).toMatch(/\n {2}p1: apidefense-agent-\w+ is gone, it ended with status 0\n/);
    expect(done.stderr).toMatch(/\n {2}p2: apidefense-agent-\w+ is gone, it ended with status 0\n/);
    expect(done.stderr.indexOf(`removed APIService`)).toBeLessThan(done.stderr.indexOf('removed DaemonSet'));
    expect(done.stderr.indexOf(`p1: apidefense-agent`)).toBeLessThan(
      done.stderr.indexOf('removed Deployment'),
    );
    expect(done.stdout).toMatch(
      /Looked for and not found: 27 objects by name, .*\n2 agents ended with status 0, having taken back every rule, route, socket and setting: p1, p2\.\n$/,
    );
    for (const [kind, name] of [
      ['Namespace', namespace],
      ['ClusterRole', names.agent],
      ['PriorityClass', names.priorityClass],
      ['APIService', names.apiService],
    ] as const)
      expect([kind, await isThere(kind, name)]).toEqual([kind, false]);
    expect(await api.groups()).not.toContain(liveGroup);
    expect(await api.get(kinds.flowPolicies, { namespace: 'default', name: 'block' })).toBeDefined();
  });

  test('with --purge policies and their definitions go too', async () => {
    const done = await uninstall('--yes', '--purge');
    expect(done, done.stderr).toMatchObject({ status: 0 });
    expect(done.stdout).toContain('  - FlowPolicy default/block\n');
    expect(titles(done.stdout)).toContain('definitions of the policies');
    expect(await isThere('CustomResourceDefinition', 'flowpolicies.apidefense.dev')).toBe(false);
    expect(done.stdout).not.toContain(' stay');
  });

  test('an agent that did not end well is named with its node and what to look at', async () => {
    await installed();
    paper.nodes.will.ends = ({ node, name }) => (node === 'p2' && name.includes('-agent-') ? 137 : 0);
    const done = await uninstall('--yes', '--purge');
    expect(done.status).toBe(1);
    expect(done.stderr).toMatch(
      /The agent apidefense-agent-\w+ on p2 did not confirm that it took everything back: it ended with status 137\. .*\nerror: It is not proved that nothing is left: 1 thing speaks against it, named above\.\n.*\[UNINSTALL_LEFT\]\n$/,
    );
    expect(done.stdout).not.toContain('Looked for');
    expect(await isThere('Namespace', namespace)).toBe(false);
  });

  test('a node that is away holds nothing else up, and what could not be proved is said; when it is back the rest goes', async () => {
    await installed();
    paper.nodes.will.ends = ({ node, name }) => (node === 'p2' && name.includes('-agent-') ? undefined : 0);
    const done = await uninstall('--yes', '--purge', '--timeout', '4s');
    expect(done.status).toBe(1);
    expect(done.stderr).toContain('not gone after 4 s; going on\n');
    expect(done.stderr).toContain('removed Deployment');
    expect(done.stderr).toMatch(
      /The agent apidefense-agent-\w+ on p2 did not confirm .*nobody saw how it ended\./,
    );
    expect(done.stderr).toContain(`Namespace ${namespace} is still there.\n`);
    expect(await isThere('ClusterRole', names.hub)).toBe(false);
    paper.nodes.will.ends = () => 0;
    paper.nodes.again();
    await until('the namespace is gone', async () => !(await isThere('Namespace', namespace)));
    expect((await uninstall('--yes', '--purge')).status).toBe(0);
  });

  test('killed on the way and run again it goes on where it was', async () => {
    await installed();
    paper.nodes.will.ends = () => undefined;
    const killed = paper.cli.start(['uninstall', '--yes', '--purge']);
    await killed.until(/removed DaemonSet/);
    killed.child.kill('SIGKILL');
    expect((await killed.finished).status).toBeNull();
    const going = paper.cli.start(['uninstall', '--yes', '--purge', '--timeout', '60s']);
    await going.until(/hub:\n {2}removed Deployment/);
    paper.nodes.will.ends = () => 0;
    paper.nodes.again();
    const done = await going.finished;
    expect(done, done.stderr).toMatchObject({ status: 0 });
    expect(done.stdout).toContain('2 agents ended with status 0');
  });

  test('a namespace with what is not ours stays with it, and says with what', async () => {
    await installed();
    const metadata = { name: 'theirs', namespace };
    await api.create(kinds.configMaps, { apiVersion: 'v1', kind: 'ConfigMap', metadata });
    const done = await uninstall('--yes', '--purge');
    expect(done, done.stderr).toMatchObject({ status: 0 });
    expect(done.stdout).toContain(
      `The namespace ${namespace} stays, since it holds what is not ours: ConfigMap ${namespace}/theirs.\n`,
    );
    expect(await isThere('ConfigMap', 'theirs')).toBe(true);
    expect(await isThere('DaemonSet', names.agent)).toBe(false);
    await api.remove(kinds.configMaps, metadata);
    expect((await uninstall('--yes', '--purge')).status).toBe(0);
    expect(await isThere('Namespace', namespace)).toBe(false);
  });

  test('what a Helm release keeps is left to it', async () => {
    const metadata = {
      ...{ name: names.viewer, annotations: { 'meta.helm.sh/release-name': 'defence' } },
      labels: { 'app.kubernetes.io/managed-by': 'Helm', 'apidefense.dev/installation': namespace },
    };
    const resource = { ...kinds.nodes, group: 'rbac.authorization.k8s.io', plural: 'clusterroles' };
    await api.create(resource, {
      ...{ apiVersion: 'rbac.authorization.k8s.io/v1', kind: 'ClusterRole', metadata, rules: [] },
    });
    const done = await uninstall('--yes');
    expect(done.status).toBe(1);
    expect(done.stderr).toMatch(
      /kept by the Helm release defence, so nothing was removed\.\n.*helm uninstall defence;.*\[INSTALL_HELM\]/,
    );
    expect(await isThere('ClusterRole', names.viewer)).toBe(true);
    await api.remove(resource, { name: names.viewer });
  });
});
