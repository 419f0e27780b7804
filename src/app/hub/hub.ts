// The hub: follows the cluster, takes its agents' streams, tells them who is who, serves people the one stream and, while it leads, writes conditions.
// Only wiring: what an address, a flow or a condition means is decided in core, what a socket is in io.
import { randomBytes } from 'node:crypto';
import { createClusterIdentity, type ClusterIdentity } from '../../core/identity/cluster-identity.ts';
import { createIdentityPublisher, type IdentityPublisher } from '../../core/identity/identity-publisher.ts';
import { hubAudience } from '../../core/install/names.ts';
import type { AgentStatus } from '../../core/model/feed-message.ts';
import type { LeaseTimes } from '../../core/lease/elector.ts';
import { addressIn, holderOf } from '../../core/lease/holder.ts';
import { bundleMark } from '../../core/trust/bundle-mark.ts';
import type { LocalAddress } from '../../io/feed/feed-address.ts';
import type { FeedServer } from '../../io/feed/feed-server.ts';
import type { AgentAdmission } from '../../io/hub/agent-entrance.ts';
import type { KubeApi } from '../../io/kube/api/kube-api.ts';
import type { DoorOptions } from '../../io/kube/door/door-options.ts';
import { kinds } from '../../io/kube/api/resource-kind.ts';
import { reviewToken } from '../../io/kube/api/token-review.ts';
import {
  watchCluster,
  type ClusterWatch,
  type ClusterWatchOptions,
} from '../../io/kube/cluster/cluster-watch.ts';
import { startLeaseElection, type LeaseElection } from '../../io/kube/lease/lease-election.ts';
import { trimJudged, type JudgedPolicy } from '../../io/kube/policies/policy-status-object.ts';
import { startReflector, type Reflector, type ReflectorState } from '../../io/kube/watch/reflector.ts';
import { createCleanup, type Cleanup } from '../agent/cleanup.ts';
import { programVersion } from '../program-version.ts';
import { admitAgent } from './admit-agent.ts';
import { createAgentLinks, type AgentLinks } from './agent-links.ts';
import { startConditionWriter, type ConditionWriter } from './condition-writer.ts';
import { openHubDoor, type HubDoor } from './hub-door.ts';
import { createHubFeed, type HubFeed } from './hub-feed.ts';
import { createHubStream, type HubStream } from './hub-stream.ts';
import { startLocalFeed, type LocalFeed } from './local-feed.ts';
import { createTokenCheck } from './token-check.ts';

/** What a hub is told. */
export interface HubOptions {
  readonly api: KubeApi;
  /** The one port: of agents, people and the other replica. */
  readonly listen: { readonly host: string; readonly port: number };
  /** The address by which other replicas reach that port; without one they do not carry people here. */
  readonly advertise?: string;
  /** Where terminals and verbs of this machine connect; nowhere when absent. */
  readonly feed?: LocalFeed;
  /** Whose pods are agents, and where Lease, Secret and ConfigMap lie. */
  readonly namespace: string;
  readonly agentAccount: string;
  /** Label of pods and namespaces that agents leave alone. */
  readonly optOut: ClusterWatchOptions['optOut'];
  readonly lease: string;
  /** Name of this replica, for people who read the Lease. */
  readonly name: string;
  readonly onNotice: (sentence: string) => void;
  /** Who was shown what, and who was not. */
  readonly audit: DoorOptions['audit'];
  readonly leaseTimes?: LeaseTimes;
  readonly trustLookMs?: number;
}

/** A running hub. */
export interface Hub {
  /** Where agents, people and the other replica connect. */
  readonly port: number;
  readonly feed: LocalAddress | undefined;
  /** Resolves when the cluster has been read once. */
  synced(): Promise<void>;
  readonly isLeader: () => boolean;
  readonly figures: () => HubFigures;
  stop(): Promise<void>;
}

/** What a hub knows of itself. */
export interface HubFigures {
  readonly agents: readonly string[];
  /** Agents that have exactly what this hub tells. */
  readonly current: number;
  readonly entries: number;
  readonly generation: number;
  readonly statusWrites: number;
}

