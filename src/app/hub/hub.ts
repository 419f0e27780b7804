// The hub: follows the cluster, takes its agents' streams, tells them who is who, serves the one stream and, while it leads, writes conditions.
// Only wiring: what an address, a flow or a condition means is decided in core, what a socket is in io.
import { randomBytes } from 'node:crypto';
import { createClusterIdentity, type ClusterIdentity } from '../../core/identity/cluster-identity.ts';
import { createIdentityPublisher, type IdentityPublisher } from '../../core/identity/identity-publisher.ts';
import { hubAudience } from '../../core/install/names.ts';
import { AppError } from '../../core/model/app-error.ts';
import type { AgentStatus, Operation } from '../../core/model/feed-message.ts';
import type { LeaseTimes } from '../../core/lease/elector.ts';
import type { LocalAddress } from '../../io/feed/feed-address.ts';
import { startFeedServer, type FeedServer } from '../../io/feed/feed-server.ts';
import type { FeedSocket } from '../../io/feed/live-connection.ts';
import { openAgentDoor, type AgentDoor, type AgentDoorOptions } from '../../io/hub/agent-door.ts';
import type { KubeApi } from '../../io/kube/api/kube-api.ts';
import { kinds } from '../../io/kube/api/resource-kind.ts';
import { reviewToken } from '../../io/kube/api/token-review.ts';
import { watchCluster, type ClusterWatch } from '../../io/kube/cluster/cluster-watch.ts';
import { startLeaseElection, type LeaseElection } from '../../io/kube/lease/lease-election.ts';
import { trimJudged, type JudgedPolicy } from '../../io/kube/policies/policy-status-object.ts';
import { startReflector, type Reflector, type ReflectorState } from '../../io/kube/watch/reflector.ts';
import { helloOf, windowMs } from '../agent/agent-words.ts';
import { createCleanup, type Cleanup } from '../agent/cleanup.ts';
import { programVersion } from '../program-version.ts';
import { admitAgent } from './admit-agent.ts';
import { createAgentLinks, type AgentLinks } from './agent-links.ts';
import { startConditionWriter, type ConditionWriter } from './condition-writer.ts';
import { createHubStream, type HubStream } from './hub-stream.ts';
import { createTokenCheck } from './token-check.ts';

/** What a hub is told. */
export interface HubOptions {
  readonly api: KubeApi;
  /** Where agents connect. */
  readonly listen: Pick<AgentDoorOptions, 'host' | 'port' | 'tls'>;
  /** Where terminals and verbs of this machine connect. */
  readonly feed: LocalAddress;
  readonly feedToken?: string;
  /** Whose pods are agents, and where the Lease lies. */
  readonly namespace: string;
  readonly agentAccount: string;
  readonly lease: string;
  /** Name of this replica, for people who read the Lease. */
  readonly name: string;
  readonly onNotice: (sentence: string) => void;
  readonly leaseTimes?: LeaseTimes;
}

/** A running hub. */
export interface Hub {
  /** Where agents connect. */
  readonly port: number;
  readonly feed: LocalAddress;
  /**
   * Serves the one stream on a socket that somebody else accepted and admitted: the whole of it, so whoever calls decides that it may be seen.
   * Call it in the turn in which the socket opened.
   */
  serveViewer(socket: FeedSocket): void;
  setCertificate(tls: AgentDoorOptions['tls']): void;
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
  stream: HubStream;
  links: AgentLinks;
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
    cleanup: createCleanup(1_000, () => performance.now()),
    ...{ policies: [], writer: undefined, cluster: undefined, election: undefined },
    ...{ agentNodes: new Set<string>(), isSynced: false, leadingSinceMs: 0 },
  };
  return parts;
}

/** What is new of who is who goes to all who wait for it. Before everything was read once it is half of the truth, and told to nobody. */
function publish({ identity, publisher, links, isSynced }: Parts): void {
  if (!isSynced) return;
  if (publisher.apply(identity.takeChanges()) !== undefined) links.changed();
}

