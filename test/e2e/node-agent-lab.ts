// The real `agent --node` in the pods of a lab: two callers, a service and a pod that is no business of policies, the pods' file and a policy
// folder, and the agent's events by the real verb. Everything is removed at the end.
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { ApiEvent, FlowEvent, PolicyEvent } from '../../src/core/model/event.ts';
import type { NodeStatus } from '../../src/core/model/node-status.ts';
import type { Policy } from '../../src/core/policy/schema.ts';
import type { FeedPort } from '../../src/core/model/feed-port.ts';
import { parseFeedAddress } from '../../src/io/feed/feed-address.ts';
import { createLiveFeed } from '../../src/io/feed/live-feed.ts';
import { createCli, type Started } from '../helpers/cli.ts';
import { createNetnsLab, type Hands, type LabPod, type NetnsLab } from '../helpers/netns-lab.ts';
import { until } from '../helpers/until.ts';
import type { Answer, Served } from './inline-lab.ts';
import { nameOf } from '../../src/core/policy/policy-name.ts';

/** Who is in the lab; each is a Deployment of its name in namespace `shop`. */
export const labNames = ['web', 'orders', 'scanner', 'ledger'] as const;
type Name = (typeof labNames)[number];

export interface NodeAgentLab extends AsyncDisposable {
  readonly net: NetnsLab;
  readonly pods: Readonly<Record<Name, LabPod>>;
  readonly callers: Readonly<Record<Exclude<Name, 'orders'>, Hands>>;
  readonly server: Hands;
  /** Everything that agents told, in order; those of a later start behind those of an earlier one. */
  readonly events: readonly ApiEvent[];
  /** The running agents, oldest first. */
  readonly agents: readonly Started[];
  flows(): readonly FlowEvent[];
  /** One more agent; resolves when it says that it watches. */
  start(...words: readonly string[]): Promise<Started>;
  stop(agent: Started): Promise<number | null>;
  /** Puts a policy into the folder; resolves when the newest agent has told of it. */
  put(policy: Policy): Promise<PolicyEvent>;
  remove(name: string): Promise<PolicyEvent>;
  /** The inventory without these pods, and with what is added. */
  setPods(change: { readonly without?: readonly Name[]; readonly add?: readonly unknown[] }): void;
  /** The pods' file as this text. */
  writePods(text: string): void;
  /** One more file for a pod's namespace, and its end. */
  showAs(name: Name, file: string): void;
  hide(file: string): void;
  status(): Promise<NodeStatus>;
  get(
    from: Exclude<Name, 'orders'>,
    path: string,
    order?: Readonly<Record<string, unknown>>,
  ): Promise<Answer>;
  served(): Promise<readonly Served[]>;
}

/** A policy on whoever calls `orders`. */
export function policyOn(name: string, spec: Partial<Policy['spec']>): Policy {
  return {
    apiVersion: 'apidefense.dev/v1alpha1',
    kind: 'FlowPolicy',
    metadata: { name, namespace: 'shop' },
    spec: {
      mode: 'Enforce',
      from: { peers: [{ workload: { kind: 'Deployment', name: 'scanner' } }] },
      to: { peers: [{ workload: { kind: 'Deployment', name: 'orders' } }] },
      action: { type: 'Block' },
      failure: 'Open',
      ...spec,
    },
  };
}

/** A pod as its file has it. */
export const podEntry = (name: string, addresses: readonly string[], ports?: readonly number[]): unknown => ({
  name: `${name}-1`,
  namespace: 'shop',
  workload: { kind: 'Deployment', name },
  serviceAccount: name,
  addresses,
  ...(ports === undefined ? {} : { ports }),
});

/** What the lab has on disk. */
interface Files {
  readonly directory: string;
  readonly netns: string;
  readonly policies: string;
  readonly pods: string;
}

function createFiles(net: NetnsLab): Files {
  const directory = mkdtempSync(join(tmpdir(), 'api-defense-node-'));
  const [netns, policies, feeds] = ['netns', 'policies', 'feeds'].map((name) => join(directory, name));
  for (const each of [netns, policies, feeds]) mkdirSync(each ?? '', { mode: 0o700 });
  for (const [name, pod] of Object.entries(net.pods)) symlinkSync(pod.path, join(netns ?? '', name));
  return { directory, netns: netns ?? '', policies: policies ?? '', pods: join(directory, 'pods.yaml') };
}

/** As an editor that writes whole files does. */
function replaceFile(path: string, text: string): void {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}

const fileOf = (files: Files, name: string): string => join(files.policies, `${name.replace('/', '.')}.yaml`);