/** Events are let go so often, ms: a tenth of what a merge waits for the other end. */
const releaseEveryMs = 100;

/** How long agents take to find a new leader, ms: twice their longest pause. */
const findLeaderMs = 60_000;

interface Parts {
  readonly options: HubOptions;
  readonly cleanup: Cleanup;
  readonly identity: ClusterIdentity;
  readonly publisher: IdentityPublisher;
  readonly startedMs: number;
  readonly stream: HubStream;
  readonly links: AgentLinks;
  readonly people: HubFeed;
  door: HubDoor | undefined;
  policies: readonly Reflector<JudgedPolicy>[];
  writer: ConditionWriter | undefined;
  cluster: ClusterWatch | undefined;
  election: LeaseElection | undefined;
  agentNodes: ReadonlySet<string>;
  /** Monotonic, ms. */
  leadingSinceMs: number;
  isSynced: boolean;
}

/** Conditions of these policies may be different. */
function lookAtNames({ policies, writer }: Parts, names: readonly string[] | undefined): void {
  if (names === undefined) writer?.look();
  else {
    const wanted = new Set(names);
    const all = policies.flatMap(({ items }) => [...items.values()]);
    writer?.look(all.filter(({ name }) => wanted.has(name)).map(({ uid }) => uid));
  }
}

function createParts(options: HubOptions): Parts {
  const identity = createClusterIdentity();
  const publisher = createIdentityPublisher(randomBytes(6).toString('hex'));
  const stream = createHubStream({
    ...{ identity, now: Date.now },
    onReports: (names) => lookAtNames(parts, names),
  });
  const links = createAgentLinks({
    ...{ publisher, isReady: () => parts.isSynced, onNotice: options.onNotice },
    resumeOf: (node) => stream.resumeOf(node),
    onHello: (node, hello) => stream.greet(node, hello),
    onBatch: (node, batch) => stream.take(node, batch),
    onStatus: (node, status) => stream.status(node, status),
    onAway: (node) => stream.away(node),
  });
  const parts: Parts = {
    ...{ options, identity, publisher, stream, links, startedMs: Date.now() },
    people: createHubFeed(stream.window, { status: () => statusOf(parts), nodes: () => stream.nodes() }),
    cleanup: createCleanup(1_000, () => performance.now()),
    ...{ door: undefined, policies: [], writer: undefined, cluster: undefined, election: undefined },
    ...{ agentNodes: new Set<string>(), isSynced: false, leadingSinceMs: 0 },
  };
  return parts;
}

/** What is new of who is who goes to all who wait for it. Before everything was read once it is half of the truth, and told to nobody. */
function publish({ identity, publisher, links, isSynced }: Parts): void {
  if (!isSynced) return;
  if (publisher.apply(identity.takeChanges()) !== undefined) links.changed();
}

type Outage = (kind: string, state: ReflectorState) => void;

/** Says once of each kind that it is not followed, and when it is again. */
function outages(onNotice: (sentence: string) => void): Outage {
  const away = new Set<string>();
  return (kind, { problem, since }) => {
    if (problem !== undefined && !away.has(kind))
      onNotice(
        `The ${kind} of the cluster are known as of ${new Date(since ?? 0).toISOString()}: ${problem.message} ${problem.hint}`,
      );
    if (problem === undefined && away.has(kind)) onNotice(`The ${kind} of the cluster are followed again.`);
    if (problem === undefined) away.delete(kind);
    else away.add(kind);
  };
}

const chance = { now: Date.now, random: Math.random };

function startCluster(parts: Parts, onState: Outage): ClusterWatch {
  const { options, identity, stream } = parts;
  const cluster = watchCluster({
    ...{ api: options.api, ...chance, onState, onNotice: options.onNotice },
    agents: { namespace: options.namespace, serviceAccount: options.agentAccount },
    optOut: options.optOut,
    onChanges(changes) {
      for (const change of changes) {
        identity.apply(change, Date.now());
        if (change.type === 'node-gone') stream.leave(change.name);
      }
      publish(parts);
    },
    onAgentNodes(nodes) {
      parts.agentNodes = nodes;
      parts.writer?.look();
    },
  });
  parts.cleanup.add(() => cluster.close());
  return cluster;
}

