// The agent on one machine: listeners -> data plane -> flow events -> detections -> window and feed; policy store -> snapshots.
// Only wiring: what a byte, a verdict or a finding means is decided in core, what a socket is in io.
import { randomBytes, randomInt } from 'node:crypto';
import { join } from 'node:path';
import { createDetector, type Detector } from '../../core/detect/engine.ts';
import { createFlowReader, type FlowAssemblerOptions } from '../../core/inspect/flow-event.ts';
import { createPolicyMask, type PolicyMask } from '../../core/mask/mask-policy.ts';
import { createMasker, type Masker } from '../../core/mask/masker.ts';
import type { ApiEvent } from '../../core/model/event.ts';
import type { ListenerConfig } from '../../core/model/identity.ts';
import type { EnforcementStatus, NodeStatus } from '../../core/model/node-status.ts';
import { createTakeover } from '../../core/model/takeover.ts';
import type { Policy } from '../../core/policy/schema.ts';
import type { PolicyStore, StoredPolicy } from '../../core/policy/store.ts';
import type { LocalAddress } from '../../io/feed/feed-address.ts';
import { startFeedServer, type FeedServer } from '../../io/feed/feed-server.ts';
import { startDataPlane, type DataPlane } from '../../io/kernel/data-plane.ts';
import type { PageAddress } from '../../io/metrics/page-server.ts';
import { openFolderStore } from '../../io/policies/folder-store.ts';
import { lastGoodFolder, openLastGood } from '../../io/policies/last-good.ts';
import { hiddenFolder } from '../../io/policies/policy-limits.ts';
import { startHealthServer } from '../../io/metrics/health-server.ts';
import { createAgentCounts, type AgentCounts } from './agent-counts.ts';
import { operate } from './agent-operations.ts';
import { createCleanup, type Cleanup } from './cleanup.ts';
import { helloOf, identitiesOf, windowMs } from './agent-words.ts';
import { createEventWindow, type EventWindow } from './event-window.ts';
import { createFlowIntake } from './flow-intake.ts';
import { emptyStore } from './memory-store.ts';
import { createLostDetails, type LostDetails } from './lost-details.ts';
import { createPolicyNotices } from './policy-notices.ts';
import { createPolicyEvents, type PolicyEvents } from './policy-events.ts';
import { createSnapshots, type Snapshots } from './snapshots.ts';
import { startNode, type RunningNode } from './node/node-agent.ts';
import { prepareNode, type NodeOptions, type PreparedNode } from './node/prepare-node.ts';
import type { Supervised } from './supervisor/marker.ts';
import { createTelemetry, type Telemetry } from './telemetry.ts';

/** How often moved policy counters and lost details are told, ms. */
const countersEveryMs = 1_000;
/** How often held-back counts of findings are told, ms. */
const findingsEveryMs = 5_000;
/** How long a stop lets requests under way finish, ms. */
const defaultDrainMs = 5_000;
/** Part of that time that subscribers have to take the last words, so that the stop as a whole keeps its deadline. */
const lastWordsShare = 0.1;

/** What an agent watches, enforces and tells. */
export interface AgentOptions {
  /** What is being watched, as shown in headers: `demo`, `web → api`. */
  readonly name: string;
  readonly listeners: readonly ListenerConfig[];
  /** Work in the pods of this node; then there are no listeners. */
  readonly node?: NodeOptions;
  /** Folder of FlowPolicy files; without one the agent only observes. */
  readonly policiesDirectory: string | undefined;
  /** Where last good versions of the folder's policies are kept for the next start; beside the undo journal when absent. */
  readonly stateDirectory?: string;
  /** Opens another store in place of the folder's; it has been read once when this resolves. */
  readonly openPolicies?: (onNotice: (sentence: string) => void) => Promise<PolicyStore>;
  readonly feed: LocalAddress;
  readonly feedToken?: string;
  /** Where Prometheus and health checks ask; nowhere when absent. */
  readonly metrics?: PageAddress;
  /** Where kubelet asks whether it lives and is ready; nowhere when absent. */
  readonly health?: PageAddress;
  /** Entry of the data plane's worker, as in DataPlaneOptions. */
  readonly worker?: URL;
  /** By whom, and which start this is; absent without a supervisor. */
  readonly supervised?: Supervised;
  /** How long detections with a baseline only learn, ms; their own default when absent. */
  readonly learningMs?: number;
  /** A sentence about the policy folder for whoever runs the agent: gone, back, a file rejected and why. */
  readonly onNotice?: (sentence: string) => void;
  /** Takes the feed to whoever else is to be served, such as a hub; returns how to end that. */
  readonly onFeed?: (server: FeedServer) => () => Promise<void>;
  /** What whoever watches should know about what is being watched; told with the status. */
  readonly notice?: () => string | undefined;
  /** A failure after the start; `fatal` when the worker ended by itself and nothing is forwarded any more. */
  readonly onFault: (error: Error, fatal: boolean) => void;
}

