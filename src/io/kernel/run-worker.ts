// Runs the data plane inside its worker: opens the listeners, builds the plane, turns the loop, answers main. What a conversation is and what
// a snapshot means comes in as `Brain`. No promise or timer runs here once the loop does.
import { receiveMessageOnPort } from 'node:worker_threads';
import { AppError } from '../../core/model/app-error.ts';
import { assertNever } from '../../core/model/assert-never.ts';
import type { Exchange } from '../../core/model/exchange.ts';
import { createDetailBudget } from './detail-budget.ts';
import { createEpoll } from './epoll.ts';
import { createRingWriter } from './event-ring.ts';
import { createExchangeEncoder } from './exchange-codec.ts';
import { loadLibc, type Libc } from './libc.ts';
import { createLoop, type Loop } from './loop.ts';
import { createBlockPool } from './pending.ts';
import { refuseOwnUpstream } from './own-upstream.ts';
import type { Plane } from './plane.ts';
import { createReadBatch, readsPerInput } from './read-batch.ts';
import { askForShortSlice } from './scheduling.ts';
import { viewStats } from './shared-stats.ts';
import { createSockets, type Sockets } from './socket.ts';
import { toSocketAddress } from './socket-address.ts';
import { createTimerWheel } from './timer-wheel.ts';
import type { FromWorker, ToWorker, WorkerSetup } from './worker-message.ts';

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
  /** Another policy snapshot is in force from the next event on. */
  readonly replaceSnapshot: (buffer: SharedArrayBuffer) => void;
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
  { limits, listeners, stats }: WorkerSetup,
  parts: Pick<Plane, 'libc' | 'sockets' | 'converse' | 'observe'>,
): Plane {
  const { libc, sockets } = parts;
  const openFiles = sockets.openFilesLimit();
  const monotonicMs = performance.now();
  return {
    ...parts,
    limits,
    epoll: createEpoll(libc, limits.eventsPerPass),
    stats: viewStats(stats),
    pool: createBlockPool(libc),
    wheel: createTimerWheel({ tickMs: wheelTickMs, slots: wheelSlots, nowMs: monotonicMs }),
    input: libc.allocate(limits.readBytes * readsPerInput),
    batch: createReadBatch(limits.eventsPerPass),
    scratch: libc.allocate(scratchBytes),
    byFd: [],
    lastFd: openFiles - 1 - Math.min(limits.reservedDescriptors, Math.floor(openFiles / 4)),
    open: [],
    upstreams: listeners.map(({ upstream }) => toSocketAddress(libc, upstream.host, upstream.port)),
    nowMs: Date.now(),
    monotonicMs,
    stopping: false,
    generation: 0,
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

function readMessages(setup: WorkerSetup, brain: Brain, loop: Loop): { stopWithinMs: number } | undefined {
  let order: { stopWithinMs: number } | undefined;
  for (let next = receiveMessageOnPort(setup.port); next; next = receiveMessageOnPort(setup.port)) {
    const message = next.message as ToWorker;
    switch (message.type) {
      case 'snapshot':
        brain.replaceSnapshot(message.buffer);
        loop.rejudge();
        break;
      case 'stop':
        order = { stopWithinMs: message.deadlineMs };
        break;
      default:
        assertNever(message);
    }
  }
  return order;
}

const detailOf = (error: unknown): string =>
  error instanceof Error ? (error.stack ?? error.message) : String(error);

function toAppError(error: unknown): AppError {
  if (error instanceof AppError) return error;
  return new AppError({
    code: 'DATA_PLANE_DIED',
    family: 'internal',
    message: `The data plane stopped: ${detailOf(error)}.`,
    hint: 'This is a bug; traffic through the listeners is cut. Restart the agent and report the message.',
  });
}

async function start(setup: WorkerSetup, createBrain: () => Brain): Promise<void> {
  const libc = await loadLibc();
  askForShortSlice(libc);
  const sockets = createSockets(libc);
  const events = createEvents(setup);
  const brain = createBrain();
  let faults = 0;
  const plane: Plane = createPlane(setup, {
    libc,
    sockets,
    converse: brain.converse,
    observe: (exchange) => events.observe(exchange, plane.monotonicMs),
  });
  const { fds, ports } = listenAll(setup, libc, sockets);
  const loop: Loop = createLoop(plane, fds, {
    control: () => readMessages(setup, brain, loop),
    passed: events.wake,
    fault(error) {
      if (++faults <= reportedFaults) post(setup, { type: 'fault', message: detailOf(error) });
    },
  });
  post(setup, { type: 'ready', ports, controlFd: loop.controlFd });
  loop.run();
}

/** Runs to the end of the data plane; never throws: a failure is posted to main as a sentence. */
export async function runWorker(setup: WorkerSetup, createBrain: () => Brain): Promise<void> {
  try {
    await start(setup, createBrain);
  } catch (error) {
    const { code, family, message, hint } = toAppError(error);
    post(setup, { type: 'failed', code, family, message, hint });
  } finally {
    setup.port.close();
  }
}
