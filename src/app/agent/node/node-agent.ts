// A prepared node on a running worker: controller, places, taps and rounds joined, and what they tell turned into events. Only wiring.
import { gearOf, inlineMode } from '../../../core/model/abilities.ts';
import { AppError } from '../../../core/model/app-error.ts';
import type { ApiEvent } from '../../../core/model/event.ts';
import type { EnforcementStatus, NodeStatus, UnjudgedStatus } from '../../../core/model/node-status.ts';
import type { NodeSummary } from '../../../core/model/node-summary.ts';
import { unjudgedPlace } from '../../../core/model/event.ts';
import type { Peer } from '../../../core/model/identity.ts';
import type { LocalPod } from '../../../core/model/pod.ts';
import { createNamedStrangers } from '../../../core/inspect/flow-ends.ts';
import { createStrangers } from '../../../core/model/stranger.ts';
import { workloadKey } from '../../../core/model/workload-key.ts';
import { peerOfPod } from '../../../core/plan/directory.ts';
import { listenPort, refusalLogBytes } from '../../../core/plan/node-constants.ts';
import { listed } from '../../../core/plan/outcome.ts';
import {
  createEntryBlocks,
  createRefusingPolicy,
  type RefusingPolicy,
} from '../../../core/plan/refusing-policy.ts';
import type { PodPlan } from '../../../core/plan/node-plan.ts';
import type { Policy } from '../../../core/policy/schema.ts';
import type { DataPlane } from '../../../io/kernel/data-plane.ts';
import { meshOf } from '../../../io/kernel/node/mesh-in.ts';
import { closeNetns, type Netns } from '../../../io/kernel/node/netns.ts';
import { createLinkWatches } from '../../../io/kernel/node/link-watch.ts';
import { createRefusalLogs } from '../../../io/kernel/node/refusal-log.ts';
import { isFreeOrWait, stopWaiting } from '../../../io/kernel/node/waiting.ts';
import { handBack } from './hand-back.ts';
import { createKernelFlows, cutFlows, refusedEvents } from './kernel-flows.ts';
import type { PolicyHits } from './kernel-hits.ts';
import { createNamespaceIndex, type NamespaceIndex } from './namespace-index.ts';
import { NodeController } from './node-controller.ts';
import { createIdentities } from './node-identities.ts';
import { enforcementIn, nodeStatusOf, nodeSummaryOf, type StatusSources } from './node-status.ts';
import { startRounds, type RoundOptions } from './node-rounds.ts';
import { servedPorts } from './pod-cuts.ts';
import { handOverMs, PodGears } from './pod-gears.ts';
import { createPodInterfaces } from './pod-interfaces.ts';
import { createPodTaps, type PodTaps } from './pod-taps.ts';
import { createTapEvents } from './tap-events.ts';
import { createTapNarrowing, type TapNarrowing } from './tap-narrowing.ts';
import { learnNames } from './learn-names.ts';
import type { TapReport, ToldAttempt } from '../../../io/kernel/tap/tap-report.ts';
import type { EgressReport } from './pod-egress.ts';
import { Places, reasonOf, type Place } from './places.ts';
import type { PreparedNode } from './prepare-node.ts';

/** What the node is joined to. */
export interface NodeSurroundings {
  readonly plane: DataPlane;
  /** Prefix of flow ids. */
  readonly agent: string;
  readonly tell: (event: ApiEvent) => void;
  /** The kernel has refused so many openings. */
  readonly onHits: (hits: readonly PolicyHits[]) => void;
  /** What is enforced where may be another than before. */
  readonly onSettled: () => void;
  readonly onNotice: (sentence: string) => void;
}

/** A node at work. */
export interface RunningNode {
  /** Resolves when what the policies ask for stands, or the reasons why not are known. */
  setPolicies(policies: readonly Policy[]): Promise<void>;
  /** What became of a policy; `pending` until it was planned. */
  enforcementOf(policy: string): EnforcementStatus;
  status(): NodeStatus;
  /** The same in short, and quicker. */
  summary(): NodeSummary;
  openByPair(): Readonly<Record<string, number>>;
  /** What passed unjudged while no agent was there; quicker than all of `status`. */
  unjudged(): readonly UnjudgedStatus[];
  /** What taps told: names are learned, the rest becomes events. */
  hear(report: TapReport): void;
  /** The kernel refused this pod's heartbeat: see whose its rules are. */
  beatFailed(pod: string): void;
  /** New connections pass by from now on; those carried go on. Before the worker stops. */
  stepAside(): Promise<void>;
  /** Takes everything back. After the worker has stopped. */
  stop(): Promise<void>;
}

