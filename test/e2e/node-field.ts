// The real `agent --node` in a field of pods that call each other: several namespaces, two ports, both families, peers that nobody enrols and
// strangers outside. Policies change as whole sets, in one file. Everything is removed at the end.
import { mkdirSync, mkdtempSync, renameSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { stringify } from 'yaml';
import type { ApiEvent, FlowEvent } from '../../src/core/model/event.ts';
import type { FeedPort } from '../../src/core/model/feed-port.ts';
import type { NodeStatus } from '../../src/core/model/node-status.ts';
import type { NodeInventory } from '../../src/core/model/pod.ts';
import { parseInventory } from '../../src/core/plan/parse-inventory.ts';
import { nameOf } from '../../src/core/policy/policy-name.ts';
import type { Policy } from '../../src/core/policy/schema.ts';
import { parseFeedAddress } from '../../src/io/feed/feed-address.ts';
import { createLiveFeed } from '../../src/io/feed/live-feed.ts';
import { createCli, type Started } from '../helpers/cli.ts';
import { createNetnsLab, type Hands, type LabPod, type NetnsLab } from '../helpers/netns-lab.ts';
import { until } from '../helpers/until.ts';

/** Ports that everyone in the field serves. */
export const fieldPorts = [8080, 9090] as const;

/** Who is in the field; each is a Deployment of its name. */
export interface Cast {
  readonly name: string;
  readonly namespace: string;
  readonly labels?: Readonly<Record<string, string>>;
  /** `here`: a pod of the node; `free`: a peer that nobody enrols; `stranger`: in no inventory. */
  readonly place: 'here' | 'free' | 'stranger';
  /** Neither serves nor calls. */
  readonly idle?: boolean;
}

export interface Member extends Cast {
  readonly pod: LabPod;
  readonly caller: Hands;
  readonly server: Hands;
}

/** One request as the server itself noted it. */
export interface Served {
  readonly method: string;
  readonly url: string;
  readonly address: string;
  readonly port: number;
}

/** One answer as a caller had it. */
export interface Answered {
  /** 0 when there was none. */
  readonly status: number;
  readonly error: string;
  readonly body: string;
  readonly localPort: number;
}

export interface NodeField extends AsyncDisposable {
  readonly net: NetnsLab;
  readonly members: readonly Member[];
  readonly events: readonly ApiEvent[];
  /** The agents that were started, oldest first. */
  readonly agents: readonly Started[];
  member(name: string): Member;
  /** As the agent reads it now. */
  inventory(): NodeInventory;
  flows(): readonly FlowEvent[];
  start(...words: readonly string[]): Promise<Started>;
  /** Kills without a word, or as told. */
  end(agent: Started, signal?: 'SIGKILL' | 'SIGTERM'): Promise<number | null>;
  /** These policies and no others, in one replacement of one file; resolves when the newest agent has told of each that it stands, or why not. */
  set(policies: readonly Policy[]): Promise<void>;
  /** Writes the set without waiting. */
  write(policies: readonly Policy[]): void;
  /** Who is in the inventory from now on; `as` puts other addresses. */
  setInventory(change: {
    readonly without?: readonly string[];
    readonly as?: Readonly<Record<string, readonly string[]>>;
  }): void;
  /** A file of a namespace among those that agents watch. */
  link(pod: LabPod): void;
  unlink(pod: LabPod): void;
  status(): Promise<NodeStatus>;
  /** Connections that workers of the newest agent have accepted, as Prometheus is told. */
  accepted(): Promise<number>;
}

function replaceFile(path: string, text: string): void {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}

interface Running {
  readonly agent: Started;
  readonly feed: FeedPort;
  readonly metrics: string;
}

interface Field {
  readonly net: NetnsLab;
  readonly directory: string;
  readonly members: readonly Member[];
  readonly events: ApiEvent[];
  readonly running: Running[];
  policies: readonly Policy[];
  inventory: unknown;
}

const pathOf = ({ directory }: Field, name: string): string => join(directory, name);

const entryOf = ({ name, namespace, labels }: Cast, addresses: readonly string[]): unknown => ({
  name: `${name}-1`,
  namespace,
  workload: { kind: 'Deployment', name },
  serviceAccount: `${name}-sa`,
  addresses,
  ports: fieldPorts,
  ...(labels === undefined ? {} : { labels }),
});

function writeInventory(
  field: Field,
  { without = [], as = {} }: Parameters<NodeField['setInventory']>[0],
): void {
  const entries = (place: Cast['place']): readonly unknown[] =>
    field.members
      .filter((member) => member.place === place && !without.includes(member.name))
      .map((member) => entryOf(member, as[member.name] ?? [member.pod.ipv4, member.pod.ipv6]));
  field.inventory = { pods: entries('here'), peers: entries('free') };
  replaceFile(pathOf(field, 'pods.yaml'), stringify(field.inventory));
}

async function startAgent(
  field: Field,
  cli: ReturnType<typeof createCli>,
  words: readonly string[],
): Promise<Started> {
  const feedAddress = `unix:${pathOf(field, `feed-${field.running.length}.sock`)}`;
  const agent = cli.start([
    ...['agent', '--node', '--pods', pathOf(field, 'pods.yaml'), '--policies', pathOf(field, 'policies')],
    ...['--netns', pathOf(field, 'netns'), '--feed', feedAddress, '--name', 'field', '--drain', '2s'],
    ...['--metrics', '127.0.0.1:0', ...words],
  ]);
  const [, metrics = ''] = await agent.until(/^metrics at (\S+),/m);
  const feed = createLiveFeed({ address: parseFeedAddress(feedAddress) });
  feed.start((message) => {
    if (message.type === 'batch') field.events.push(...message.events);
  });
  field.running.push({ agent, feed, metrics });
  await agent.until(/^feed at /m);
  return agent;
}

function newest({ running }: Field): Running {
  const last = running.at(-1);
  if (last === undefined) throw new Error('no agent was started');
  return last;
}

function writeSet(field: Field, policies: readonly Policy[]): void {
  field.policies = policies;
  const path = join(pathOf(field, 'policies'), 'set.yaml');
  // An empty file would be refused as one that is not finished yet.
  if (policies.length === 0) rmSync(path, { force: true });
  else replaceFile(path, policies.map((policy) => stringify(policy)).join('---\n'));
}

const textsOf = (policies: readonly Policy[]): ReadonlyMap<string, string> =>
  new Map(policies.map((policy) => [nameOf(policy), JSON.stringify(policy)]));

/** Whether all that differs between two sets was told since. */
function isTold(field: Field, since: number, before: ReadonlyMap<string, string>): boolean {
  const now = textsOf(field.policies);
  const told = field.events.slice(since).filter((event) => event.type === 'policy');
  const stands = [...now].every(
    ([name, text]) =>
      before.get(name) === text ||
      told.some((event) => event.name === name && event.enforcement && event.enforcement.state !== 'pending'),
  );
  const gone = [...before.keys()].every(
    (name) => now.has(name) || told.some((event) => event.name === name && event.state === 'removed'),
  );
  return stands && gone;
}

async function setPolicies(field: Field, policies: readonly Policy[]): Promise<void> {
  const before = textsOf(field.policies);
  const since = field.events.length;
  writeSet(field, policies);
  const names = policies.map(nameOf).join(', ');
  await until(`the set of ${names || 'no policy'} is told`, () => isTold(field, since, before));
}

async function readAccepted(field: Field): Promise<number> {
  const text = await (await fetch(newest(field).metrics)).text();
  return Number(/^apidefense_connections_accepted_total (\d+)/m.exec(text)?.[1] ?? NaN);
}

function inventoryNow({ inventory }: Field): NodeInventory {
  const parsed = parseInventory(inventory);
  if (!parsed.ok) throw new Error(parsed.message);
  return parsed.inventory;
}

async function membersOf(net: NetnsLab, cast: readonly Cast[]): Promise<readonly Member[]> {
  const members = cast.map((each): Member => {
    const pod = net.pods[each.name]!;
    const server = net.start(pod, 'inline-server.mjs', ...fieldPorts.map(String));
    return { ...each, pod, server, caller: each.idle ? server : net.start(pod, 'node-caller.mjs') };
  });
  await Promise.all(
    members.flatMap(({ caller, server }) => [caller, server].map((one) => one.ask({ order: 'ready' }))),
  );
  return members;
}

async function build(
  net: NetnsLab,
  cast: readonly Cast[],
  cleanup: AsyncDisposableStack,
): Promise<NodeField> {
  const directory = mkdtempSync(join(tmpdir(), 'api-defense-field-'));
  cleanup.defer(() => rmSync(directory, { recursive: true, force: true }));
  for (const name of ['netns', 'policies']) mkdirSync(join(directory, name), { mode: 0o700 });
  const members = await membersOf(net, cast);
  const field: Field = { net, directory, members, events: [], running: [], policies: [], inventory: {} };
  const cli = createCli();
  cleanup.defer(async () => {
    for (const { feed } of field.running) await feed.close();
    await cli.close();
  });
  const fileOf = ({ name }: LabPod): string => join(directory, 'netns', name);
  const link = (pod: LabPod): void => symlinkSync(pod.path, fileOf(pod));
  for (const { pod, place } of members) if (place === 'here') link(pod);
  writeInventory(field, {});
  return {
    ...{ net, members, events: field.events, link },
    get agents() {
      return field.running.map(({ agent }) => agent);
    },
    member: (name) => members.find((one) => one.name === name)!,
    inventory: () => inventoryNow(field),
    flows: () => field.events.filter((event): event is FlowEvent => event.type === 'flow'),
    start: (...words) => startAgent(field, cli, words),
    async end(agent, signal = 'SIGKILL') {
      agent.child.kill(signal);
      return (await agent.finished).status;
    },
    set: (policies) => setPolicies(field, policies),
    write: (policies) => writeSet(field, policies),
    setInventory: (change) => writeInventory(field, change),
    unlink: (pod) => rmSync(fileOf(pod)),
    status: async () => (await newest(field).feed.request({ op: 'node' })) as NodeStatus,
    accepted: () => readAccepted(field),
    [Symbol.asyncDispose]: () => cleanup.disposeAsync(),
  };
}

/** Pods with what runs in them; no agent yet. */
export async function createNodeField(cast: readonly Cast[]): Promise<NodeField> {
  const cleanup = new AsyncDisposableStack();
  try {
    return await build(cleanup.use(createNetnsLab(cast.map(({ name }) => name))), cast, cleanup);
  } catch (error) {
    await cleanup.disposeAsync();
    throw error;
  }
}
