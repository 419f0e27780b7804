// The mission on two real nodes: installed by the verb, a shop of real pods is seen, a path is refused by an object on both nodes, and stays refused
// while agents, hub and API server die; then all of it leaves, and nothing is left.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { names } from '../../src/core/install/names.ts';
import type { FlowEvent } from '../../src/core/model/event.ts';
import type { KubeApi } from '../../src/io/kube/api/kube-api.ts';
import { fieldOf, listOf, textOf } from '../../src/io/kube/api/kube-object.ts';
import { kinds } from '../../src/io/kube/api/resource-kind.ts';
import { kubeResource } from '../../src/io/kube/install/kube-resource.ts';
import { createCli, type Cli, type Started } from '../helpers/cli.ts';
import { describeUnless } from '../helpers/unless.ts';
import { until } from '../helpers/until.ts';
import { clientOf } from './kube-clients.ts';
import { labCluster, type Cluster } from './lab/cluster.ts';
import type { LabProcess } from './lab/lab-process.ts';
import { startNodeHand, type NodeHand } from './lab/node-hand.ts';
import { startLab } from './lab/preparations.ts';
import { configOf, makeNamespace, noNodes, prepared } from './lab/shared-cluster.ts';
import { image, loadProgram, namespace, podStates, podsOf, readiness } from './mission/installation.ts';
import { nodeState, podState, type NodeState } from './mission/node-state.ts';
import { deployShop, urlOf, type Shop, type ShopPod } from './mission/shop.ts';
import { toldFlows } from './mission/told-flows.ts';

/** Looks of a wait for what takes other programs a while: some minutes of pauses. */
const patient = 12_000;
const nodes = ['n1', 'n2'] as const;
/** How often the time from an object to its effect is taken. */
const rounds = 10;

// Nodes, probes and drains take their time on a busy machine.
vi.setConfig({ testTimeout: 600_000 });

const figure = (text: string): void => void process.stderr.write(`mission: ${text}\n`);
const spread = (values: readonly number[]): string => {
  const sorted = values.toSorted((one, other) => one - other);
  return `${sorted[Math.floor(sorted.length / 2)]} ms (median of ${sorted.length}), ${sorted.at(-1)} ms at most`;
};

