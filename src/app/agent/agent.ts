// The agent on one machine: listeners -> data plane -> flow events -> detections -> window and feed; policy store -> snapshots.
// Only wiring: what a byte, a verdict or a finding means is decided in core, what a socket is in io.
import { randomBytes, randomInt } from 'node:crypto';
import { createDetector, type Detector } from '../../core/detect/engine.ts';
import { createFlowReader } from '../../core/inspect/flow-event.ts';
import { createPolicyMask, type PolicyMask } from '../../core/mask/mask-policy.ts';
import { createMasker, type Masker } from '../../core/mask/masker.ts';
import type { ApiEvent } from '../../core/model/event.ts';
import type { ListenerConfig } from '../../core/model/identity.ts';
import type { FlowPolicy } from '../../core/policy/schema.ts';
import type { PolicyStore, StoredPolicy } from '../../core/policy/store.ts';
import type { FeedAddress } from '../../io/feed/feed-address.ts';
import { startFeedServer, type FeedServer } from '../../io/feed/feed-server.ts';
import { startDataPlane, type DataPlane } from '../../io/kernel/data-plane.ts';
import { openFolderStore } from '../../io/policies/folder-store.ts';
import { operate } from './agent-operations.ts';
import { createCleanup, type Cleanup } from './cleanup.ts';
import { helloOf, identitiesOf, statusOf, windowMs } from './agent-words.ts';
import { createEventWindow, type EventWindow } from './event-window.ts';
import { createFlowIntake } from './flow-intake.ts';
import { emptyStore } from './memory-store.ts';
import { createLostDetails, type LostDetails } from './lost-details.ts';
import { createPolicyNotices } from './policy-notices.ts';
import { createPolicyEvents, type PolicyEvents } from './policy-events.ts';
import { createSnapshots, type Snapshots } from './snapshots.ts';

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
  /** Folder of FlowPolicy files; without one the agent only observes. */
  readonly policiesDirectory: string | undefined;
  readonly feed: FeedAddress;
  readonly feedToken?: string;
  /** How long detections with a baseline only learn, ms; their own default when absent. */
  readonly learningMs?: number;
  /** A sentence about the policy folder for whoever runs the agent: gone, back, a file rejected and why. */
  readonly onNotice?: (sentence: string) => void;
  /** What whoever watches should know about what is being watched; told with the status. */
  readonly notice?: () => string | undefined;
  /** A failure after the start; `fatal` when the worker ended by itself and nothing is forwarded any more. */
  readonly onFault: (error: Error, fatal: boolean) => void;
}

/** A running agent. */
export interface Agent {
  /** Real port of each listener, in the order given. */
  readonly ports: readonly number[];
  readonly feed: FeedAddress;
  /** The policy folder as it was read at the start. */
  readonly policies: { readonly inForce: number; readonly rejected: number };
  /** Drain to the deadline, then close everything. Idempotent. */
  stop(drainMs?: number): Promise<void>;
}

const inForce = (store: PolicyStore): FlowPolicy[] =>
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
    server: undefined,
    tell(event) {
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
}

/** Sketches hash with a seed that nobody outside can know, so that keys cannot be made to collide. */
function createSeededDetector(options: AgentOptions): Detector {
  return createDetector({
    seed: randomInt(2 ** 32),
    ...(options.learningMs === undefined ? {} : { learningMs: options.learningMs }),
  });
}

/** The data plane with everything that one finished exchange causes. */
function startPlane({ options, hub, cleanup }: Start, snapshots: Snapshots): Promise<DataPlane> {
  const detector = createSeededDetector(options);
  const flush = (): void => detector.flush().forEach((finding) => hub.tell(finding));
  const timer = setInterval(flush, findingsEveryMs);
  cleanup.add(() => {
    clearInterval(timer);
    flush();
  });
  const reader = createFlowReader({
    listeners: options.listeners,
    agent: randomBytes(3).toString('hex'),
    masker: hub.masker,
    describe: snapshots.describe,
  });
  return startDataPlane({
    listeners: options.listeners,
    snapshot: snapshots.current().buffer,
    onExchange: createFlowIntake({ ...hub, reader, detector, feed: () => hub.server }),
    onLost: (where, count) => hub.tell({ type: 'lost', time: new Date().toISOString(), where, count }),
    onFault: options.onFault,
  });
}