/** The parts, once they know each other. */
interface Joined extends StatusSources {
  readonly index: NamespaceIndex;
  readonly places: Places;
  readonly onRefused: (place: Place, report: EgressReport) => void;
  readonly narrowing: TapNarrowing;
}

/** Who has an address, as the directory has it now. */
function createWhoHas({ book }: PreparedNode): (address: string) => Peer {
  const strangerOf = createStrangers();
  return (address) => book.peer(book.peerOf(address)) ?? strangerOf(address);
}

/** As `createWhoHas`, with strangers called as DNS called them then. */
function createWhoWas({ book, names }: PreparedNode): (address: string, atMs: number) => Peer {
  const strangerOf = createNamedStrangers((address, atMs) => names.nameOf(address, atMs));
  return (address, atMs) => book.peer(book.peerOf(address)) ?? strangerOf(address, atMs);
}

function createPlaces(
  node: PreparedNode,
  around: NodeSurroundings,
  late: Late,
): { readonly index: NamespaceIndex; readonly places: Places } {
  const { kernel, options, book, abilities } = node;
  const { owner } = options;
  const mode = inlineMode(abilities);
  const ruleset = {
    ...{ ...owner, mode: mode ?? ('fwmark' as const), listenPort },
    ...{ ipv6: abilities.ipv6.ok, tproxy: abilities.tproxy.ok, logs: abilities.log.ok },
  };
  const openLog = abilities.log.ok ? createRefusalLogs(kernel, refusalLogBytes) : undefined;
  const mayRule = gearOf(abilities, 'kernel').ok || mode !== undefined;
  const { netnsDirectory: directory, procDirectory: proc } = options;
  const index = createNamespaceIndex(kernel, { directory, proc }, () => late.changed());
  const places = new Places({
    index,
    meshOf: (netns) => (mayRule ? meshOf(kernel, netns) : undefined),
    closing: (pod) => late.closing(pod),
    onFault: (pod, error) => around.onNotice(`${pod}: ${reasonOf(error)}.`),
    isFree: (pod) => inNetnsOf(index, pod, (netns) => isFreeOrWait(kernel, netns, owner)) ?? false,
    onLeft: () => late.changed(),
    onForgotten: (pod) =>
      around.onNotice(`${pod}: it is not among the pods any more; what is ours there is taken back.`),
    open: (pod, netns) =>
      new PodGears({
        ...{ pod, netns, kernel, owner, mode, ruleset, mayRule, openLog, plane: around.plane },
        lettingGo: (kept) => late.lettingGo(pod.id, kept),
        self: (now) => ({ peer: peerOfPod(now), index: book.peerOf(now.addresses[0] ?? '') }),
        onFault: (error) => around.onNotice(`${pod.id}: ${reasonOf(error)}.`),
      }),
  });
  return { index, places };
}

/** Works in the namespace of a pod that we do not hold; undefined while it has none. */
function inNetnsOf<T>(index: NamespaceIndex, pod: LocalPod, work: (netns: Netns) => T): T | undefined {
  const netns = index.open(pod);
  if (netns === undefined) return undefined;
  try {
    return work(netns);
  } finally {
    closeNetns(netns);
  }
}

/** Who was overtaken, and stops before who has overtaken it, waits for nothing any more. */
function waitNoMore({ kernel, options }: PreparedNode, { index, places }: Joined): void {
  for (const { left, pod } of places.all())
    try {
      if (left) inNetnsOf(index, pod, (netns) => stopWaiting(kernel, netns, options.owner));
    } catch (error) {
      // It is the newer one's table: what is left in it goes with that.
      if (!(error instanceof AppError)) throw error;
    }
}

const nobodyYet = (): Late => ({
  changed: () => undefined,
  closing: () => Promise.resolve(),
  lettingGo: () => Promise.resolve(),
});

/** What exists only after places do. */
interface Late {
  changed: () => void;
  closing: (pod: string) => Promise<void>;
  lettingGo: TapNarrowing['lettingGo'];
}