describeUnless(noNodes)('api-defense on two nodes', () => {
  let lab: LabProcess;
  let cluster: Cluster;
  let api: KubeApi;
  let cli: Cli;
  let shop: Shop;
  let folder: string;
  let watching: Started;
  const hands = new Map<string, NodeHand>();
  let before: NodeState;

  beforeAll(async () => {
    lab = await startLab('node', prepared);
    cluster = labCluster(lab.facts, prepared.packages);
    api = clientOf(cluster);
    cli = createCli({ KUBECONFIG: cluster.kubeconfigPath });
    folder = mkdtempSync(join(tmpdir(), 'apidefense-mission-'));
    await loadProgram(cluster, folder);
    for (const node of nodes) hands.set(node, await startNodeHand(lab.facts, node));
    const config = configOf(cluster);
    const own = await makeNamespace(config, 'shop');
    shop = await deployShop(config, own.name, hands);
    before = await wholeState();
  });
  afterAll(async () => {
    await cli.close();
    for (const hand of hands.values()) await hand[Symbol.asyncDispose]();
    api.close();
    await lab[Symbol.asyncDispose]();
    rmSync(folder, { recursive: true, force: true });
  });

  async function wholeState(): Promise<NodeState> {
    const states = [];
    for (const pod of shop.all) states.push(await podState(cluster, pod));
    for (const node of nodes) states.push(await nodeState(cluster, node));
    return Object.assign({}, ...states) as NodeState;
  }

  /** All calls of these pods to all pods of `orders`, as `NODE->NODE STATUS`. */
  async function answers(path: string, from: readonly ShopPod[] = shop.web): Promise<readonly string[]> {
    const told: string[] = [];
    for (const caller of from) {
      const statuses = await shop.call(caller, ...shop.orders.map((pod) => urlOf(pod, path)));
      statuses.forEach((status, index) =>
        told.push(`${caller.node}->${shop.orders[index]?.node ?? ''} ${status}`),
      );
    }
    return told;
  }
  const every = (status: string): readonly string[] =>
    nodes.flatMap((from) => nodes.map((to) => `${from}->${to} ${status}`));
  const becomes = (path: string, status: string): Promise<unknown> =>
    until(
      `${path} is answered with ${status} on both nodes`,
      async () => (await answers(path)).join() === every(status).join(),
      patient,
    );

  const policy = (name: string, path: string, more: object = {}): Promise<unknown> =>
    api.apply(kinds.flowPolicies, {
      ...{ apiVersion: 'apidefense.dev/v1alpha1', kind: 'FlowPolicy' },
      metadata: { name, namespace: shop.namespace },
      spec: {
        ...{ mode: 'Enforce', action: { type: 'Block' }, match: { http: { paths: [path] } } },
        from: { peers: [{ workload: { kind: 'Deployment', name: 'web' } }] },
        to: { peers: [{ workload: { kind: 'Deployment', name: 'orders' } }] },
        ...more,
      },
    });
  const removePolicy = (name: string): Promise<void> =>
    api.remove(kinds.flowPolicies, { namespace: shop.namespace, name });
  async function conditions(name: string): Promise<readonly string[]> {
    const { raw } = await api.get(kinds.flowPolicies, { namespace: shop.namespace, name });
    return [
      ...listOf(fieldOf(raw['status'], 'conditions')).map((one) =>
        ['type', 'status', 'reason'].map((field) => textOf(fieldOf(one, field))).join(' '),
      ),
      `enforced ${textOf(fieldOf(raw['status'], 'enforced')) ?? ''}`,
    ];
  }
  const judged = (name: string, words: string): Promise<unknown> =>
    until(
      `${name} is ${words}`,
      async () => (await conditions(name).catch((): readonly string[] => [])).includes(words),
      patient,
    );

  const flows = (path: string): readonly FlowEvent[] =>
    toldFlows(watching.stdout()).filter(({ request }) => request?.path === path);

  /** What came of the calls that are made all the time: counts by answer, for each caller. */
  async function goingOn(from: ShopPod): Promise<Readonly<Record<string, number>>> {
    const sums: Record<string, number> = {};
    for (const [url, { counts }] of Object.entries(await shop.loads(from)))
      if (url.endsWith('/go-on'))
        for (const [status, count] of Object.entries(counts)) sums[status] = (sums[status] ?? 0) + count;
    return sums;
  }
  const statuses = async (from: ShopPod): Promise<readonly string[]> => Object.keys(await goingOn(from));
  async function goesOn(from: ShopPod): Promise<void> {
    const { '200': had = 0 } = await goingOn(from);
    await until(
      `${from.name} is served`,
      async () => ((await goingOn(from))['200'] ?? 0) > had + 50,
      patient,
    );
  }
  async function outcome(): Promise<string> {
    const callers = [...shop.web, ...shop.batch.slice(0, 1)];
    const sums = await Promise.all(callers.map((pod) => goingOn(pod)));
    return `inline ${JSON.stringify(sums.slice(0, -1))}, tapped ${JSON.stringify(sums.at(-1))}`;
  }

  const ready = (kind: 'Deployment' | 'DaemonSet'): Promise<unknown> =>
    until(`the ${kind} is rolled out`, async () => (await readiness(api, kind)).ready, patient);

  test('is installed by the verb: hub and agents run on both nodes', async () => {
    const beganMs = Date.now();
    const done = await cli.run(['install', '--image', image, '--yes']);
    expect(done, done.stderr).toMatchObject({ status: 0 });
    figure(`install took ${Date.now() - beganMs} ms`);
    expect((await readiness(api, 'Deployment')).sentence).toContain('2 of 2 replicas');
    expect((await readiness(api, 'DaemonSet')).sentence).toContain('2 of 2 nodes');
    for (const node of nodes) expect(await podsOf(api, 'hub', node)).toHaveLength(1);
  });

  test('flows of both nodes are seen through the API server, each once, with workloads and ServiceAccounts', async () => {
    watching = cli.start(['observe', '-f', '--connect', `cluster:${shop.namespace}`, '-o', 'ndjson']);
    await until(
      'the agents are heard',
      async () => {
        await answers('/warm-up');
        return new Set(flows('/warm-up').map(({ node }) => node)).size === 2;
      },
      patient,
    );
    const [one] = shop.web;
    const [here, there] = shop.orders;
    if (one === undefined || here === undefined || there === undefined) throw new Error('no shop');
    const service = await api.get({ ...kinds.services }, { namespace: shop.namespace, name: 'orders' });
    const address = textOf(fieldOf(service.raw['spec'], 'clusterIP')) ?? '';
    const cases: readonly (readonly [string, ShopPod, string, string])[] = [
      ['/same-node', one, urlOf(here, '/same-node'), 'web'],
      ['/other-node', one, urlOf(there, '/other-node'), 'web'],
      ['/cluster-ip', one, `http://${address}/cluster-ip`, 'web'],
      ['/service', one, 'http://orders/service', 'web'],
      ['/headless', one, 'http://orders-pods:8080/headless', 'web'],
      ['/batch', shop.batch[0] ?? one, urlOf(there, '/batch'), 'batch'],
    ];
    for (const [, from, url] of cases) expect(await shop.call(from, url)).toEqual(['200']);
    // The node's own network, from the other node: its address is the node's.
    expect(await shop.call(shop.host, urlOf(there, '/host'))).toEqual(['200']);
    await until(
      'all were told',
      () => [...cases.map(([path]) => path), '/host'].every((path) => flows(path).length > 0),
      patient,
    );
    for (const [path, , , workload] of cases) {
      const [flow, second] = flows(path);
      expect(second, path).toBeUndefined();
      expect(flow, path).toMatchObject({
        source: {
          kind: 'Deployment',
          namespace: shop.namespace,
          workload,
          principal: `sa:${shop.namespace}/${workload}`,
        },
        destination: { kind: 'Deployment', workload: 'orders', principal: `sa:${shop.namespace}/orders` },
        response: { status: 200 },
      });
    }
    expect(flows('/same-node')[0]?.node).toBe('n1');
    expect(flows('/other-node')[0]?.node).toBe('n2');
    figure(
      `a caller in the node's network is told as ${JSON.stringify(flows('/host').map(({ source }) => source))}`,
    );
  });

  test('an object refuses a path on both nodes, to nobody else, and says that it stands', async () => {
    expect(await answers('/admin/list')).toEqual(every('200'));
    await policy('no-admin', '/admin*');
    await becomes('/admin/list', '403');
    expect(await answers('/orders')).toEqual(every('200'));
    expect(await answers('/admin/list', shop.batch)).toEqual(every('200'));
    await judged('no-admin', 'Programmed True Programmed');
    expect(await conditions('no-admin')).toEqual([
      ...['Accepted True Accepted', 'Programmed True Programmed', 'Degraded False AsExpected'],
      ...['Expired False NoExpiry', 'enforced 2/2'],
    ]);
    await until(
      'the refusals were told of both nodes',
      () => {
        const refused = flows('/admin/list').filter(({ verdict }) => verdict.action === 'block');
        return new Set(refused.map(({ node }) => node)).size === 2;
      },
      patient,
    );
  });

  test('how soon: from the object to the refusal on both nodes, and from the start of a pod to its protection', async () => {
    const [caller] = shop.web;
    if (caller === undefined) throw new Error('no shop');
    const urls = shop.orders.map((pod) => urlOf(pod, '/drill'));
    await shop.load(caller, ...urls);
    const changed = async (status: string): Promise<readonly number[] | false> => {
      const loads = await shop.loads(caller);
      const last = urls.map((url) => loads[url]?.changes.at(-1));
      return last.every((change) => change?.status === status) && last.map((change) => change?.ms ?? 0);
    };
    await until('it is let through', () => changed('200'), patient);
    const took: number[] = [];
    for (let round = 0; round < rounds; round += 1) {
      const beganMs = Date.now();
      await policy('drill', '/drill');
      const times = await until('it is refused', () => changed('403'), patient);
      took.push(Math.max(...times) - beganMs);
      await removePolicy('drill');
      await until('it is let through again', () => changed('200'), patient);
    }
    figure(`apply to enforced on both nodes: ${spread(took)}`);

    const known = new Set(shop.orders.map(({ name }) => name));
    await shop.scale('orders', 4);
    const fresh = new Map<string, ShopPod>();
    await until(
      'two more pods have an address',
      async () => {
        for (const pod of await shop.podsOf('orders'))
          if (!known.has(pod.name) && pod.ip !== '' && !fresh.has(pod.name)) {
            fresh.set(pod.name, pod);
            await shop.load(caller, urlOf(pod, '/admin/new'));
          }
        return fresh.size === 2;
      },
      patient,
    );
    const protectedAt = await until(
      'they are protected',
      async () => {
        const loads = await shop.loads(caller);
        const last = [...fresh.values()].map((pod) => loads[urlOf(pod, '/admin/new')]?.changes.at(-1));
        return last.every((change) => change?.status === '403') && last.map((change) => change?.ms ?? 0);
      },
      patient,
    );
    const startedAt = await Promise.all([...fresh.values()].map((pod) => shop.startedMs(pod)));
    const loads = await shop.loads(caller);
    figure(
      `pod start to protected: ${spread(protectedAt.map((ms, index) => ms - (startedAt[index] ?? 0)))}; answers until then: ${JSON.stringify([...fresh.values()].map((pod) => loads[urlOf(pod, '/admin/new')]?.counts))}`,
    );
    await judged('no-admin', 'enforced 2/2');
  });

  test('what it costs: memory of agents and hub', async () => {
    for (const node of nodes) {
      const script = `for pid in $(pgrep -f "[a]pi_defense.js"); do echo $(tr '\\0' ' ' < /proc/$pid/cmdline | cut -d' ' -f3-4) $(awk '/^Rss|^Pss:/ {print $1 $2}' /proc/$pid/smaps_rollup); done`;
      figure(`${node} KiB: ${(await cluster.exec(node, 'sh', '-c', script)).trim().split('\n').join('; ')}`);
    }
  });

  test('traffic goes on when agents are killed, and they take their pods over again', async () => {
    const [one, two] = shop.web;
    const [batch] = shop.batch;
    if (one === undefined || two === undefined || batch === undefined) throw new Error('no shop');
    for (const pod of [one, two]) await shop.load(pod, ...shop.orders.map((to) => urlOf(to, '/go-on')));
    await shop.load(batch, ...shop.web.map((to) => urlOf(to, '/go-on')));
    for (const pod of [one, two, batch]) await goesOn(pod);
    await cluster.exec('n1', 'sh', '-c', 'pkill -KILL -f "[a]pi_defense.js agent"');
    for (const pod of [one, two, batch]) await goesOn(pod);
    await becomes('/admin/list', '403');
    await ready('DaemonSet');
    for (const pod of [one, two, batch]) await goesOn(pod);
    figure(`agent killed: ${await outcome()}`);
    // Where nothing is inline, nothing happened.
    expect(await statuses(batch)).toEqual(['200']);
  });

  test('a rolling update of the agents hands pods over', async () => {
    const [batch] = shop.batch;
    if (batch === undefined) throw new Error('no shop');
    const old = await podsOf(api, 'agent');
    const beganMs = Date.now();
    const template = { metadata: { annotations: { 'apidefense.dev/test': 'again' } } };
    await api.patch(
      kubeResource({ kind: 'DaemonSet' }),
      { namespace, name: names.agent },
      { spec: { template } },
    );
    const areNew = async (): Promise<boolean> => {
      const now = await podsOf(api, 'agent');
      return now.length === 2 && now.every((name) => !old.includes(name));
    };
    await until('other agents run', areNew, patient).catch(async (error: unknown) => {
      throw new Error(`The agents are ${await podStates(api)}; before: ${old.join(', ')}`, { cause: error });
    });
    await ready('DaemonSet');
    figure(`rolling update took ${Date.now() - beganMs} ms: ${await outcome()}`);
    await becomes('/admin/list', '403');
    expect(await statuses(batch)).toEqual(['200']);
  });

  test('a new object takes effect without a hub', async () => {
    const deployment = kubeResource({ kind: 'Deployment' });
    await api.patch(deployment, { namespace, name: names.hub }, { spec: { replicas: 0 } });
    await until('no hub runs', async () => (await podsOf(api, 'hub')).length === 0, patient);
    await policy('no-hub', '/without-hub');
    await becomes('/without-hub', '403');
    await api.patch(deployment, { namespace, name: names.hub }, { spec: { replicas: 2 } });
    await ready('Deployment');
    await judged('no-hub', 'Programmed True Programmed');
    await judged('no-hub', 'enforced 2/2');
  });

  test('without an API server what stands is enforced, and ends when it is to end', async () => {
    const expiresAt = new Date(Date.now() + 30_000).toISOString();
    await policy('short', '/short', { expiresAt });
    await becomes('/short', '403');
    await cluster.tell('kill', 'kube-apiserver');
    expect(await answers('/admin/list')).toEqual(every('403'));
    await becomes('/short', '200');
    expect(await answers('/admin/list')).toEqual(every('403'));
    await cluster.tell('start', 'kube-apiserver');
    await judged('short', 'Expired True Expired');
    await judged('no-admin', 'enforced 2/2');
    const had = flows('/after').length;
    await until(
      'flows are told again',
      async () => {
        await answers('/after');
        return flows('/after').length > had;
      },
      patient,
    );
  });

  test('what is blocked by the verb is undone by the verb', async () => {
    const where = ['--cluster', '-n', shop.namespace, '--yes'];
    const done = await cli.run(['block', 'from:web to:orders path:/verb*', ...where]);
    expect(done, done.stderr).toMatchObject({ status: 0 });
    await becomes('/verb/x', '403');
    const undone = await cli.run(['undo', ...where]);
    expect(undone, undone.stderr).toMatchObject({ status: 0 });
    await becomes('/verb/x', '200');
  });

  test('leaves nothing behind', async () => {
    watching.child.kill('SIGTERM');
    await watching.finished;
    const done = await cli.run(['uninstall', '--purge', '--yes']);
    expect(done, done.stderr).toMatchObject({ status: 0 });
    expect(await answers('/admin/list')).toEqual(every('200'));
    const after = await wholeState();
    for (const [name, text] of Object.entries(before)) expect(after[name], name).toBe(text);
  });
});