/** Policies from the store into the data plane, now and at every change or expiry. */
async function startEnforcing(start: Start): Promise<DataPlane> {
  const { options, store, hub, cleanup } = start;
  const enforcing: { plane?: DataPlane } = {};
  const refresh = (): void => {
    snapshots.replace(inForce(store));
    hub.policyEvents.update(store.entries(), Date.now()).forEach((event) => hub.tell(event));
    noticesOf(store.entries()).forEach((sentence) => options.onNotice?.(hub.policyMask.text(sentence)));
  };
  const noticesOf = createPolicyNotices(options.policiesDirectory ?? '');
  const snapshots = createSnapshots(inForce(store), {
    now: Date.now,
    install: (snapshot) => enforcing.plane?.setSnapshot(snapshot.buffer),
    told: (policy) => hub.policyMask.mask(policy),
    onExpiry: refresh,
  });
  cleanup.add(() => snapshots.close());
  const started = await startPlane(start, snapshots);
  enforcing.plane = started;
  cleanup.add(() => started.stop(cleanup.drainMs * (1 - lastWordsShare)));
  cleanup.add(store.onChange(refresh));
  // Tells what is in force, and catches a change between the first compile and the line above.
  refresh();
  return started;
}

/** What moved since the last time. */
function tellCounters(hub: Hub): void {
  const nowMs = Date.now();
  hub.policyEvents.moved(nowMs).forEach((event) => hub.tell(event));
  const lost = hub.details.taken(nowMs);
  if (lost) hub.tell(lost);
}

async function startFeed({ options, store, hub }: Start, plane: DataPlane): Promise<FeedServer> {
  const startedMs = Date.now();
  const status = (): ReturnType<typeof statusOf> =>
    statusOf({
      plane: plane.stats(),
      listeners: options.listeners,
      startedMs,
      policies: hub.policyEvents.summary(),
      notice: options.notice?.(),
    });
  return startFeedServer({
    address: options.feed,
    ...(options.feedToken === undefined ? {} : { token: options.feedToken }),
    hello: () => helloOf(options.name, options.listeners, options.policiesDirectory !== undefined),
    history: (sinceMs, last) => hub.window.history(Math.max(sinceMs ?? 0, Date.now() - windowMs), last),
    status,
    handle: (operation) => operate({ store, status, mask: hub.policyMask }, operation),
  });
}

/** Starts listening, judging and telling. Rejects with AppError when a port, folder or socket cannot be had; nothing stays behind. */
export async function startAgent(options: AgentOptions): Promise<Agent> {
  const cleanup = createCleanup(defaultDrainMs, () => performance.now());
  try {
    const store =
      options.policiesDirectory === undefined
        ? emptyStore
        : await openFolderStore({ directory: options.policiesDirectory, now: Date.now });
    cleanup.add(() => store.close());
    const hub = createHub();
    identitiesOf(options.listeners).forEach((event) => hub.tell(event));
    const start: Start = { options, store, hub, cleanup };
    const plane = await startEnforcing(start);
    const server = await startFeed(start, plane);
    hub.server = server;
    cleanup.addFirst(() => server.close(cleanup.leftMs()));
    const counters = setInterval(() => tellCounters(hub), countersEveryMs);
    cleanup.add(() => clearInterval(counters));
    return {
      ports: plane.ports,
      feed: server.address,
      policies: countsOf(store.entries()),
      stop: (drainMs) => cleanup.run(drainMs),
    };
  } catch (error) {
    await cleanup.run(0);
    throw error;
  }
}
