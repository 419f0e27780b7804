// Runs the data plane inside its worker: opens the listeners, builds the plane, turns the loop, answers main. What a conversation is and what
// a snapshot means comes in as `Brain`. No promise or timer runs here once the loop does.
import { receiveMessageOnPort } from 'node:worker_threads';
import { AppError } from '../../core/model/app-error.ts';
import { assertNever } from '../../core/model/assert-never.ts';
import { createDirectory, type DirectoryUpdate } from '../../core/model/directory.ts';
import type { Exchange } from '../../core/model/exchange.ts';
import { createClaims } from './claims.ts';
import { createDetailBudget } from './detail-budget.ts';
import { createEpoll } from './epoll.ts';
import { createExplicitService } from './explicit-service.ts';
import { isFatal, stranded } from './fatal.ts';
import { createRingWriter } from './event-ring.ts';
import { createExchangeEncoder } from './exchange-codec.ts';
import { createIdentity, type Identity } from './identity.ts';
import { loadLibc, type Libc } from './libc.ts';
import { createLoop, type Loop } from './loop.ts';
import { createNetnsDoor } from './node/netns.ts';
import { createBlockPool } from './pending.ts';
import { refuseOwnUpstream } from './own-upstream.ts';
import type { Plane } from './plane.ts';
import { attachError, createPods, type Pods } from './pods.ts';
import { createReadBatch, readsPerInput } from './read-batch.ts';
import { createRedirected } from './redirected.ts';
import { askForShortSlice } from './scheduling.ts';
import type { Service } from './service.ts';
import { viewStats } from './shared-stats.ts';
import { createSignOfLife } from './sign-of-life.ts';
import { connectionCapacity, createShares } from './shares.ts';
import { createSockets, type Sockets } from './socket.ts';
import { toSocketAddress } from './socket-address.ts';
import { createTapPods, type TapPods, type WatchingBrain } from './tap/tap-pods.ts';
import { createTimerWheel } from './timer-wheel.ts';
import type { FailureWords, FromWorker, ToWorker, WorkerSetup } from './worker-message.ts';

/** Bugs of ours reported one by one; later ones are only counted. */
const reportedFaults = 20;
/** Resolution and horizon of the deadlines: 100 ms and 102 s. */
const wheelTickMs = 100;
const wheelSlots = 1024;
/** Bytes of the buffer that our own answers are written from. */
const scratchBytes = 64 * 1024;

/** What makes connections clever. */
export interface Brain {
  /** The conversation of a new connection. */
  readonly converse: Plane['converse'];
  /** Another policy snapshot is in force from the next event on, with what has changed in the directory. */
  readonly replaceSnapshot: (buffer: SharedArrayBuffer, directory?: DirectoryUpdate) => void;
  /** Absent: everybody is a stranger (an empty directory). */
  readonly identity?: Identity;
  /** The directory has changed; connections ask again who they are of. */
  readonly replaceDirectory?: (update: DirectoryUpdate) => void;
  /** How pods are tapped; absent: not at all. */
  readonly watching?: WatchingBrain;
}

const post = (setup: WorkerSetup, message: FromWorker): void => setup.port.postMessage(message);

interface Events {
  /** `nowMs` never jumps. */
  readonly observe: (exchange: Exchange, nowMs: number) => void;
  /** Wake main if it sleeps and something was written since. */
  readonly wake: () => void;
}

function createEvents(setup: WorkerSetup): Events {
  const encoder = createExchangeEncoder(createRingWriter(setup.ring));
  const budget = createDetailBudget(setup.limits);
  let wakeWanted = false;
  return {
    observe(exchange, nowMs) {
      budget.apply(exchange, nowMs);
      if (encoder.encode(exchange)) wakeWanted = true;
    },
    wake() {
      if (!wakeWanted) return;
      wakeWanted = false;
      post(setup, { type: 'wake' });
    },
  };
}