/** What rules and cuts did, as events. */
function createKernelTelling(
  node: PreparedNode,
  { agent, tell }: NodeSurroundings,
): Pick<RoundOptions, 'onCut' | 'onRefused' | 'onUnjudged'> {
  const flows = createKernelFlows({ agent, peerAt: createWhoWas(node) });
  return {
    onCut: (outcome) => cutFlows(flows, outcome, Date.now()).forEach(tell),
    onRefused({ pod }, report) {
      const of = { id: pod.id, peer: peerOfPod(pod) };
      refusedEvents(flows, of, { report, nowMs: Date.now() }).forEach(tell);
    },
    onUnjudged: (pod, count) =>
      tell({ type: 'lost', time: new Date().toISOString(), where: unjudgedPlace, count, pod }),
  };
}

function createTaps({ kernel, options }: PreparedNode, { plane, onNotice }: NodeSurroundings): PodTaps {
  const { netlink } = kernel;
  const interfaces = createPodInterfaces({ netlink, watchLinks: createLinkWatches(kernel) });
  return createPodTaps({ kernel, plane, interfaces, budgetBytes: options.tapBudgetBytes, onNotice });
}

function join(node: PreparedNode, around: NodeSurroundings): Joined {
  const { kernel, abilities, inventory, book, options } = node;
  const late = nobodyYet();
  const peerAt = createWhoHas(node);
  const telling = createKernelTelling(node, around);
  const { index, places } = createPlaces(node, around, late);
  const taps = createTaps(node, around);
  const narrowing = createTapNarrowing({ taps, now: () => performance.now(), onNotice: around.onNotice });
  const tellIdentities = createIdentities(around.tell);
  const controller = new NodeController({
    ...{ inventory, abilities, places, taps, book },
    now: Date.now,
    servedPorts: ({ gears }) => (gears === undefined ? [] : portsIn(kernel, gears.netns)),
    onDirectory: (update) => around.plane.setDirectory(update),
    onCut: telling.onCut,
    onSettled() {
      tellIdentities(controller.pods());
      around.onSettled();
    },
    onNotice: around.onNotice,
  });
  const rounds = startRounds({
    ...{ places, taps, narrowing },
    now: () => performance.now(),
    workloadAt: (address) => keyOf(peerAt(address).workload),
    onHits: around.onHits,
    clock: Date.now,
    ...telling,
    onNotice: around.onNotice,
    onInterfacesChanged: () => void controller.retap(),
    onHandedBack: (place) => handedBack(place, around, controller),
    onSuperseded: (place) => void superseded(place, { places, rounds, controller, ...telling }, around),
  });
  late.changed = () => void controller.reconcile();
  late.closing = (pod) => taps.remove(pod);
  late.lettingGo = (pod, kept) => narrowing.lettingGo(pod, kept);
  const { owner } = options;
  return { owner, abilities, index, places, taps, narrowing, controller, rounds, ...telling };
}

const keyOf = ({ namespace, kind, name }: LocalPod['workload']): string => workloadKey(namespace, kind, name);

const portsIn = (kernel: PreparedNode['kernel'], netns: Netns): readonly number[] =>
  [...servedPorts({ kernel, netns })].filter((port) => port !== listenPort).sort((a, b) => a - b);

function handedBack({ pod }: Place, { onNotice }: NodeSurroundings, controller: NodeController): void {
  onNotice(`${pod.id}: the newer start of this agent has left the pod; it is taken in again.`);
  void controller.reconcile();
}

/** What was refused at the source until now: from here on a newer start hears of it, or nobody. */
function tellLastRefused(
  place: Place,
  { onRefused }: Pick<RoundOptions, 'onRefused'>,
  { onNotice }: NodeSurroundings,
): void {
  const { gears, pod } = place;
  if (gears === undefined) return;
  try {
    onRefused(place, gears.lastRefused());
  } catch (error) {
    onNotice(`${pod.id}: ${reasonOf(error)}.`);
  }
}

/** What we carry in a pod that another start has now may end by itself. */
async function leave(
  place: Place,
  joined: Pick<Joined, 'places' | 'onRefused'>,
  around: NodeSurroundings,
): Promise<void> {
  tellLastRefused(place, joined, around);
  await joined.places.leave(place, handOverMs);
}

async function superseded(
  place: Place,
  joined: Pick<Joined, 'places' | 'rounds' | 'controller' | 'onRefused'>,
  around: NodeSurroundings,
): Promise<void> {
  around.onNotice(`${place.pod.id}: a newer start of this agent has taken the pod over.`);
  await leave(place, joined, around);
  // At once, so that the newer one knows that we wait, should it stop soon.
  joined.rounds.look(place);
  await joined.controller.reconcile();
}

