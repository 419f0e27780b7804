// The pods of one node as a real API server and its controllers make them. The node is an object alone: no kubelet runs, so that statuses
// are what the test writes; controllers make ReplicaSets, Jobs and pods of them.
import { afterAll, beforeAll, expect, test } from 'vitest';
import type { NodeInventory } from '../../src/core/model/pod.ts';
import type { KubeApi, KubeBody } from '../../src/io/kube/api/kube-api.ts';
import { kinds } from '../../src/io/kube/api/resource-kind.ts';
import { openNodePods, type NodePods } from '../../src/io/kube/pods/node-pods.ts';
import { describeUnless } from '../helpers/unless.ts';
import { until, untilPasses } from '../helpers/until.ts';
import { allow, clientOf, testKinds } from './kube-clients.ts';
import { configOf, makeNamespace, noApi, sharedCluster, type OwnNamespace } from './lab/shared-cluster.ts';
import type { Cluster } from './lab/cluster.ts';

describeUnless(noApi)('the pods of a node', () => {
  let cluster: Cluster;
  let api: KubeApi;
  let own: OwnNamespace | undefined;
  let namespace: string;
  let node: string;
  let source: NodePods;
  const notices: string[] = [];

  const follow = (client: KubeApi): NodePods =>
    openNodePods({
      ...{ api: client, node, now: Date.now, random: Math.random },
      optOut: { key: 'apidefense.dev/enrol', value: 'false' },
      onNotice: (sentence) => notices.push(sentence),
    });

  beforeAll(async () => {
    cluster = await sharedCluster();
    api = clientOf(cluster);
    own = await makeNamespace(configOf(cluster), 'pods');
    namespace = own.name;
    node = `node-of-${namespace}`;
    await until('pods can be made', () =>
      api.get({ ...kinds.pods, plural: 'serviceaccounts' }, { namespace, name: 'default' }).then(
        () => true,
        () => false,
      ),
    );
    source = follow(api);
    await source.synced();
  });
  afterAll(async () => {
    source.close();
    api.close();
    await own?.[Symbol.asyncDispose]();
  });

  const podSpec = (): object => ({
    nodeName: node,
    terminationGracePeriodSeconds: 0,
    containers: [
      {
        ...{ name: 'web', image: 'none', ports: [{ containerPort: 8080, name: 'http' }] },
        readinessProbe: { httpGet: { path: '/ready', port: 'http' } },
      },
    ],
  });
  const template = (app: string, more: object = {}): object => ({
    metadata: { labels: { app } },
    spec: { ...podSpec(), ...more },
  });
  const make = (
    kind: (typeof testKinds)[keyof typeof testKinds],
    name: string,
    spec: object,
  ): Promise<unknown> =>
    api.apply(kind, {
      apiVersion: `${kind.group}/${kind.version}`,
      kind: kind.kind,
      metadata: { name, namespace },
      spec,
    });

  /** What the kubelet would say. */
  const say = (name: string, status: object): Promise<unknown> =>
    api.patchStatus(kinds.pods, { namespace, name }, { ...status });
  const running = (ip: string, startTime: string): object => ({
    ...{ phase: 'Running', podIP: ip, podIPs: [{ ip }], startTime },
  });

  async function podOf(selector: string): Promise<string> {
    return until(`a pod with ${selector}`, async () => {
      const found: string[] = [];
      await api.list(kinds.pods, { namespace, labelSelector: selector }, (page) =>
        found.push(...page.map(({ meta }) => meta.name)),
      );
      return found[0];
    });
  }
  const workloads = ({ pods }: NodeInventory): string[] =>
    pods
      .filter((pod) => pod.namespace === namespace)
      .map(({ workload, addresses }) => `${workload.kind}/${workload.name} ${addresses.join()}`);

  test('a Deployment’s and a CronJob’s pods are known by them, exactly', async () => {
    await make(testKinds.deployments, 'web', {
      ...{ replicas: 1, selector: { matchLabels: { app: 'web' } }, template: template('web') },
    });
    await make(testKinds.cronJobs, 'nightly', {
      schedule: '* * * * *',
      suspend: true,
      jobTemplate: { spec: { template: template('nightly', { restartPolicy: 'Never' }) } },
    });
    const cronJob = await api.get(testKinds.cronJobs, { namespace, name: 'nightly' });
    const owner = {
      apiVersion: 'batch/v1',
      kind: 'CronJob',
      name: 'nightly',
      uid: cronJob.meta.uid,
      controller: true,
    };
    await api.create(testKinds.jobs, {
      ...{ apiVersion: 'batch/v1', kind: 'Job' },
      metadata: { name: 'nightly-28', namespace, ownerReferences: [owner] },
      spec: { template: template('nightly', { restartPolicy: 'Never' }) },
    });
    await say(await podOf('app=web'), running('10.200.0.1', '2026-11-30T10:00:00Z'));
    await say(await podOf('app=nightly'), running('10.200.0.2', '2026-11-30T10:00:00Z'));
    await untilPasses(() =>
      expect(workloads(source.current())).toEqual([
        'CronJob/nightly 10.200.0.2',
        'Deployment/web 10.200.0.1',
      ]),
    );
    const web = source.current().pods.find(({ workload }) => workload.name === 'web');
    expect(web).toMatchObject({
      serviceAccount: 'default',
      ports: [8080],
      hostNetwork: false,
      labels: { app: 'web' },
    });
    expect(source.probesOf(web?.id ?? '')).toEqual([
      { purpose: 'readiness', type: 'http', port: 8080, path: '/ready' },
    ]);
  });

  const bare = (name: string, labels: Record<string, string> = {}): KubeBody => ({
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace, labels }, spec: podSpec() },
  });

  test('an address that is given out again is the newer pod’s; a pod that is over has none; one that is gone is gone', async () => {
    await api.create(kinds.pods, bare('first'));
    await api.create(kinds.pods, bare('second'));
    await say('first', running('10.200.0.9', '2026-11-30T10:00:00Z'));
    await untilPasses(() => expect(workloads(source.current())).toContain('Pod/first 10.200.0.9'));
    await say('second', running('10.200.0.9', '2026-11-30T11:00:00Z'));
    await untilPasses(() => expect(workloads(source.current())).toContain('Pod/second 10.200.0.9'));
    expect(workloads(source.current())).not.toContain('Pod/first 10.200.0.9');
    await say('second', { phase: 'Succeeded' });
    await untilPasses(() => expect(workloads(source.current())).toContain('Pod/first 10.200.0.9'));
    const { meta } = await api.get(kinds.pods, { namespace, name: 'first' });
    expect(source.current().pods.find(({ name }) => name === 'first')?.uid).toBe(meta.uid);
    await api.remove(kinds.pods, { namespace, name: 'first' });
    await untilPasses(() => expect(workloads(source.current()).join()).not.toContain('first'));
  });

  test('who opts out is left alone, by its own label and by its namespace’s', async () => {
    await api.create(kinds.pods, bare('left', { 'apidefense.dev/enrol': 'false' }));
    await say('left', running('10.200.0.20', '2026-11-30T10:00:00Z'));
    await untilPasses(() => expect(source.optedOut()).toEqual([`${namespace}/left`]));
    expect(source.current().peers).toMatchObject([{ id: `${namespace}/left`, enrolled: false }]);
    const label = (value: string | null): Promise<unknown> =>
      api.apply(kinds.namespaces, {
        apiVersion: 'v1',
        kind: 'Namespace',
        metadata: {
          name: namespace,
          ...(value === null ? {} : { labels: { 'apidefense.dev/enrol': value } }),
        },
      });
    await label('false');
    await untilPasses(() => expect(workloads(source.current())).toEqual([]));
    expect(source.optedOut().length).toBeGreaterThan(1);
    await label(null);
    await untilPasses(() => expect(workloads(source.current())).toContain('Deployment/web 10.200.0.1'));
  });

  test('where owners may not be looked at, a Deployment is taken from the pod’s own label, and that is said once', async () => {
    const user = `agent-${namespace}`;
    await allow(api, namespace, { user, apiGroups: [''], resources: ['pods'], verbs: ['list', 'watch'] });
    const lesser = clientOf(cluster, { as: user });
    // Its own namespace's pods are all it may list: the watch of the whole node is the administrator's.
    const mixed: KubeApi = { ...api, get: (...question) => lesser.get(...question) };
    const other = follow(mixed);
    try {
      await other.synced();
      await untilPasses(() =>
        expect(workloads(other.current())).toEqual(
          expect.arrayContaining(['Deployment/web 10.200.0.1', 'Job/nightly-28 10.200.0.2']),
        ),
      );
      await untilPasses(() => expect(notices).toHaveLength(1));
      expect(notices[0]).toMatch(
        /^agent-.* may not get (replicasets\.apps|jobs\.batch) in namespace .*\. Names of Deployments are taken from their pods/,
      );
    } finally {
      other.close();
      lesser.close();
    }
  });
});