/** A running agent. */
export interface Agent {
  /** Real port of each listener, in the order given. */
  readonly ports: readonly number[];
  readonly feed: LocalAddress;
  /** With the real port; undefined when none was asked for. */
  readonly metrics: PageAddress | undefined;
  readonly health: PageAddress | undefined;
  /** The policy folder as it was read at the start. */
  readonly policies: { readonly inForce: number; readonly rejected: number };
  /** How the node stands; absent without one. */
  readonly node?: () => NodeStatus;
  /** Drain to the deadline, then close everything. Idempotent. */
  stop(drainMs?: number): Promise<void>;
}

const inForce = (store: PolicyStore): Policy[] =>
  store.entries().flatMap((entry) => (entry.type === 'valid' ? [entry.policy] : []));

function countsOf(entries: readonly StoredPolicy[]): Agent['policies'] {
  const valid = entries.flatMap((entry) => (entry.type === 'valid' ? [entry.policy] : []));
  return {
    inForce: valid.filter(({ spec }) => spec.mode !== 'Off').length,
    rejected: entries.filter((entry) => entry.type === 'rejected').length,
  };
}

/** The parts that events pass through, before and after there is a feed to tell. */
interface Hub {
  /** One key for traffic and policies: what a policy asks for stays equal to what a flow shows. */
  readonly masker: Masker;
  readonly policyMask: PolicyMask;
  readonly window: EventWindow;
  readonly policyEvents: PolicyEvents;
  readonly details: LostDetails;
  readonly counts: AgentCounts;
  server: FeedServer | undefined;
  readonly tell: (event: ApiEvent) => void;
}

function createHub(): Hub {
  const window = createEventWindow();
  const masker = createMasker(randomBytes(32));
  const policyMask = createPolicyMask(masker);
  const hub: Hub = {
    masker,
    policyMask,
    window,
    policyEvents: createPolicyEvents(policyMask),
    details: createLostDetails(),
    counts: createAgentCounts(),
    server: undefined,
    tell(event) {
      hub.counts.event(event);
      window.add(event);
      hub.server?.publish(event);
    },
  };
  return hub;
}

/** What every step of the start needs. */
interface Start {
  readonly options: AgentOptions;
  readonly store: PolicyStore;
  readonly hub: Hub;
  readonly cleanup: Cleanup;
  /** Prefix of flow ids. */
  readonly agent: string;
  readonly prepared: PreparedNode | undefined;
  readonly notice: (sentence: string) => void;
}

/** Where events go, and which policies they are about. */
interface Enforcing {
  plane?: DataPlane;
  node?: RunningNode;
}

/** Sketches hash with a seed that nobody outside can know, so that keys cannot be made to collide. */
function createSeededDetector(options: AgentOptions): Detector {
  return createDetector({
    seed: randomInt(2 ** 32),
    ...(options.learningMs === undefined ? {} : { learningMs: options.learningMs }),
  });
}

/** Who the numbers and addresses of a node's flows are. */
const wordsOf = ({ book, names }: PreparedNode): Pick<FlowAssemblerOptions, 'peer' | 'nameOf'> => ({
  peer: (index) => book.peer(index),
  nameOf: (address, atMs) => names.nameOf(address, atMs),
});

