// The hub as its pod starts it: the program with the command line and the rights that install gives, twice. It serves agents, and people through the
// aggregated API of a real API server; its authority is rotated under both; the replica that leads is killed.
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { connect, createServer } from 'node:net';
import { once } from 'node:events';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { expect, onTestFinished, test } from 'vitest';
import { hubArguments } from '../../src/core/install/hub-objects.ts';
import { caFile, names, ports } from '../../src/core/install/names.ts';
import { addressIn } from '../../src/core/lease/holder.ts';
import type { KubeApi } from '../../src/io/kube/api/kube-api.ts';
import { fieldOf, listOf, textOf, textsOf } from '../../src/io/kube/api/kube-object.ts';
import { kinds } from '../../src/io/kube/api/resource-kind.ts';
import { createCli, type Started } from '../helpers/cli.ts';
import { sampleEndpoint, sampleFlow } from '../helpers/sample-flow.ts';
import { describeUnless } from '../helpers/unless.ts';
import { until } from '../helpers/until.ts';
import { makePerson } from './hub-door.ts';
import { applyStages, installOptions } from './install-objects.ts';
import { allow, clientOf, testKinds } from './kube-clients.ts';
import { labCluster, type Cluster } from './lab/cluster.ts';
import { startInsideRelay } from './lab/inside-relay.ts';
import type { LabFacts } from './lab/lab-process.ts';
import { startLab } from './lab/preparations.ts';
import { noLab, prepared } from './lab/shared-cluster.ts';
import { kubeconfigOf, makePod, tokenOf } from './paper-pods.ts';
import { agentOf, serviceOf, type SimulatedAgent } from './simulated-agents.ts';
import { watchAs } from './watch-as.ts';

const namespace = 'apidefense-system';
const shop = 'default';

/** A replica that runs, and what takes the API server to it. */
interface Replica {
  readonly name: string;
  readonly port: number;
  readonly program: Started;
  /** As the kubelet finds its pod ready, and as it does not any more. */
  readonly setReady: (isReady: boolean) => Promise<unknown>;
}

/** The arguments of the pod, with what kubelet puts in; the port is any that is free, since both run on one machine. */
const commandLine = hubArguments(installOptions({})).map((argument) =>
  argument.replace('$(POD_IP)', '127.0.0.1').replace(`:${ports.hub}`, ':0'),
);

/** A unix socket that leads to a port of this machine: the relay inside of the lab reaches files alone. */
async function socketTo(port: number, path: string): Promise<void> {
  const server = createServer((outer) => {
    const inner = connect(port, '127.0.0.1');
    outer.on('error', () => inner.destroy()).on('close', () => inner.destroy());
    inner.on('error', () => outer.destroy()).on('close', () => outer.destroy());
    outer.pipe(inner).pipe(outer);
  }).listen(path);
  await once(server, 'listening');
  onTestFinished(() => void server.close());
}

async function reachable(api: KubeApi, facts: LabFacts, { path, name }: { path: string; name: string }) {
  const relay = await startInsideRelay(facts, path);
  onTestFinished(() => relay[Symbol.asyncDispose]());
  return (isReady: boolean): Promise<unknown> =>
    api.apply(testKinds.endpointSlices, {
      ...{ apiVersion: 'discovery.k8s.io/v1', kind: 'EndpointSlice', addressType: 'IPv4' },
      metadata: { name, namespace, labels: { 'kubernetes.io/service-name': names.hub } },
      endpoints: isReady ? [{ addresses: [relay.ip], conditions: { ready: true } }] : [],
      ports: [{ name: 'https', port: relay.port, protocol: 'TCP' }],
    });
}