function followPolicies(parts: Parts, onState: Outage): readonly Reflector<JudgedPolicy>[] {
  return [kinds.flowPolicies, kinds.clusterFlowPolicies].map((resource) => {
    const reflector = startReflector<JudgedPolicy>({
      ...{ api: parts.options.api, resource, selection: {}, trim: trimJudged(resource), ...chance },
      onBatch: ({ added, changed, removed }) =>
        parts.writer?.look(
          [...added, ...removed, ...changed.map(({ after }) => after)].map(({ uid }) => uid),
        ),
      onState: (state) => onState(resource.plural, state),
    });
    parts.cleanup.add(() => reflector.close());
    return reflector;
  });
}

/** People's streams end with the leadership: they come again and are carried to whoever leads then. */
function changeLeader(parts: Parts, isLeader: boolean): void {
  const { options, door, writer } = parts;
  const { name, onNotice } = options;
  onNotice(isLeader ? `${name} leads and writes conditions.` : `${name} does not lead any more.`);
  parts.leadingSinceMs = performance.now();
  if (isLeader) writer?.look();
  else door?.endStreams('This replica of the hub does not lead any more; connect again.');
}

function startElection(parts: Parts, port: number): LeaseElection {
  const { options, cleanup } = parts;
  const { api, namespace, lease, name, advertise, onNotice, leaseTimes } = options;
  const address = advertise === undefined ? {} : { address: { host: advertise, port } };
  const election = startLeaseElection({
    ...{ api, namespace, name: lease, random: Math.random },
    self: holderOf({ name, start: randomBytes(4).toString('hex'), ...address }),
    onChange: (isLeader) => changeLeader(parts, isLeader),
    onProblem: (error) =>
      onNotice(`The Lease ${namespace}/${lease} cannot be held: ${error.message} ${error.hint}`),
    ...(leaseTimes === undefined ? {} : { times: leaseTimes }),
  });
  cleanup.add(() => election.close());
  return election;
}

/** A new leader does not judge before its agents have found it, or have had the time to. */
function isWhole({ agentNodes, links, leadingSinceMs }: Parts): boolean {
  const connected = new Set(links.nodes());
  return (
    [...agentNodes].every((node) => connected.has(node)) || performance.now() - leadingSinceMs > findLeaderMs
  );
}

/** Agents that another replica is to have. While nobody is known to lead they stay where they are. */
function letGo({ election, links }: Parts): void {
  if (election?.other() !== undefined) links.sendAway();
}

function startWriter(parts: Parts): ConditionWriter {
  const { options, stream, policies, cleanup } = parts;
  const writer = startConditionWriter({
    ...{ api: options.api, reports: stream.reports, ...chance, onProblem: options.onNotice },
    policies: function* () {
      for (const { items } of policies) yield* items.values();
    },
    policy: (uid) => policies.map(({ items }) => items.get(uid)).find((one) => one !== undefined),
    expected: () => [...parts.agentNodes],
    mayWrite: () => parts.isSynced && (parts.election?.isLeader() ?? false) && isWhole(parts),
  });
  cleanup.add(() => writer.close());
  return writer;
}

/** Whether an agent may come in, and into this replica. */
async function admitHere(
  { links, election }: Parts,
  token: string,
  who: Parameters<typeof admitAgent>[1],
): Promise<AgentAdmission> {
  const admission = await admitAgent(token, who);
  const other = election?.other();
  if (admission.type === 'agent' && other !== undefined)
    return { type: 'refused', status: 503, reason: `${other} leads and takes the agents; try again.` };
  if (admission.type === 'refused' || links.accepts(admission.agent)) return admission;
  const { node } = admission.agent;
  return { type: 'refused', status: 409, reason: `A later start of the agent on ${node} is connected.` };
}