/** The data plane with everything that one finished exchange causes. */
function startPlane(start: Start, snapshots: Snapshots, enforcing: Enforcing): Promise<DataPlane> {
  const { options, hub, cleanup, prepared } = start;
  const detector = createSeededDetector(options);
  const flush = (): void => detector.flush().forEach((finding) => hub.tell(finding));
  const timer = setInterval(flush, findingsEveryMs);
  cleanup.add(() => {
    clearInterval(timer);
    flush();
  });
  const reader = createFlowReader({
    listeners: options.listeners,
    agent: start.agent,
    masker: hub.masker,
    describe: snapshots.describe,
    ...(prepared === undefined ? {} : wordsOf(prepared)),
  });
  return startDataPlane({
    listeners: options.listeners,
    snapshot: snapshots.current().buffer,
    ...(prepared === undefined ? {} : { directory: prepared.book.full() }),
    onExchange: createFlowIntake({ ...hub, reader, detector, feed: () => hub.server }),
    onLost: (where, count) => hub.tell({ type: 'lost', time: new Date().toISOString(), where, count }),
    onFault: options.onFault,
    onBeatFailed: (pod) => enforcing.node?.beatFailed(pod),
    onTap: (report) => enforcing.node?.hear(report),
    ...(options.worker === undefined ? {} : { worker: options.worker }),
    ...(options.supervised === undefined ? {} : { signOfLifeFd: options.supervised.signOfLifeFd }),
  });
}

/** The node on its worker; the order of the steps of the end is that of `RunningNode`. */
function startNodeOn({ hub, agent, notice }: Start, prepared: PreparedNode, joined: NodeJoint): RunningNode {
  return startNode(prepared, {
    ...{ plane: joined.plane, agent, tell: hub.tell },
    onNotice: notice,
    onHits: (hits) =>
      hits.forEach(({ policy, count }) => {
        hub.policyEvents.countRefused(policy, count, Date.now());
        hub.counts.refused(policy, count);
      }),
    onSettled: joined.tellPolicies,
  });
}

interface NodeJoint {
  readonly plane: DataPlane;
  readonly tellPolicies: () => void;
}

/** What is told of the policies whenever the store, a lifetime or the node has changed. */
function createPolicyTelling({ options, store, hub, notice }: Start, enforcing: Enforcing): () => void {
  const noticesOf = createPolicyNotices(options.policiesDirectory ?? '');
  return () => {
    const enforcementOf = (name: string): EnforcementStatus | undefined =>
      enforcing.node?.enforcementOf(name);
    hub.policyEvents.update(store.entries(), Date.now(), enforcementOf).forEach((event) => hub.tell(event));
    noticesOf(store.entries()).forEach(notice);
  };
}

/** Policies from the store into the data plane, now and at every change or expiry. */
async function startEnforcing(start: Start): Promise<Required<Pick<Enforcing, 'plane'>> & Enforcing> {
  const { store, hub, cleanup, prepared } = start;
  const enforcing: Enforcing = {};
  const tellPolicies = createPolicyTelling(start, enforcing);
  // With a node a policy is told when its rules stand (or why not); without one the snapshot is all there is.
  const refresh = async (): Promise<void> => {
    const policies = inForce(store);
    snapshots.replace(policies);
    if (enforcing.node === undefined) tellPolicies();
    else await enforcing.node.setPolicies(policies);
  };
  const snapshots = createSnapshots(inForce(store), {
    now: Date.now,
    install: (snapshot) => enforcing.plane?.setSnapshot(snapshot.buffer),
    told: (policy) => hub.policyMask.mask(policy),
    onExpiry: () => void refresh(),
  });
  cleanup.add(() => snapshots.close());
  const plane = await startPlane(start, snapshots, enforcing);
  enforcing.plane = plane;
  cleanup.add(() => enforcing.node?.stop());
  cleanup.add(() => plane.stop(cleanup.drainMs * (1 - lastWordsShare)));
  if (prepared !== undefined) enforcing.node = startNodeOn(start, prepared, { plane, tellPolicies });
  cleanup.add(() => enforcing.node?.stepAside());
  cleanup.add(store.onChange(() => void refresh()));
  // Tells what is in force, and catches a change between the first compile and the line above.
  await refresh();
  return { ...enforcing, plane };
}

/** What moved since the last time. */
function tellCounters(hub: Hub): void {
  const nowMs = Date.now();
  hub.policyEvents.moved(nowMs).forEach((event) => hub.tell(event));
  const lost = hub.details.taken(nowMs);
  if (lost) hub.tell(lost);
}

function startTelemetry({ options, store, hub, cleanup }: Start, { plane, node }: Enforced): Telemetry {
  const { listeners, notice } = options;
  const { policyEvents, counts } = hub;
  const telemetry = createTelemetry({
    plane,
    listeners,
    policyEvents,
    counts,
    feed: () => hub.server,
    unkept: () => store.unkept(),
    notice,
    node,
    restarts: options.supervised?.restarts,
  });
  cleanup.add(() => telemetry.close());
  return telemetry;
}