describeUnless(noLab)('two replicas of the program', () => {
  test('serve agents and people, rotate their authority under them, and go on when the one that leads is killed', async () => {
    await using lab = await startLab('api', prepared);
    const cluster: Cluster = labCluster(lab.facts, prepared.packages);
    const api = clientOf(cluster);
    onTestFinished(() => api.close());
    const folder = mkdtempSync(join(tmpdir(), 'apidefense-program-'));
    onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
    const options = installOptions({ hub: { replicas: 0, tolerations: [] } });
    await applyStages(api, options, ['namespace', 'definitions', 'rights', 'state']);
    // No kubelet runs here: the pods of the Deployment are what follows.
    await applyStages(api, options, ['hub', 'aggregated-api']);
    const env = {
      KUBECONFIG: await kubeconfigOf(api, { folder, namespace, account: names.hub }),
      POD_NAMESPACE: namespace,
      POD_IP: '127.0.0.1',
    };
    const cli = createCli();
    onTestFinished(() => cli.close());

    const start = async (name: string): Promise<Replica> => {
      const program = cli.start(commandLine, { ...env, POD_NAME: name });
      const [, port = ''] = await program.until(/agents and people connect at port (\d+)/);
      const path = join(folder, `${name}.sock`);
      await socketTo(Number(port), path);
      const place = await reachable(api, lab.facts, { path, name });
      return { name, port: Number(port), program, setReady: place };
    };
    const replicas = [await start('hub-a'), await start('hub-b')] as const;
    for (const { program, setReady } of replicas) {
      await program.until(/the cluster has been read/);
      await program.until(/A certificate of the internal CA is shown/);
      await setReady(true);
    }
    const holder = async (): Promise<string> => {
      const { raw } = await api.get(kinds.leases, { namespace, name: names.hub });
      return textOf(fieldOf(raw['spec'], 'holderIdentity')) ?? '';
    };
    const isOf = ({ name }: Replica, held: string): boolean => held.startsWith(`${name}_`);
    const first = await holder();
    const [leader, follower] = isOf(replicas[0], first) ? replicas : ([replicas[1], replicas[0]] as const);
    expect(addressIn(first)).toEqual({ host: '127.0.0.1', port: leader.port });
    await until('the API server takes the hub in', async () => {
      const { raw } = await api.get(kinds.apiServices, { name: names.apiService });
      return listOf(fieldOf(raw['status'], 'conditions')).some(
        (one) => fieldOf(one, 'type') === 'Available' && fieldOf(one, 'status') === 'True',
      );
    });

    // Agents of two nodes; each has its own copy of the authority, as kubelet mounts it.
    const bundle = async (): Promise<string> => {
      const { raw } = await api.get(kinds.configMaps, { namespace, name: names.ca });
      return textsOf(raw['data'])[caFile] ?? '';
    };
    const mounted = (node: string): string => join(folder, `${node}.crt`);
    const service = await serviceOf(...replicas);
    const agents: SimulatedAgent[] = [];
    for (const [index, node] of ['n1', 'n2'].entries()) {
      await api.create(kinds.nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name: node } });
      const pod = await makePod(api, `agent-${node}`, { namespace, node, ip: `10.90.${index}.1` });
      writeFileSync(mounted(node), await bundle());
      const agent = await agentOf(node, await tokenOf(api, pod, { namespace }), {
        namespace,
        caFile: mounted(node),
      });
      agent.dial(service);
      agents.push(agent);
    }
    const say = (id: string, of: SimulatedAgent | undefined): void =>
      of?.feed.say(
        sampleFlow({
          ...{ id, time: new Date().toISOString() },
          ...{ source: sampleEndpoint('web', shop), destination: sampleEndpoint('api', shop) },
        }),
      );
    await until('both agents are told of each other', () =>
      agents.every(({ peers }) => peers().some((id) => id.startsWith(`${namespace}/agent-`))),
    );

    // A person who reaches the replica that does not lead alone is carried to the one that does.
    await leader.setReady(false);
    const { user, target } = await makePerson(cluster, api, { namespace: shop, name: 'viewer' });
    const group = 'live.apidefense.dev';
    await allow(api, shop, { user, apiGroups: [group], resources: ['flows'], verbs: ['watch'] });
    const seen = watchAs(target, shop);
    await until('it is connected', () => seen.states().length > 0);
    expect(seen.states()[0]).toMatch(/^connected /);
    say('one-1', agents[0]);
    say('two-1', agents[1]);
    const ids = (): readonly string[] =>
      seen.events().flatMap((event) => (event.type === 'flow' ? [event.id] : []));
    await until('flows of both nodes came', () => ['one-1', 'two-1'].every((id) => ids().includes(id)));
    const line = expect.stringContaining(`"user":"${user}","verb":"watch","resource":"flows"`) as string;
    expect(leader.program.stdout().split('\n')).toContainEqual(line);
    expect(follower.program.stdout()).toBe('');
    await leader.setReady(true);

    // The authority is two thirds through its life: the next one stands beside it until every agent has said that it trusts both.
    const secret = await api.get(kinds.secrets, { namespace, name: names.ca });
    const before = textsOf(secret.raw['data']);
    const longAgo = Buffer.from('2020-01-01T00:00:00.000Z').toString('base64');
    await api.patch(kinds.secrets, { namespace, name: names.ca }, { data: { 'ca.not-before': longAgo } });
    const kept = async (): Promise<Readonly<Record<string, string>>> =>
      textsOf((await api.get(kinds.secrets, { namespace, name: names.ca })).raw['data']);
    const twoLong = await until('the next authority is published', async () => {
      const text = await bundle();
      return text.split('BEGIN CERTIFICATE').length === 3 && text;
    });
    writeFileSync(mounted('n1'), twoLong);
    const [connectedSoFar, noticesSoFar] = [
      seen.states().length,
      agents.map(({ notices }) => notices.length),
    ];
    // One of the two agents does not know it yet.
    expect((await kept())['ca.crt']).toBe(before['ca.crt']);
    writeFileSync(mounted('n2'), twoLong);
    await until('the next authority signs', async () => (await kept())['ca.crt'] !== before['ca.crt'], 4_000);
    for (const { program } of replicas)
      await until(
        'each shows a certificate of it',
        () => {
          const shown = program.stderr().match(/A certificate of the internal CA is shown/g) ?? [];
          return shown.length === 2;
        },
        4_000,
      );
    // Nobody's stream ended by that.
    say('one-2', agents[0]);
    await until('it goes on', () => ids().includes('one-2'));
    expect(seen.states()).toHaveLength(connectedSoFar);
    expect(agents.map(({ notices }) => notices.length)).toEqual(noticesSoFar);
    const later = watchAs(target, shop);
    await until('who comes now is let in', () => later.states().length > 0);
    expect(later.states()[0]).toMatch(/^connected /);

    // The one that leads is killed: the other one leads, agents and people find it.
    leader.program.child.kill('SIGKILL');
    await leader.program.finished;
    await leader.setReady(false);
    await until('the other one leads', async () => isOf(follower, await holder()), 4_000);
    await until(
      'agents have found it',
      () => {
        say('one-3', agents[0]);
        say('two-3', agents[1]);
        return ['one-3', 'two-3'].every((id) => ids().includes(id));
      },
      4_000,
    );
    expect(seen.states().at(-1)).toMatch(/^connected /);
    // With the rights that install gives nothing was refused to it.
    for (const { program } of replicas) expect(program.stderr()).not.toMatch(/may not|KUBE_FORBIDDEN/);
    follower.program.child.kill('SIGTERM');
    expect((await follower.program.finished).status).toBe(0);
  });
});