/** Says once of each kind that it is not followed, and when it is again. */
function outages(onNotice: (sentence: string) => void): (kind: string, state: ReflectorState) => void {
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

function startCluster(parts: Parts, onState: (kind: string, state: ReflectorState) => void): ClusterWatch {
  const { options, identity, stream } = parts;
  const cluster = watchCluster({
    ...{ api: options.api, ...chance, onState, onNotice: options.onNotice },
    agents: { namespace: options.namespace, serviceAccount: options.agentAccount },
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

function followPolicies(
  parts: Parts,
  onState: (kind: string, state: ReflectorState) => void,
): readonly Reflector<JudgedPolicy>[] {
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

function startElection(parts: Parts): LeaseElection {
  const { options, cleanup } = parts;
  const { api, namespace, lease, name, onNotice, leaseTimes } = options;
  const election = startLeaseElection({
    ...{
      api,
      namespace,
      name: lease,
      self: `${name}_${randomBytes(4).toString('hex')}`,
      random: Math.random,
    },
    onChange(isLeader) {
      onNotice(isLeader ? `${name} leads and writes conditions.` : `${name} does not lead any more.`);
      parts.leadingSinceMs = performance.now();
      if (isLeader) parts.writer?.look();
    },
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

function openDoor(parts: Parts): Promise<AgentDoor> {
  const { options, identity, links } = parts;
  const { api, listen, namespace, agentAccount } = options;
  const tokens = createTokenCheck({ review: (token) => reviewToken(api, token, hubAudience), now: Date.now });
  const who = {
    tokens,
    serviceAccount: { namespace, name: agentAccount },
    pod: (uid: string) => identity.pod(uid),
  };
  return openAgentDoor({
    ...listen,
    isReady: () => parts.isSynced,
    async admit(token) {
      const admission = await admitAgent(token, who);
      const other = parts.election?.other();
      if (admission.type === 'agent' && other !== undefined)
        return { type: 'refused', status: 503, reason: `${other} leads and takes the agents; try again.` };
      if (admission.type === 'refused' || links.accepts(admission.agent)) return admission;
      const { node } = admission.agent;
      return { type: 'refused', status: 409, reason: `A later start of the agent on ${node} is connected.` };
    },
    onAgent: (socket, agent) => links.enter(socket, agent),
  });
}

function refuse({ op }: Operation): Promise<never> {
  return Promise.reject(
    new AppError({
      code: 'HUB_READ_ONLY',
      family: 'denied',
      message: `The hub does not carry out ${op}: it may write the status of policies and nothing else.`,
      hint: 'Write FlowPolicy objects with your own rights: kubectl apply -f FILE.',
    }),
  );
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

function startFeed(parts: Parts): Promise<FeedServer> {
  const { options, stream, startedMs } = parts;
  const status = (): AgentStatus =>
    stream.figures({ startedMs, version: programVersion(), sentences: sentencesOf(parts) });
  return startFeedServer({
    address: options.feed,
    ...(options.feedToken === undefined ? {} : { token: options.feedToken }),
    hello: () => helloOf({ name: 'cluster', listeners: [], policiesDirectory: undefined, node: true }),
    numbering: { epoch: randomBytes(6).toString('hex'), sequence: () => stream.window.sequence() },
    history: (sinceMs, last) => stream.window.history(Math.max(sinceMs ?? 0, Date.now() - windowMs), last),
    status,
    handle: (operation) => (operation.op === 'status' ? Promise.resolve(status()) : refuse(operation)),
  });
}

/** Everything that follows the API server; none of it waits for it. */
function startFollowing(parts: Parts): Promise<void> {
  const onState = outages(parts.options.onNotice);
  const cluster = startCluster(parts, onState);
  parts.cluster = cluster;
  parts.policies = followPolicies(parts, onState);
  parts.writer = startWriter(parts);
  parts.election = startElection(parts);
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
  const { cleanup, stream, links, publisher } = parts;
  try {
    const server = await startFeed(parts);
    cleanup.add(() => server.close());
    const synced = startFollowing(parts);
    // Closed before: nobody waits for it any more.
    synced.catch(() => undefined);
    const door = await openDoor(parts);
    cleanup.add(() => door.close());
    const timer = setInterval(() => {
      letGo(parts);
      stream.release((event) => server.publish(event));
    }, releaseEveryMs);
    cleanup.add(() => clearInterval(timer));
    return {
      ...{
        port: door.port,
        feed: server.address,
        serveViewer: (socket) => server.attach(socket),
        setCertificate: (tls) => door.setCertificate(tls),
      },
      synced: () => synced,
      isLeader: () => parts.election?.isLeader() ?? false,
      figures: () => ({
        ...{ agents: links.nodes(), current: links.current(), entries: publisher.size() },
        ...{ generation: publisher.generation(), statusWrites: parts.writer?.writes() ?? 0 },
      }),
      stop: () => cleanup.run(),
    };
  } catch (error) {
    await cleanup.run(0);
    throw error;
  }
}