/** Loads the endpoint only where it is asked for. */
async function startMetrics(
  { options: { metrics }, cleanup }: Start,
  { figures, unwell }: Telemetry,
): Promise<PageAddress | undefined> {
  if (metrics === undefined) return undefined;
  const { startMetricsServer } = await import('../../io/metrics/metrics-server.ts');
  const server = await startMetricsServer({ address: metrics, figures, unwell });
  cleanup.add(() => server.close());
  return server.address;
}

/** Ready is a node whose pods have been taken over: an older agent may go then. */
async function startHealth(
  { options: { health }, cleanup }: Start,
  { unwell }: Telemetry,
  node: RunningNode | undefined,
): Promise<PageAddress | undefined> {
  if (health === undefined) return undefined;
  const takeover = createTakeover(performance.now());
  const unready = (): string | undefined => node && takeover(node.summary().pods, performance.now());
  const server = await startHealthServer({ address: health, unwell, unready });
  cleanup.add(() => server.close());
  return server.address;
}

function startFeed(
  { options, store, hub, agent }: Start,
  { node }: Enforced,
  { status }: Telemetry,
): Promise<FeedServer> {
  return startFeedServer({
    address: options.feed,
    ...(options.feedToken === undefined ? {} : { token: options.feedToken }),
    hello: () => helloOf(options),
    numbering: { epoch: agent, sequence: () => hub.window.sequence() },
    history: (sinceMs, last) => hub.window.history(Math.max(sinceMs ?? 0, Date.now() - windowMs), last),
    status,
    handle: (operation) =>
      operate(
        { store, status, mask: hub.policyMask, node: node && ((): NodeStatus => node.status()) },
        operation,
      ),
  });
}

type Enforced = Awaited<ReturnType<typeof startEnforcing>>;

/** With the node's tools, where there is a node. */
async function prepareStart(
  options: AgentOptions,
  parts: Pick<Start, 'store' | 'hub' | 'cleanup'>,
): Promise<Start> {
  const notice = (sentence: string): void => options.onNotice?.(parts.hub.policyMask.text(sentence));
  const prepared = options.node === undefined ? undefined : await prepareNode(options.node, notice);
  if (prepared !== undefined) parts.cleanup.add(() => prepared.close());
  return { options, ...parts, notice, prepared, agent: randomBytes(3).toString('hex') };
}

async function openStore(options: AgentOptions): Promise<PolicyStore> {
  const { openPolicies, policiesDirectory: directory, stateDirectory, onNotice } = options;
  if (openPolicies !== undefined) return openPolicies((sentence) => onNotice?.(sentence));
  if (directory === undefined) return emptyStore;
  const lastGood = await openLastGood({
    folder: lastGoodFolder(stateDirectory ?? join(directory, hiddenFolder)),
  });
  return openFolderStore({ directory, now: Date.now, lastGood });
}

/** Starts listening, judging and telling. Rejects with AppError when a port, folder or socket cannot be had; nothing stays behind. */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const cleanup = createCleanup(defaultDrainMs, () => performance.now());
  try {
    const store = await openStore(options);
    cleanup.add(() => store.close());
    const hub = createHub();
    identitiesOf(options.listeners).forEach((event) => hub.tell(event));
    const start = await prepareStart(options, { store, hub, cleanup });
    const enforcing = await startEnforcing(start);
    const { plane, node } = enforcing;
    const telemetry = startTelemetry(start, enforcing);
    const server = await startFeed(start, enforcing, telemetry);
    hub.server = server;
    // After the feed's end, so that the hub hears the last words as everybody does.
    const leaveHub = options.onFeed?.(server);
    cleanup.addFirst(() => server.close(cleanup.leftMs()));
    if (leaveHub !== undefined) cleanup.addFirst(leaveHub);
    const counters = setInterval(() => tellCounters(hub), countersEveryMs);
    cleanup.add(() => clearInterval(counters));
    const metrics = await startMetrics(start, telemetry);
    const health = await startHealth(start, telemetry, node);
    return {
      ports: plane.ports,
      feed: server.address,
      ...{ metrics, health },
      policies: countsOf(store.entries()),
      ...(node === undefined ? {} : { node: () => node.status() }),
      stop: (drainMs) => cleanup.run(drainMs),
    };
  } catch (error) {
    await cleanup.run(0);
    throw error;
  }
}
