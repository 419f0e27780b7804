// The hub against a real API server, with the real agent-side code over a feed that is made up: tokens by TokenRequest and TokenReview, who is
// who, conditions, the Lease, and all of it while the API server is away. Nodes and pods are objects alone; no kubelet runs.
import { once } from 'node:events';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { startHub, type Hub } from '../../src/app/hub/hub.ts';
import { hubClusterRules, hubNamespaceRules } from '../../src/core/install/hub-rules.ts';
import { hubAudience, names } from '../../src/core/install/names.ts';
import type { PolicyEvent } from '../../src/core/model/event.ts';
import { dialHub, type HubDial } from '../../src/io/hub/hub-dial.ts';
import { hubDialLimits } from '../../src/io/hub/hub-limits.ts';
import { identityFile } from '../../src/io/hub/identity-file.ts';
import { openRemoteIdentity, type RemoteIdentity } from '../../src/io/hub/remote-identity.ts';
import type { KubeApi } from '../../src/io/kube/api/kube-api.ts';
import { fieldOf, listOf, textOf, type KubeObject } from '../../src/io/kube/api/kube-object.ts';
import { kinds, type ResourceKind } from '../../src/io/kube/api/resource-kind.ts';
import { makeCertificates, type Certificates } from '../helpers/certificates.ts';
import { testUnless } from '../helpers/unless.ts';
import { until, untilPasses } from '../helpers/until.ts';
import { flow, startAgent, startClient, type TestAgent } from '../io/feed/feed-samples.ts';
import { clientOf, installDefinitions } from './kube-clients.ts';
import { labCluster, type Cluster } from './lab/cluster.ts';
import { startLab } from './lab/preparations.ts';
import { noLab, prepared } from './lab/shared-cluster.ts';

const namespace = 'default';
const account = names.agent;
const accounts = { ...kinds.pods, plural: 'serviceaccounts', kind: 'ServiceAccount' };
const times = { durationMs: 4_000, renewMs: 2_500, retryMs: 300 };
const limits = { ...hubDialLimits, firstMs: 20, mostMs: 200, keepMs: 10 };

/** A pod that its kubelet would call running. */
async function makePod(
  api: KubeApi,
  name: string,
  how: { node: string; ip: string; account?: string },
): Promise<KubeObject> {
  const pod = await api.create(kinds.pods, {
    ...{ apiVersion: 'v1', kind: 'Pod', metadata: { name, namespace } },
    spec: {
      ...{ nodeName: how.node, serviceAccountName: how.account ?? account, terminationGracePeriodSeconds: 0 },
      containers: [{ name: 'main', image: 'none' }],
    },
  });
  const { ip } = how;
  await api.patchStatus(
    kinds.pods,
    { namespace, name },
    { phase: 'Running', podIP: ip, podIPs: [{ ip }], startTime: '2026-11-30T10:00:00Z' },
  );
  return pod;
}

const rbac = { group: 'rbac.authorization.k8s.io', version: 'v1' };
const bound = (kind: 'Role' | 'ClusterRole'): readonly [ResourceKind, ResourceKind] => [
  { ...rbac, kind, plural: `${kind.toLowerCase()}s`, namespaced: kind === 'Role' },
  { ...rbac, kind: `${kind}Binding`, plural: `${kind.toLowerCase()}bindings`, namespaced: kind === 'Role' },
];

/** A client with exactly the rights that install gives to the hub. */
async function hubClient(cluster: Cluster, admin: KubeApi): Promise<KubeApi> {
  for (const [kind, rules] of [
    ['Role', hubNamespaceRules],
    ['ClusterRole', hubClusterRules],
  ] as const) {
    const [role, binding] = bound(kind);
    const metadata = { name: names.hub, ...(kind === 'Role' ? { namespace } : {}) };
    const apiVersion = `${rbac.group}/${rbac.version}`;
    await admin.apply(role, {
      ...{ apiVersion, kind, metadata },
      rules: rules.map(({ reason, ...rule }) => (reason === '' ? {} : rule)),
    });
    await admin.apply(binding, {
      ...{ apiVersion, kind: binding.kind, metadata },
      roleRef: { apiGroup: rbac.group, kind, name: names.hub },
      subjects: [{ kind: 'ServiceAccount', name: names.hub, namespace }],
    });
  }
  const api = clientOf(cluster, { as: `system:serviceaccount:${namespace}:${names.hub}` });
  onTestFinished(() => api.close());
  return api;
}

