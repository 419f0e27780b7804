// The hub against a real API server, with the real agent-side code over a feed that is made up: tokens by TokenRequest and TokenReview, who is
// who, conditions, the Lease, and all of it while the API server is away. Nodes and pods are objects alone; no kubelet runs.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished } from 'vitest';
import { startHub, type Hub } from '../../src/app/hub/hub.ts';
import { caFile, names } from '../../src/core/install/names.ts';
import type { PolicyEvent } from '../../src/core/model/event.ts';
import type { LocalAddress } from '../../src/io/feed/feed-address.ts';
import type { KubeApi } from '../../src/io/kube/api/kube-api.ts';
import { fieldOf, listOf, textOf, textsOf, type KubeObject } from '../../src/io/kube/api/kube-object.ts';
import { kinds } from '../../src/io/kube/api/resource-kind.ts';
import { testUnless } from '../helpers/unless.ts';
import { until, untilPasses } from '../helpers/until.ts';
import { flow, startClient } from '../io/feed/feed-samples.ts';
import { applyStages, installOptions } from './install-objects.ts';
import { clientOf, installDefinitions } from './kube-clients.ts';
import { labCluster, type Cluster } from './lab/cluster.ts';
import { startLab } from './lab/preparations.ts';
import { noLab, prepared } from './lab/shared-cluster.ts';
import { accounts, makePod, tokenOf } from './paper-pods.ts';
import { agentOf, serviceOf } from './simulated-agents.ts';

const namespace = 'default';
const account = names.agent;
const times = { durationMs: 4_000, renewMs: 2_500, retryMs: 300 };

/** A client with exactly the rights that install gives to the hub. */
function hubClient(cluster: Cluster): KubeApi {
  const api = clientOf(cluster, { as: `system:serviceaccount:${namespace}:${names.hub}` });
  onTestFinished(() => api.close());
  return api;
}

async function hubOn(
  api: KubeApi,
  name: string,
): Promise<Hub & { readonly notices: string[]; readonly socket: LocalAddress }> {
  const notices: string[] = [];
  const folder = mkdtempSync(join(tmpdir(), 'apidefense-hub-'));
  const socket: LocalAddress = { type: 'unix', path: join(folder, 'feed.sock') };
  const hub = await startHub({
    ...{
      optOut: installOptions({}).optOutLabel,
      api,
      namespace,
      agentAccount: account,
      lease: names.hub,
      name,
      leaseTimes: times,
    },
    ...{ listen: { host: '127.0.0.1', port: 0 }, audit: () => undefined, feed: { address: socket } },
    onNotice: (sentence) => void notices.push(sentence),
  });
  onTestFinished(async () => {
    await hub.stop();
    rmSync(folder, { recursive: true, force: true });
  });
  return { ...hub, notices, socket };
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
    await installDefinitions(api);
    for (const name of ['n1', 'n2', 'n3'])
      await api.create(kinds.nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name } });
    // What install makes before the hub: rights, and empty objects with labels that stay.
    await applyStages(api, installOptions({ namespace, createNamespace: false }), [
      'namespace',
      'rights',
      'state',
    ]);
    await api.apply(accounts, {
      ...{ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'shop', namespace } },
    });
    await makePod(api, 'web', { namespace, node: 'n1', ip: '10.90.1.2', account: 'shop' });
    const pods = [
      await makePod(api, 'agent-1', { namespace, node: 'n1', ip: '10.90.1.1' }),
      await makePod(api, 'agent-2', { namespace, node: 'n2', ip: '10.90.2.1' }),
    ];
    const other = await makePod(api, 'orders', { namespace, node: 'n2', ip: '10.90.2.2', account: 'shop' });

    const lease = async (): Promise<KubeObject> => api.get(kinds.leases, { namespace, name: names.hub });
    const { labels } = (await lease()).meta;
    const hub = await hubOn(hubClient(cluster), 'hub-a');
    await hub.synced();
    await until('it leads', () => hub.isLeader());
    const held = await lease();
    expect(held.meta.labels).toEqual(labels);
    expect(textOf(fieldOf(held.raw['spec'], 'holderIdentity'))).toMatch(/^hub-a_/);
    const second = await hubOn(hubClient(cluster), 'hub-b');
    await second.synced();
    const folder = mkdtempSync(join(tmpdir(), 'apidefense-ca-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const ca = join(folder, caFile);
    const bundle = await until('the leader has published its authority', async () => {
      const { raw } = await api.get(kinds.configMaps, { namespace, name: names.ca });
      return textsOf(raw['data'])[caFile];
    });
    writeFileSync(ca, bundle);

    // Tokens that are not an agent's, each with its reason.
    for (const [token, reason] of [
      [
        await tokenOf(api, pods[0], { namespace, audience: 'https://kubernetes.default.svc' }),
        /HTTP 401: The token is not taken/,
      ],
      [
        await tokenOf(api, other, { namespace, account: 'shop' }),
        /HTTP 403: Agents are default\/apidefense-agent/,
      ],
      [await tokenOf(api, undefined, { namespace }), /HTTP 403: The token was made for no pod/],
      ['made.up.token', /HTTP 401/],
    ] as const) {
      const stranger = await agentOf('n1', token, { namespace, caFile: ca });
      const dial = stranger.dial(hub.port);
      await untilPasses(() => expect(stranger.notices.join()).toMatch(reason));
      await dial.close();
    }
    expect(hub.figures().agents).toEqual([]);

    const tokens = [
      await tokenOf(api, pods[0], { namespace }),
      await tokenOf(api, pods[1], { namespace }),
    ] as const;
    const one = await agentOf('n1', tokens[0], { namespace, caFile: ca });
    const two = await agentOf('n2', tokens[1], { namespace, caFile: ca });
    const service = await serviceOf(hub, second);
    const dialOne = one.dial(service);
    two.dial(service);
    await untilPasses(() => expect(one.peers()).toEqual(['default/agent-2', 'default/orders']));
    await untilPasses(() => expect(two.peers()).toEqual(['default/agent-1', 'default/web']));
    // An agent that does not say so may not: the node is where the token's pod runs.
    expect(hub.figures().agents.toSorted()).toEqual(['n1', 'n2']);
    expect(one.remote.current().services.some(({ name }) => name === 'kubernetes')).toBe(true);

    // One stream of both, where terminals connect.
    const terminal = startClient({ address: hub.socket });
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
    const agent3 = await makePod(api, 'agent-3', { namespace, node: 'n3', ip: '10.90.3.1' });
    await untilPasses(() => expect(one.peers()).toContain('default/agent-3'));
    const unknown = await tokenOf(api, agent3, { namespace });
    await cluster.tell('kill', 'kube-apiserver');
    await until('nobody leads', () => !hub.isLeader() && !second.isLeader());
    expect(hub.figures().agents.toSorted()).toEqual(['n1', 'n2']);
    await dialOne.close();
    await untilPasses(() => expect(hub.figures().agents).toEqual(['n2']));
    one.dial(service);
    await untilPasses(() => expect(hub.figures().agents.toSorted()).toEqual(['n1', 'n2']));
    const three = await agentOf('n3', unknown, { namespace, caFile: ca });
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
      makePod(api, 'late', { namespace, node: 'n2', ip: '10.90.2.3', account: 'shop' }).then(
        () => true,
        () => false,
      ),
    );
    await untilPasses(() => expect(one.peers()).toContain('default/late'));
    await judgedAs('Programmed False PartiallyProgrammed');
  },
);