function createPlane(
  { limits, stats }: WorkerSetup,
  parts: Pick<Plane, 'libc' | 'sockets' | 'converse' | 'identity' | 'observe'>,
): Plane {
  const { libc, sockets } = parts;
  const openFiles = sockets.openFilesLimit();
  const monotonicMs = performance.now();
  const epoll = createEpoll(libc, limits.eventsPerPass);
  const lastFd = openFiles - 1 - Math.min(limits.reservedDescriptors, Math.floor(openFiles / 4));
  return {
    ...parts,
    limits,
    epoll,
    stats: viewStats(stats),
    pool: createBlockPool(libc),
    wheel: createTimerWheel({ tickMs: wheelTickMs, slots: wheelSlots, nowMs: monotonicMs }),
    input: libc.allocate(limits.readBytes * readsPerInput),
    batch: createReadBatch(limits.eventsPerPass),
    scratch: libc.allocate(scratchBytes),
    byFd: [],
    lastFd,
    // The kernel hands out the lowest free descriptor, so the number of one just made tells how many there are.
    shares: createShares(connectionCapacity({ lastFd, used: epoll.fd, most: limits.openConnections })),
    open: [],
    claims: createClaims({ firstSequence: (fd) => sockets.firstSequence(fd), wallMs: Date.now }),
    nowMs: Date.now(),
    monotonicMs,
    stopping: false,
    generation: 0,
    lastNumber: 0,
  };
}

/** Opens every listener, or none: a failure closes those that were opened. */
function listenAll(
  setup: WorkerSetup,
  libc: Libc,
  sockets: Sockets,
): { readonly fds: readonly number[]; readonly ports: readonly number[] } {
  const opened: { readonly fd: number; readonly port: number }[] = [];
  try {
    for (const { listen } of setup.listeners)
      opened.push(sockets.listen(listen.host, listen.port, setup.limits.backlog));
    refuseOwnUpstream(
      setup.listeners,
      opened.map(({ port }) => port),
    );
  } catch (error) {
    for (const { fd } of opened) libc.close(fd);
    throw error;
  }
  return { fds: opened.map(({ fd }) => fd), ports: opened.map(({ port }) => port) };
}

/** What orders are carried out by. */
interface Hands {
  readonly setup: WorkerSetup;
  readonly brain: Brain;
  readonly loop: Loop;
  readonly pods: Pods;
  readonly taps: TapPods;
}

/** Main's order to stop, when the message is one. */
function obey(
  message: ToWorker,
  { setup, brain, loop, pods, taps }: Hands,
): { stopWithinMs: number } | undefined {
  switch (message.type) {
    case 'snapshot':
      brain.replaceSnapshot(message.buffer, message.directory);
      loop.rejudge();
      return undefined;
    case 'directory':
      brain.replaceDirectory?.(message.update);
      loop.rejudge();
      return undefined;
    case 'attach':
      attach(message, setup, pods);
      return undefined;
    case 'ports':
      setPorts(message, setup, pods);
      return undefined;
    case 'detach': {
      const { place } = message;
      pods.detach(place, message.withinMs, () => post(setup, { type: 'detached', place }));
      return undefined;
    }
    case 'tap':
    case 'tapScope':
    case 'tapCarried':
    case 'untap':
    case 'tapHeard':
      taps.obey(message);
      return undefined;
    case 'stop':
      return { stopWithinMs: message.deadlineMs };
    default:
      return assertNever(message);
  }
}

function attach({ place, pod }: Extract<ToWorker, { type: 'attach' }>, setup: WorkerSetup, pods: Pods): void {
  try {
    pods.attach(place, pod);
    post(setup, { type: 'attached', place });
  } catch (error) {
    if (isFatal(error)) throw error;
    post(setup, { type: 'attachFailed', place, ...wordsOf(attachError(pod.pod, error)) });
  }
}

function setPorts(
  { place, pod, ports, withinMs }: Extract<ToWorker, { type: 'ports' }>,
  setup: WorkerSetup,
  pods: Pods,
): void {
  try {
    pods.setPorts(place, ports, withinMs);
    post(setup, { type: 'portsSet', place });
  } catch (error) {
    if (isFatal(error)) throw error;
    post(setup, { type: 'portsFailed', place, ...wordsOf(attachError(pod, error)) });
  }
}

