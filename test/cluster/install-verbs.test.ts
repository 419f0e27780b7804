// `install` as a person types it, on a real API server with its controllers. Nodes are objects alone: what a kubelet would say is said by the test,
// so nothing of it runs; that is shown with nodes of the lab.
import { afterAll, beforeAll, expect, test } from 'vitest';
import { names } from '../../src/core/install/names.ts';
import { apiVersion } from '../../src/core/policy/schema.ts';
import type { KubeApi } from '../../src/io/kube/api/kube-api.ts';
import { fieldOf, listOf } from '../../src/io/kube/api/kube-object.ts';
import { kinds } from '../../src/io/kube/api/resource-kind.ts';
import type { Finished } from '../helpers/cli.ts';
import { describeUnless } from '../helpers/unless.ts';
import { until } from '../helpers/until.ts';
import { allow } from './kube-clients.ts';
import { apiRequest } from './lab/api-request.ts';
import { configOf, noLab } from './lab/shared-cluster.ts';
import { namespace, startPaperCluster, type PaperCluster } from './paper-cluster.ts';
import type { PaperNodes } from './paper-nodes.ts';

describeUnless(noLab)('install', () => {
  let paper: PaperCluster;
  let api: KubeApi;
  let nodes: PaperNodes;

  beforeAll(async () => {
    paper = await startPaperCluster();
    ({ api, nodes } = paper);
  });
  afterAll(() => paper[Symbol.asyncDispose]());

  const start: PaperCluster['start'] = (...more) => paper.start(...more);
  const install: PaperCluster['install'] = (...more) => paper.install(...more);
  const get: PaperCluster['get'] = (kind, name) => paper.get(kind, name);
  const statusOf = async (kind: string, name: string, field: string): Promise<unknown> =>
    fieldOf((await get(kind, name))?.raw['status'], field);

  test('a dry run shows every object to be created, checked by the API server, and stores nothing', async () => {
    const done = await install('--dry-run');
    expect(done.status).toBe(0);
    expect(done.stderr).toMatch(/^Cluster: context \S+ \(https:.*\), namespace apidefense-system\.\n$/);
    expect(done.stdout).toMatch(
      /^\d+ to create\.\nnamespace and priority:\n {2}\+ Namespace apidefense-system\n {2}\+ PriorityClass apidefense\n/,
    );
    expect(done.stdout).toContain(`  + DaemonSet ${namespace}/${names.agent}\n`);
    expect(await get('PriorityClass', names.priorityClass)).toBeUndefined();
    expect(await get('ClusterRole', names.agent)).toBeUndefined();
  });

  test('whoever lacks rights is told all of them at once, before anything is changed', async () => {
    const done = await install('--yes', '--as', 'ann');
    expect(done.status).toBe(77);
    expect(done.stdout).toBe('');
    expect(done.stderr).toContain('Missing rights of ann:\n');
    for (const line of [
      'get, patch and create namespaces in the whole cluster: apidefense-system',
      'get, patch and create daemonsets.apps in the namespace apidefense-system: apidefense-agent',
      'list customresourcedefinitions.apiextensions.k8s.io in the whole cluster',
      'list and watch pods in the namespace apidefense-system',
    ])
      expect(done.stderr).toContain(`  ${line}\n`);
    expect(done.stderr).toMatch(
      /ann may not install api-defense in the namespace apidefense-system: \d+ rights are missing, each named above; nothing was changed\.\n {2}.*"install -o yaml" prints them and needs no rights\. \[INSTALL_RIGHTS\]\n$/,
    );
    expect(await get('PriorityClass', names.priorityClass)).toBeUndefined();
  });

  const upgrade = (...more: readonly string[]): Promise<Finished> =>
    paper.cli.run(['upgrade', '--timeout', '90s', ...more]);

  test('where nothing is installed there is nothing to look after', async () => {
    for (const verb of ['status', 'doctor'])
      expect(await paper.cli.run([verb])).toMatchObject({
        ...{ status: 66, stdout: '' },
        stderr: expect.stringMatching(
          /Install it with "kubectl api-defense install".*\[API_DEFENSE_NOT_INSTALLED\]\n$/,
        ) as unknown,
      });
  });

  test('where nothing is installed there is nothing to upgrade', async () => {
    expect(await upgrade('--yes')).toMatchObject({ status: 66, stdout: '' });
    expect((await upgrade('--yes')).stderr).toMatch(
      /There is nothing to upgrade .*\n.*\[UPGRADE_NOTHING\]\n$/,
    );
  });

  test('where nobody can be asked nothing is changed', async () => {
    const done = await install();
    expect(done).toMatchObject({ status: 64 });
    expect(done.stderr).toMatch(/Add --yes to do it, or --dry-run=server to only look\. \[CONFIRMATION\]\n$/);
    expect(await get('PriorityClass', names.priorityClass)).toBeUndefined();
  });

  test('what holds agents up is told with node, pod and reason, and at the end of patience it says so and how to go on', async () => {
    nodes.will.problem = ({ node, name }) =>
      node === 'p2' && name.includes('-agent-')
        ? { reason: 'ImagePullBackOff', message: 'Back-off pulling image "none"' }
        : undefined;
    const done = await install('--yes', '--timeout', '4s');
    expect(done.status).toBe(69);
    expect(done.stderr).toMatch(/\n {2}p1: apidefense-agent-\w+ is ready\n/);
    expect(done.stderr).toMatch(
      /\n {2}p2: apidefense-agent-\w+: ImagePullBackOff: Back-off pulling image "none"\n/,
    );
    expect(done.stderr).toMatch(
      /error: After 4 s it does not work yet: DaemonSet .*: 1 of 2 nodes have their agent; p2: apidefense-agent-\w+: ImagePullBackOff.*\n {2}What was done stays\..* \[INSTALL_NOT_READY\]\n$/,
    );
  });

  test('killed while it waits and run again it goes on where it was', async () => {
    const killed = start('--yes');
    await killed.until(/p2: apidefense-agent-\w+: ImagePullBackOff|1 of 2 nodes have their agent/);
    killed.child.kill('SIGKILL');
    expect((await killed.finished).status).toBeNull();
    const going = start('--yes');
    await going.until(/1 of 2 nodes have their agent/);
    nodes.will.problem = () => undefined;
    nodes.again();
    const done = await going.finished;
    expect(done.status).toBe(0);
    expect(done.stdout).toMatch(/^Nothing to do: \d+ as they should be\.\napi-defense is installed /);
    expect(done.stderr).toMatch(/\n {2}p2: apidefense-agent-\w+ is ready\n/);
    expect(await statusOf('DaemonSet', names.agent, 'numberAvailable')).toBe(2);
    expect(await statusOf('Deployment', names.hub, 'availableReplicas')).toBe(2);
  });

  test('a canary is answered by every agent and leaves no trace; what cannot be asked is said', async () => {
    const canary = (): Promise<boolean> =>
      api.get(kinds.flowPolicies, { namespace, name: 'apidefense-canary' }).then(
        () => true,
        () => false,
      );
    const done = await install('--yes');
    expect(done, done.stderr).toMatchObject({ status: 0 });
    expect(done.stderr).toContain(
      'whether it works:\n  pods: not asked, since the API for people is left out\n  canary: answered; It is evaluated in shadow on 2/2 nodes; nothing is refused by it\n',
    );
    expect(await canary()).toBe(false);
    nodes.will.programmed = { status: 'Unknown', message: '1/2 nodes have reported; waiting for p2.' };
    const late = await install('--yes', '--timeout', '3s');
    expect(late.status).toBe(69);
    expect(late.stderr).toMatch(
      /After 3 s it does not work yet: the canary is not answered by every agent: 1\/2 nodes have reported; waiting for p2\.\n.*\[INSTALL_NOT_READY\]\n$/,
    );
    expect(await canary()).toBe(false);
    nodes.will.programmed = { status: 'True', message: 'It is evaluated in shadow on 2/2 nodes.' };
  });

  test('how it stands: parts, nodes, policies with what is wrong; and nothing is made up where nobody told', async () => {
    const leaderless = await paper.cli.run(['status']);
    expect(leaderless.status).toBe(1);
    expect(leaderless.stdout).toMatch(/\nWrong:\n {2}No replica of the hub leads: .*\n$/);
    const hubs: string[] = [];
    await api.list(
      kinds.pods,
      { namespace, labelSelector: 'app.kubernetes.io/component=hub' },
      (page) => void hubs.push(...page.map(({ meta }) => meta.name)),
    );
    const spec = { holderIdentity: `${hubs[0] ?? ''}_ab12_10.0.0.1:10250` };
    await api.patch(kinds.leases, { namespace, name: names.hub }, { spec });
    const well = await paper.cli.run(['status']);
    expect(well, well.stdout).toMatchObject({ status: 0 });
    expect(well.stdout).toMatch(
      /^installed {2}\S+ in the namespace apidefense-system\nhub {8}2 of 2 replicas are available; apidefense-hub-\S+ leads\nagents {5}2 of 2 nodes have their agent\nAPI {8}left out \(--no-aggregated-api\)\npods {7}not known: no hub told\npolicies {3}0\n/,
    );
    expect(well.stdout).toMatch(/\np1 +ready +unknown +unknown +unknown\np2 +ready /);
    const metadata = { name: 'odd', namespace: 'default' };
    nodes.will.programmed = { status: 'Unknown', message: 'Waiting for p2.' };
    await api.create(kinds.flowPolicies, {
      ...{ apiVersion, kind: 'FlowPolicy', metadata },
      spec: {
        ...{ mode: 'Shadow', from: { scope: 'All' }, action: { type: 'Block' } },
        to: { peers: [{ workload: { kind: 'Deployment', name: 'web' } }] },
      },
    });
    const wrong = await until('the paper hub has judged it', async () => {
      const done = await paper.cli.run(['status', '-o', 'json']);
      return done.status === 1 && done;
    });
    expect(JSON.parse(wrong.stdout)).toMatchObject({
      ...{ ok: false, policies: { total: 1, problems: [{ name: 'default/odd' }] } },
      nodes: [{ node: 'p1', agent: 'ready' }, { node: 'p2' }],
    });
    nodes.will.programmed = { status: 'True', message: 'It is evaluated in shadow on 2/2 nodes.' };
    await api.remove(kinds.flowPolicies, metadata);
    const nobody = await paper.cli.run(['status', '--as', 'ann']);
    expect(nobody).toMatchObject({ status: 77, stdout: '' });
    const resources = ['daemonsets', 'deployments'];
    await allow(api, namespace, { user: 'half', apiGroups: ['apps'], resources, verbs: ['get'] });
    const half = await until('the right is in force', async () => {
      const done = await paper.cli.run(['status', '--as', 'half']);
      return done.status !== 77 && done;
    });
    expect(half.stdout).toContain(
      'hub        2 of 2 replicas are available\nagents     2 of 2 nodes have their agent\nAPI        not known',
    );
    expect(half.stdout).toMatch(
      /\nNot known:\n(.*\n)* {2}half may not list pods in namespace apidefense-system\.\n/,
    );
  });

  test('everything is written as the one field manager, and with nothing to do nobody is asked', async () => {
    for (const [kind, name] of [
      ['DaemonSet', names.agent],
      ['ClusterRole', names.viewer],
      ['PriorityClass', names.priorityClass],
    ] as const) {
      const managers = (await get(kind, name))?.meta.managedFields ?? [];
      const appliers = managers.filter((each) => fieldOf(each, 'operation') === 'Apply');
      expect(appliers.map((each) => fieldOf(each, 'manager'))).toEqual(['kubectl-api-defense']);
    }
    const before = (await get('DaemonSet', names.agent))?.meta.resourceVersion;
    const done = await install();
    expect(done.status).toBe(0);
    expect(done.stdout).toMatch(/^Nothing to do: /);
    expect((await get('DaemonSet', names.agent))?.meta.resourceVersion).toBe(before);
  });

  test('another option is shown field by field, and rolled out replica by replica', async () => {
    const done = await install('--yes', '--replicas', '3', '--log-level', 'debug');
    expect(done.status).toBe(0);
    expect(done.stdout).toContain(`  ~ Deployment ${namespace}/${names.hub}\n    spec.replicas: 2 → 3\n`);
    expect(done.stdout).toContain('env[APIDEFENSE_LOG_LEVEL].value: info → debug\n');
    expect(done.stderr).toContain(`  changed Deployment ${namespace}/${names.hub}\n`);
    expect(done.stderr).toContain('3 of 3 replicas are available\n');
    expect(done.stderr.match(/p[12]: apidefense-agent-\w+ is ready\n/g)).toHaveLength(2);
    expect(await statusOf('Deployment', names.hub, 'readyReplicas')).toBe(3);
  });

  test('an upgrade keeps what was chosen and changes what is said, node by node', async () => {
    const old = await get('DaemonSet', names.agent);
    const printed = await upgrade('-o', 'yaml', '--log-level', 'error');
    expect(printed.status).toBe(0);
    expect(printed.stdout).toMatch(/replicas: 3\n/);
    expect(printed.stdout).toContain('value: error\n');
    const done = await upgrade('--yes', '--image', 'local.test/api-defense:next');
    expect(done, done.stderr).toMatchObject({ status: 0 });
    expect(done.stdout.split('\n').filter((line) => line.includes(' → '))).toEqual([
      '    spec.template.spec.containers[hub].image: local.test/api-defense:paper → local.test/api-defense:next',
      '    spec.template.spec.containers[agent].image: local.test/api-defense:paper → local.test/api-defense:next',
    ]);
    expect(done.stderr.match(/p[12]: apidefense-agent-\w+ is ready\n/g)).toHaveLength(2);
    expect((await get('DaemonSet', names.agent))?.meta.generation).toBe((old?.meta.generation ?? 0) + 1);
    expect((await upgrade()).stdout).toMatch(/^Nothing to do: /);
  });

  test('an upgrade over more than one minor version is refused with the step to take', async () => {
    const label = (version: string) =>
      apiRequest(configOf(paper.cluster), {
        method: 'PATCH',
        path: `/apis/apps/v1/namespaces/${namespace}/deployments/${names.hub}`,
        body: { metadata: { labels: { 'app.kubernetes.io/version': version } } },
        contentType: 'application/merge-patch+json',
      });
    const before = (await get('Deployment', names.hub))?.meta.labels['app.kubernetes.io/version'] ?? '';
    await label('0.9.0');
    const done = await upgrade('--yes');
    expect(done).toMatchObject({ status: 1, stdout: '' });
    expect(done.stderr).toMatch(
      /Installed is version 0\.9\.0, .*Use a kubectl api-defense of version 0\.9\.0\.\n.*\[UPGRADE_STEP\]\n$/,
    );
    await label(before);
    expect((await upgrade('--yes', '--force-conflicts')).status).toBe(0);
  });

  test('whoever may not read what is installed is told everything that an upgrade takes', async () => {
    const done = await upgrade('--yes', '--as', 'ann');
    expect(done.status).toBe(77);
    expect(done.stderr).toContain(
      '  get, patch and create daemonsets.apps in the namespace apidefense-system: apidefense-agent\n',
    );
    expect(done.stderr).toMatch(/ann may not upgrade api-defense .*\n.*\[INSTALL_RIGHTS\]\n$/);
  });

  test('a field that somebody else owns is a refusal that names him, until it is taken over', async () => {
    const patched = await apiRequest(configOf(paper.cluster), {
      method: 'PATCH',
      path: `/apis/apps/v1/namespaces/${namespace}/deployments/${names.hub}?fieldManager=kubectl-edit`,
      body: { spec: { replicas: 5 } },
      contentType: 'application/merge-patch+json',
    });
    expect(patched.code).toBe(200);
    const refused = await install('--yes');
    expect(refused.status).toBe(1);
    expect(refused.stdout).toContain(`  ! Deployment ${namespace}/${names.hub} was refused: `);
    expect(refused.stderr).toMatch(
      /Nothing was changed, because something is in the way: .*kubectl-edit owns \.spec\.replicas\. --force-conflicts takes these fields over, .*\[INSTALL_BLOCKED\]\n$/s,
    );
    const forced = await install('--yes', '--force-conflicts');
    expect(forced.status).toBe(0);
    expect(forced.stdout).toContain('spec.replicas: 5 → 2\n');
  });

  test('what is ours and not wanted any more is shown and removed, and nothing else', async () => {
    const metadata = { name: 'left-over', namespace };
    const labels = { 'apidefense.dev/installation': namespace };
    await api.create(kinds.configMaps, {
      ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { ...metadata, labels } },
    });
    await api.create(kinds.configMaps, {
      ...{ apiVersion: 'v1', kind: 'ConfigMap', metadata: { name: 'theirs', namespace } },
    });
    const done = await install('--yes');
    expect(done.status).toBe(0);
    expect(done.stdout).toContain(`not wanted any more:\n  - ConfigMap ${namespace}/left-over\n`);
    expect(await get('ConfigMap', 'left-over')).toBeUndefined();
    expect(await get('ConfigMap', 'theirs')).toBeDefined();
  });

  test('an interruption says where it stopped and that running it again goes on', async () => {
    nodes.will.problem = ({ name }) =>
      name.includes('-hub-') ? { reason: 'ErrImagePull', message: 'no such host' } : undefined;
    const started = start('--yes', '--log-level', 'warn');
    await started.until(/apidefense-hub-\w+-\w+: ErrImagePull: no such host/);
    started.child.kill('SIGINT');
    const done = await started.finished;
    expect(done.status).toBe(69);
    expect(done.stderr).toMatch(/What was done stays\. Run the same command again.*\[INTERRUPTED\]\n$/);
    // The replicas of before serve on: a surge replaces none that works by one that does not.
    expect(await statusOf('Deployment', names.hub, 'availableReplicas')).toBe(2);
    nodes.will.problem = () => undefined;
    nodes.again();
    expect((await install('--yes', '--log-level', 'warn')).status).toBe(0);
  });

  test('a second installation in another namespace is refused with the name of the first', async () => {
    const done = await install('--yes', '-n', 'elsewhere');
    expect(done.status).toBe(1);
    expect(done.stdout).toContain(
      'belongs to the installation in the namespace apidefense-system, and a cluster has one',
    );
    const found: string[] = [];
    await api.list(kinds.namespaces, {}, (page) => found.push(...page.map(({ meta }) => meta.name)));
    expect(found).not.toContain('elsewhere');
    expect(listOf(found)).toContain(namespace);
  });
});