/** As the kubelet asks for a projected token. */
async function tokenOf(
  api: KubeApi,
  pod: KubeObject | undefined,
  how: { audience?: string; account?: string } = {},
): Promise<string> {
  const name = how.account ?? account;
  const bound = pod && { kind: 'Pod', apiVersion: 'v1', name: pod.meta.name, uid: pod.meta.uid };
  const made = await api.create(
    { ...accounts, plural: `serviceaccounts/${name}/token` },
    {
      ...{ apiVersion: 'authentication.k8s.io/v1', kind: 'TokenRequest', metadata: { name, namespace } },
      spec: {
        audiences: [how.audience ?? hubAudience],
        expirationSeconds: 3_600,
        ...(bound && { boundObjectRef: bound }),
      },
    },
  );
  return textOf(fieldOf(made.raw['status'], 'token')) ?? '';
}

async function hubOn(
  api: KubeApi,
  name: string,
  { tls }: Certificates,
): Promise<Hub & { readonly notices: string[] }> {
  const notices: string[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'apidefense-hub-'));
  const hub = await startHub({
    ...{ api, namespace, agentAccount: account, lease: names.hub, name, leaseTimes: times },
    listen: { host: '127.0.0.1', port: 0, tls },
    feed: { type: 'unix', path: join(folder, 'feed.sock') },
    onNotice: (sentence) => void notices.push(sentence),
  });
  onTestFinished(async () => {
    await hub.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  return { ...hub, notices };
}

/** As a Service: one port, whose connections go to the replicas in turn. */
async function serviceOf(...hubs: readonly Hub[]): Promise<number> {
  let turn = 0;
  const service = createServer((socket) => {
    const { port = 0 } = hubs[(turn += 1) % hubs.length] ?? {};
    const there = connect(port, '127.0.0.1');
    socket.on('error', () => there.destroy()).on('close', () => there.destroy());
    there.on('error', () => socket.destroy()).on('close', () => socket.destroy());
    socket.pipe(there).pipe(socket);
  });
  service.listen(0, '127.0.0.1');
  await once(service, 'listening');
  onTestFinished(() => void service.close());
  const address = service.address();
  return typeof address === 'object' && address !== null ? address.port : 0;
}

interface SimulatedAgent {
  readonly remote: RemoteIdentity;
  readonly notices: string[];
  readonly feed: TestAgent;
  readonly tokenFile: string;
  dial(port: number): HubDial;
  readonly peers: () => readonly string[];
}

async function agentOf(node: string, token: string, { caFile }: Certificates): Promise<SimulatedAgent> {
  const folder = mkdtempSync(join(tmpdir(), 'apidefense-agent-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  const tokenFile = join(folder, 'token');
  writeFileSync(tokenFile, token);
  let sequence = 0;
  const feed = await startAgent({ numbering: { epoch: `e-${node}`, sequence: () => sequence } });
  const notices: string[] = [];
  const onNotice = (sentence: string): void => void notices.push(sentence);
  const remote = await openRemoteIdentity({
    node,
    file: identityFile(folder),
    limits,
    now: Date.now,
    onNotice,
  });
  onTestFinished(() => remote.close());
  return {
    ...{ remote, notices, tokenFile },
    feed: {
      ...feed,
      say(...events) {
        sequence += events.filter(({ type }) => type === 'flow').length;
        feed.say(...events);
      },
    },
    dial(port) {
      const url = `https://localhost:${port}`;
      const dial = dialHub({ url, caFile, tokenFile, server: feed.server, remote, onNotice, limits });
      onTestFinished(() => dial.close());
      return dial;
    },
    peers: () =>
      remote
        .current()
        .peers.map(({ id }) => id)
        .toSorted(),
  };
}

/** What an agent says of a policy that stands in one pod of its node. */
const standing = ({ meta, raw }: KubeObject): PolicyEvent => ({
  ...{ type: 'policy', time: new Date().toISOString(), name: `${namespace}/${meta.name}`, state: 'active' },
  ...{ object: { spec: raw['spec'] }, uid: meta.uid, generation: meta.generation ?? 0 },
  enforcement: {
    ...{ state: 'enforced', gears: ['inline'], inPlace: 1, meant: 1, outside: 0 },
    sentence: 'enforced in 1/1 pods',
  },
});

const conditionsOf = ({ raw }: KubeObject): readonly string[] =>
  listOf(fieldOf(raw['status'], 'conditions')).map((one) =>
    ['type', 'status', 'reason'].map((field) => textOf(fieldOf(one, field))).join(' '),
  );

testUnless(noLab)(
  'agents prove themselves, know each other, and are judged, by a hub that outlives the API server',
  async () => {
    await using lab = await startLab('api', prepared);
    const cluster = labCluster(lab.facts, prepared.packages);
    const api = clientOf(cluster);
    onTestFinished(() => api.close());
    const certificates = makeCertificates();
    onTestFinished(() => certificates.remove());
    await installDefinitions(api);
    for (const name of ['n1', 'n2', 'n3'])
      await api.create(kinds.nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name } });
    for (const name of [account, 'shop'])
      await api.apply(accounts, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name, namespace } });
    await makePod(api, 'web', { node: 'n1', ip: '10.90.1.2', account: 'shop' });
    const pods = [
      await makePod(api, 'agent-1', { node: 'n1', ip: '10.90.1.1' }),
      await makePod(api, 'agent-2', { node: 'n2', ip: '10.90.2.1' }),
    ];
    const other = await makePod(api, 'orders', { node: 'n2', ip: '10.90.2.2', account: 'shop' });

    // As install leaves it: there, empty, with labels that stay.
    await api.create(kinds.leases, {
      ...{ apiVersion: 'coordination.k8s.io/v1', kind: 'Lease' },
      metadata: { name: names.hub, namespace, labels: { 'app.kubernetes.io/part-of': 'api-defense' } },
    });
    const hub = await hubOn(await hubClient(cluster, api), 'hub-a', certificates);
    await hub.synced();
    await until('it leads', () => hub.isLeader());
    const lease = await api.get(kinds.leases, { namespace, name: names.hub });
    expect(lease.meta.labels).toEqual({ 'app.kubernetes.io/part-of': 'api-defense' });
    expect(textOf(fieldOf(lease.raw['spec'], 'holderIdentity'))).toMatch(/^hub-a_/);
    const second = await hubOn(await hubClient(cluster, api), 'hub-b', certificates);
    await second.synced();

    // Tokens that are not an agent's, each with its reason.
    for (const [token, reason] of [
      [
        await tokenOf(api, pods[0], { audience: 'https://kubernetes.default.svc' }),
        /HTTP 401: The token is not taken/,
      ],
      [await tokenOf(api, other, { account: 'shop' }), /HTTP 403: Agents are default\/apidefense-agent/],
      [await tokenOf(api, undefined), /HTTP 403: The token was made for no pod/],
      ['made.up.token', /HTTP 401/],
    ] as const) {
      const stranger = await agentOf('n1', token, certificates);
      const dial = stranger.dial(hub.port);
      await untilPasses(() => expect(stranger.notices.join()).toMatch(reason));
      await dial.close();
    }
    expect(hub.figures().agents).toEqual([]);

    const tokens = [await tokenOf(api, pods[0]), await tokenOf(api, pods[1])] as const;
    const one = await agentOf('n1', tokens[0], certificates);
    const two = await agentOf('n2', tokens[1], certificates);
    const service = await serviceOf(hub, second);
    const dialOne = one.dial(service);
    two.dial(service);
    await untilPasses(() => expect(one.peers()).toEqual(['default/agent-2', 'default/orders']));
    await untilPasses(() => expect(two.peers()).toEqual(['default/agent-1', 'default/web']));
    // An agent that does not say so may not: the node is where the token's pod runs.
    expect(hub.figures().agents.toSorted()).toEqual(['n1', 'n2']);
    expect(one.remote.current().services.some(({ name }) => name === 'kubernetes')).toBe(true);

    // One stream of both, where terminals connect.
    const terminal = startClient({ address: hub.feed });
    one.feed.say({ ...flow(1), id: 'one-1', time: new Date().toISOString() });
    two.feed.say({ ...flow(2), id: 'two-1', time: new Date().toISOString() });
    await untilPasses(() =>
      expect(
        terminal
          .seen()
          .filter((text) => /^(one|two)-/.test(text))
          .toSorted(),
      ).toEqual(['one-1', 'two-1']),
    );

    // Conditions: unknown while one has said nothing, then as both say.
    const made = await api.create(kinds.flowPolicies, {
      ...{
        apiVersion: 'apidefense.dev/v1alpha1',
        kind: 'FlowPolicy',
        metadata: { name: 'block-web', namespace },
      },
      spec: {
        ...{ mode: 'Enforce', action: { type: 'Block' }, from: { scope: 'All' } },
        to: { peers: [{ workload: { kind: 'Pod', name: 'orders' } }] },
      },
    });
    const read = (): Promise<KubeObject> => api.get(kinds.flowPolicies, { namespace, name: 'block-web' });
    const judgedAs = (words: string): Promise<unknown> =>
      until(`the policy is ${words}`, async () => conditionsOf(await read()).includes(words), 400);
    one.feed.say(standing(made));
    await judgedAs('Programmed Unknown Pending');
    two.feed.say(standing(made));
    await judgedAs('Programmed True Programmed');
    expect(conditionsOf(await read())).toEqual([
      'Accepted True Accepted',
      'Programmed True Programmed',
      'Degraded False AsExpected',
      'Expired False NoExpiry',
    ]);
    const judged = await read();
    expect(fieldOf(judged.raw['status'], 'enforced')).toBe('2/2');
    expect(judged.meta.managedFields.map((entry) => textOf(fieldOf(entry, 'manager')))).toContain(
      'apidefense-hub',
    );
    expect(second.figures().statusWrites).toBe(0);
    // With the rights that install gives nothing was refused.
    expect([...hub.notices, ...second.notices].filter((text) => text.includes('may not'))).toEqual([]);
    expect(second.isLeader()).toBe(false);

    // The API server goes: agents stay, a token that is known opens the door, one that is not does not; nobody leads.
    const agent3 = await makePod(api, 'agent-3', { node: 'n3', ip: '10.90.3.1' });
    await untilPasses(() => expect(one.peers()).toContain('default/agent-3'));
    const unknown = await tokenOf(api, agent3);
    await cluster.tell('kill', 'kube-apiserver');
    await until('nobody leads', () => !hub.isLeader() && !second.isLeader());
    expect(hub.figures().agents.toSorted()).toEqual(['n1', 'n2']);
    await dialOne.close();
    await untilPasses(() => expect(hub.figures().agents).toEqual(['n2']));
    one.dial(service);
    await untilPasses(() => expect(hub.figures().agents.toSorted()).toEqual(['n1', 'n2']));
    const three = await agentOf('n3', unknown, certificates);
    three.dial(service);
    await untilPasses(() =>
      expect(three.notices.join()).toMatch(/HTTP 503: The token cannot be checked now/),
    );
    expect(one.peers()).toContain('default/orders');
    one.feed.say({ ...flow(3), id: 'one-2', time: new Date().toISOString() });
    await untilPasses(() => expect(terminal.seen()).toContain('one-2'));

    // It comes back: somebody leads, who waited comes in, who is who goes on.
    await cluster.tell('start', 'kube-apiserver');
    await until('one leads', () => hub.isLeader() !== second.isLeader());
    await untilPasses(() =>
      expect((hub.isLeader() ? hub : second).figures().agents.toSorted()).toEqual(['n1', 'n2', 'n3']),
    );
    await until('pods can be made', () =>
      makePod(api, 'late', { node: 'n2', ip: '10.90.2.3', account: 'shop' }).then(
        () => true,
        () => false,
      ),
    );
    await untilPasses(() => expect(one.peers()).toContain('default/late'));
    await judgedAs('Programmed False PartiallyProgrammed');
  },
);