function openDoor(parts: Parts, outage: Outage): Promise<HubDoor> {
  const { options, identity, links, people } = parts;
  const { api, listen, namespace, agentAccount, audit, onNotice, trustLookMs } = options;
  const who = {
    tokens: createTokenCheck({ review: (token) => reviewToken(api, token, hubAudience), now: Date.now }),
    serviceAccount: { namespace, name: agentAccount },
    pod: (uid: string) => identity.pod(uid),
  };
  const isLeader = (): boolean => parts.election?.isLeader() ?? false;
  return openHubDoor({
    ...{ api, namespace, listen, audit, onNotice, isLeader },
    ...(trustLookMs === undefined ? {} : { trustLookMs }),
    admit: (token) => admitHere(parts, token, who),
    onAgent: (socket, agent) => links.enter(socket, agent),
    feed: () => (isLeader() ? people.feed : undefined),
    leader: () => addressIn(parts.election?.other() ?? ''),
    isSynced: () => parts.isSynced,
    isAcknowledged: (bundle) => isWhole(parts) && links.trust(bundleMark(bundle)),
    onAuthenticationState: (state) => outage('certificates of the API server', state),
  });
}

function sentencesOf({ cluster, agentNodes, links }: Parts): readonly string[] {
  const since = cluster?.since();
  const connected = new Set(links.nodes());
  const missing = [...agentNodes].filter((node) => !connected.has(node));
  return [
    ...(since === undefined ? [] : [`The API server was last heard at ${new Date(since).toISOString()}.`]),
    ...(missing.length === 0
      ? []
      : [
          `Agents that are not connected: ${missing.slice(0, 5).join(', ')}${missing.length > 5 ? ` and ${missing.length - 5} more` : ''}.`,
        ]),
  ];
}

function statusOf(parts: Parts): AgentStatus {
  const { stream, startedMs } = parts;
  return stream.figures({ startedMs, version: programVersion(), sentences: sentencesOf(parts) });
}

/** Only where somebody asked for it. */
async function startFeed(parts: Parts): Promise<FeedServer | undefined> {
  const { options, stream, cleanup } = parts;
  if (options.feed === undefined) return undefined;
  const status = (): AgentStatus => statusOf(parts);
  const server = await startLocalFeed(options.feed, {
    window: stream.window,
    status,
    nodes: () => stream.nodes(),
  });
  cleanup.add(() => server.close());
  return server;
}

/** Everything that follows the API server; none of it waits for it. */
function startFollowing(parts: Parts, onState: Outage, port: number): Promise<void> {
  const cluster = startCluster(parts, onState);
  parts.cluster = cluster;
  parts.policies = followPolicies(parts, onState);
  parts.writer = startWriter(parts);
  parts.election = startElection(parts, port);
  return Promise.all([cluster.synced(), ...parts.policies.map((one) => one.synced())]).then(() => {
    parts.isSynced = true;
    publish(parts);
    parts.links.changed();
    parts.writer?.look();
  });
}

/** Begins to follow and to listen. Rejects with AppError when a port or socket cannot be had; nothing stays behind. */
export async function startHub(options: HubOptions): Promise<Hub> {
  const parts = createParts(options);
  const { cleanup, stream, links, publisher, people } = parts;
  const outage = outages(options.onNotice);
  try {
    const server = await startFeed(parts);
    const door = await openDoor(parts, outage);
    parts.door = door;
    cleanup.add(() => door.close());
    const synced = startFollowing(parts, outage, door.port);
    // Closed before: nobody waits for it any more.
    synced.catch(() => undefined);
    const timer = setInterval(() => {
      letGo(parts);
      stream.release((event) => {
        server?.publish(event);
        people.publish(event);
      });
    }, releaseEveryMs);
    cleanup.add(() => clearInterval(timer));
    return {
      ...{ port: door.port, feed: server?.address, synced: () => synced, stop: () => cleanup.run() },
      isLeader: () => parts.election?.isLeader() ?? false,
      figures: () => ({
        ...{ agents: links.nodes(), current: links.current(), entries: publisher.size() },
        ...{ generation: publisher.generation(), statusWrites: parts.writer?.writes() ?? 0 },
      }),
    };
  } catch (error) {
    await cleanup.run(0);
    throw error;
  }
}