function readMessages(hands: Hands): { stopWithinMs: number } | undefined {
  const { port } = hands.setup;
  let order: { stopWithinMs: number } | undefined;
  for (let next = receiveMessageOnPort(port); next; next = receiveMessageOnPort(port))
    order = obey(next.message as ToWorker, hands) ?? order;
  return order;
}

const detailOf = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);

const wordsOf = ({ code, family, message, hint }: AppError): FailureWords => ({
  code,
  family,
  message,
  hint,
});

function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  return new AppError({
    code: 'DATA_PLANE_DIED',
    family: 'internal',
    message: `The data plane stopped: ${detailOf(error)}.`,
    hint: 'This is a bug; traffic through the listeners is cut. Restart the agent and report the message.',
  });
}

/** The service of each explicit listener. */
function explicitServices({ listeners }: WorkerSetup, libc: Libc, sockets: Sockets): readonly Service[] {
  return listeners.map(({ upstream }, index) =>
    createExplicitService(sockets, index, toSocketAddress(libc, upstream.host, upstream.port)),
  );
}

/** A loop over the explicit listeners, whose orders go through `hands`. */
function loopOf(plane: Plane, hands: LoopHands): Loop {
  const { setup, events } = hands;
  const live = createSignOfLife(plane.libc, setup.signOfLifeFd);
  let faults = 0;
  return createLoop(plane, {
    listening: hands.listening,
    hooks: {
      control: hands.control,
      passed() {
        events.wake();
        live(plane.monotonicMs);
      },
      fault(error) {
        if (++faults <= reportedFaults) post(setup, { type: 'fault', message: detailOf(error) });
      },
      beatFailed: ({ place }, error) => post(setup, { type: 'beatFailed', place, error }),
    },
  });
}

interface LoopHands {
  readonly listening: readonly { readonly service: Service; readonly fd: number }[];
  readonly setup: WorkerSetup;
  readonly events: Events;
  readonly control: () => { stopWithinMs: number } | undefined;
}

async function start(setup: WorkerSetup, createBrain: () => Brain): Promise<void> {
  const libc = await loadLibc();
  askForShortSlice(libc);
  const sockets = createSockets(libc);
  const events = createEvents(setup);
  const brain = createBrain();
  const identity = brain.identity ?? createIdentity(createDirectory());
  const plane: Plane = createPlane(setup, {
    libc,
    sockets,
    converse: brain.converse,
    identity,
    observe: (exchange) => events.observe(exchange, plane.monotonicMs),
  });
  const services = explicitServices(setup, libc, sockets);
  const { fds, ports } = listenAll(setup, libc, sockets);
  const control = (): { stopWithinMs: number } | undefined =>
    readMessages({ setup, brain, loop, pods, taps });
  const listening = services.map((service, index) => ({ service, fd: fds[index] ?? -1 }));
  const loop: Loop = loopOf(plane, { listening, setup, events, control });
  const door = createNetnsDoor(libc, stranded);
  const tools = { libc, door, redirected: createRedirected(libc), identity, stats: plane.stats };
  const pods: Pods = createPods(tools, loop);
  const taps: TapPods = createTapPods({
    ...{ libc, plane, brain: brain.watching },
    host: (source) => loop.host(source),
    post: (answer) => post(setup, answer),
  });
  post(setup, { type: 'ready', ports, controlFd: loop.controlFd });
  try {
    loop.run();
  } finally {
    pods.close();
    door.close();
  }
}

/** Runs to the end of the data plane; never throws: a failure is posted to main as a sentence. */
export async function runWorker(setup: WorkerSetup, createBrain: () => Brain): Promise<void> {
  try {
    await start(setup, createBrain);
  } catch (error) {
    post(setup, { type: 'failed', ...wordsOf(toAppError(error)) });
  } finally {
    setup.port.close();
  }
}