async function handedOver(...[place, joined, around]: Parameters<typeof leave>): Promise<void> {
  around.onNotice(`${place.pod.id}: an earlier start of this agent has taken the pod back.`);
  await leave(place, joined, around);
}

/** Remembers the index of each plan that it was asked about, as long as the plan stands. */
function createRefusals(places: Places): (attempt: ToldAttempt) => string | undefined {
  const known = new WeakMap<PodPlan, RefusingPolicy>();
  const blocksAt = createEntryBlocks();
  return ({ pod, id }) => {
    const plan = places.get(pod)?.gears?.plan;
    if (plan === undefined) return undefined;
    let refusing = known.get(plan);
    if (refusing === undefined) known.set(plan, (refusing = createRefusingPolicy(plan.kernel, blocksAt)));
    const { inbound, clientAddress, serverAddress, serverPort } = id;
    return refusing.of({
      inbound,
      remote: inbound ? clientAddress : serverAddress,
      port: serverPort,
    });
  };
}

/** What taps tell, in the order in which it is to be taken: names before the flows that they are for. */
function createHearing(
  { book, names }: PreparedNode,
  { agent, tell, onNotice }: NodeSurroundings,
  { places, taps, narrowing, controller }: Joined,
): RunningNode['hear'] {
  const eventsOf = createTapEvents({
    agent,
    peerOf: (index) => book.peer(index),
    nameOf: (address, atMs) => names.nameOf(address, atMs),
    policyOf: createRefusals(places),
  });
  return (report) => {
    learnNames(report, names);
    eventsOf(report, Date.now()).forEach(tell);
    for (const { type, pod } of report.items) if (type === 'widened') narrowing.forget(pod);
    const gone = report.items.filter((item) => item.type === 'gone');
    for (const { pod, error, interfaceName } of gone) {
      taps.lost(pod, interfaceName);
      if (error !== undefined) onNotice(`error: ${pod} is not tapped any more: ${error}`);
    }
    if (gone.length > 0) void controller.reconcile();
  };
}

/** Who stops an agent takes its rules back; where that opens what was closed, it is said. */
function tellLapsing(places: Places, { onNotice }: NodeSurroundings): void {
  const closed = places
    .all()
    .flatMap(({ gears }) => gears?.plan.inline ?? [])
    .filter(({ failure }) => failure === 'Closed')
    .flatMap(({ policies }) => policies);
  const names = [...new Set(closed)];
  if (names.length > 0)
    onNotice(`with this stop ports of ${listed(names)} (failure: Closed) let everybody through`);
}

async function stepAside(place: Place, joined: Joined, around: NodeSurroundings): Promise<void> {
  const { gears, pod } = place;
  if (gears === undefined) return;
  tellLastRefused(place, joined, around);
  try {
    await gears.stepAside();
    joined.rounds.count(place);
  } catch (error) {
    around.onNotice(`${pod.id}: ${reasonOf(error)}.`);
  }
}

/** Puts a prepared node to work; nothing is enforced before `setPolicies`. */
export function startNode(node: PreparedNode, around: NodeSurroundings): RunningNode {
  const joined = join(node, around);
  const { places, controller, rounds } = joined;
  let stopping = false;
  return {
    setPolicies: (policies) => controller.setPolicies(policies),
    enforcementOf: (policy) => enforcementIn(joined, policy),
    status: () => nodeStatusOf(joined),
    summary: () => nodeSummaryOf(joined),
    openByPair: () => rounds.openByPair(),
    unjudged: () => rounds.unjudged(),
    hear: createHearing(node, around, joined),
    beatFailed(pod) {
      // Its ports lapse now; what passes by is the tap's.
      joined.narrowing.forget(pod);
      const place = places.get(pod);
      if (place !== undefined && !stopping) rounds.look(place);
    },
    async stepAside() {
      stopping = true;
      rounds.stop();
      await controller.stop();
      waitNoMore(node, joined);
      joined.index.close();
      await handBack(places.all(), {
        onTaken: (place) => handedOver(place, joined, around),
        onNotice: around.onNotice,
        now: () => performance.now(),
      });
      tellLapsing(places, around);
      for (const place of places.all()) await stepAside(place, joined, around);
    },
    async stop() {
      for (const sentence of await places.release(0)) around.onNotice(`error: ${sentence}.`);
    },
  };
}