interface Agents {
  readonly events: ApiEvent[];
  readonly running: { readonly agent: Started; readonly feed: FeedPort }[];
  started: number;
}

async function build(net: NetnsLab, cleanup: AsyncDisposableStack): Promise<NodeAgentLab> {
  const files = createFiles(net);
  cleanup.defer(() => rmSync(files.directory, { recursive: true, force: true }));
  const cli = createCli();
  const agents: Agents = { events: [], running: [], started: 0 };
  cleanup.defer(async () => {
    for (const { feed } of agents.running) await feed.close();
    await cli.close();
  });
  const pods = net.pods as NodeAgentLab['pods'];
  const entries = (without: readonly string[] = []): readonly unknown[] =>
    labNames
      .filter((name) => !without.includes(name))
      .map((name) =>
        podEntry(name, [pods[name].ipv4, pods[name].ipv6], name === 'orders' ? [8080, 9090] : undefined),
      );
  const setPods: NodeAgentLab['setPods'] = ({ without, add = [] }) =>
    replaceFile(files.pods, stringify({ pods: [...entries(without), ...add] }));
  setPods({});
  const server = net.start(pods.orders, 'inline-server.mjs', '8080', '9090');
  const callers = {
    web: net.start(pods.web, 'inline-client.mjs'),
    scanner: net.start(pods.scanner, 'inline-client.mjs'),
    ledger: net.start(pods.ledger, 'inline-client.mjs'),
  };
  await Promise.all([server, ...Object.values(callers)].map((each) => each.ask({ order: 'ready' })));
  const start = async (...words: readonly string[]): Promise<Started> => {
    const feedAddress = `unix:${join(files.directory, 'feeds', `${++agents.started}.sock`)}`;
    const agent = cli.start([
      ...['agent', '--node', '--pods', files.pods, '--policies', files.policies, '--netns', files.netns],
      ...['--feed', feedAddress, '--name', 'lab', '--drain', '2s', ...words],
    ]);
    await agent.until(/^feed at /m);
    const feed = createLiveFeed({ address: parseFeedAddress(feedAddress) });
    feed.start((message) => {
      if (message.type === 'batch') agents.events.push(...message.events);
    });
    agents.running.push({ agent, feed });
    return agent;
  };
  const toldOf = (name: string, since: number, states: readonly string[]): Promise<PolicyEvent> =>
    until(`the agent tells of ${name}`, () =>
      agents.events
        .slice(since)
        .find(
          (event): event is PolicyEvent =>
            event.type === 'policy' &&
            event.name === name &&
            states.includes(event.state) &&
            event.enforcement?.state !== 'pending',
        ),
    );
  const newest = (): Agents['running'][number] => {
    const last = agents.running.at(-1);
    if (last === undefined) throw new Error('no agent was started');
    return last;
  };
  return {
    ...{ net, pods, callers, server, start, setPods, events: agents.events },
    get agents() {
      return agents.running.map(({ agent }) => agent);
    },
    flows: () => agents.events.filter((event): event is FlowEvent => event.type === 'flow'),
    writePods: (text) => replaceFile(files.pods, text),
    showAs: (name, file) => symlinkSync(pods[name].path, join(files.netns, file)),
    hide: (file) => rmSync(join(files.netns, file)),
    async stop(agent) {
      agent.child.kill('SIGTERM');
      return (await agent.finished).status;
    },
    async put(policy) {
      const name = nameOf(policy);
      const since = agents.events.length;
      replaceFile(fileOf(files, name), stringify(policy));
      return toldOf(name, since, ['active', 'shadow', 'off', 'rejected', 'expired']);
    },
    async remove(name) {
      const since = agents.events.length;
      rmSync(fileOf(files, name));
      return toldOf(name, since, ['removed']);
    },
    status: async () => (await newest().feed.request({ op: 'node' })) as NodeStatus,
    get: async (from, path, order = {}) =>
      (await callers[from].ask({
        ...{ order: 'get', host: pods.orders.ipv4, port: 8080, path },
        ...order,
      })) as Answer,
    served: async () => (await server.ask({ order: 'log' })) as readonly Served[],
    [Symbol.asyncDispose]: () => cleanup.disposeAsync(),
  };
}

/** Pods, service and callers, no agent yet. */
export async function createNodeAgentLab(): Promise<NodeAgentLab> {
  const cleanup = new AsyncDisposableStack();
  try {
    return await build(cleanup.use(createNetnsLab([...labNames])), cleanup);
  } catch (error) {
    await cleanup.disposeAsync();
    throw error;
  }
}
