// Main's handle on the data plane: starts the worker, hears its events, switches its policy, stops it. Never loads the FFI itself
// and never touches a proxied socket; only the worker does.
import { closeSync, writeSync } from 'node:fs';
import { MessageChannel, Worker } from 'node:worker_threads';
import { newExchange } from '../../core/inspect/new-exchange.ts';
import { AppError } from '../../core/model/app-error.ts';
import { assertNever } from '../../core/model/assert-never.ts';
import type { Exchange } from '../../core/model/exchange.ts';
import type { ListenerConfig } from '../../core/model/identity.ts';
import { createDrain } from './drain.ts';
import { createRingBuffer } from './event-ring.ts';
import { resolveLimits, type DataPlaneLimits } from './limits.ts';
import { createStatsBuffer, readStats, viewStats, type DataPlaneStats } from './shared-stats.ts';
import type { FromWorker, ToWorker, WorkerSetup } from './worker-message.ts';

export interface DataPlaneOptions {
  readonly listeners: readonly ListenerConfig[];
  /** Compiled policies, as `compilePolicies` made them. */
  readonly snapshot: SharedArrayBuffer;
  readonly limits?: Partial<DataPlaneLimits>;
  /** One exchange ended. The object is reused: read what you need before returning. */
  readonly onExchange: (exchange: Exchange) => void;
  /** Events were dropped: `where` is `worker-ring`. */
  readonly onLost: (where: string, count: number) => void;
  /** Entry of the worker; default: the real one. Another brings other conversations (see run-worker.ts). */
  readonly worker?: URL;
  /** The worker died on its own, or one conversation hit a bug of ours (`fatal` false). */
  readonly onFault?: (error: AppError, fatal: boolean) => void;
}

export interface DataPlane {
  /** Ports in the order of the listeners; the real ones where 0 was asked. */
  readonly ports: readonly number[];
  /** Switch to newly compiled policies; open connections are judged again. */
  setSnapshot(buffer: SharedArrayBuffer): void;
  stats(): DataPlaneStats;
  /** Stop accepting, let requests under way finish until the deadline, close, deliver the last events. Idempotent. */
  stop(deadlineMs: number): Promise<void>;
}

/** Beyond the drain deadline, how long a worker may take to end before it is terminated, ms: one wait of the loop and slack. */
const exitGraceMs = 2_000;
const eventfdOne = new Uint8Array(new BigUint64Array([1n]).buffer);

function checkPlatform(): void {
  if (process.platform === 'linux') return;
  throw new AppError({
    code: 'DATA_PLANE_NEEDS_LINUX',
    family: 'unavailable',
    message: `The data plane runs on Linux only; this is ${process.platform}.`,
    hint: 'Run the agent on Linux; replay, --connect and the verbs work here.',
  });
}

/** The worker's entry beside this file: TypeScript when run from source, JavaScript from dist. */
function workerUrl(): URL {
  return new URL(import.meta.url.endsWith('.ts') ? './worker.ts' : './worker.js', import.meta.url);
}

function toAppError(reason: unknown): AppError {
  if (reason instanceof AppError) return reason;
  return new AppError({
    code: 'DATA_PLANE_DIED',
    family: 'internal',
    message: `The data plane's worker ended unexpectedly: ${reason instanceof Error ? reason.message : String(reason)}.`,
    hint: 'This is a bug; traffic through the listeners is cut. Restart the agent and report the message.',
    cause: reason,
  });
}

/**
 * Start listening. Resolves when every listener accepts; rejects with AppError when one cannot (nothing is left open then),
 * when this is not Linux, or when the FFI has no binary for this machine.
 */
export async function startDataPlane(options: DataPlaneOptions): Promise<DataPlane> {
  checkPlatform();
  const limits = resolveLimits(options.limits);
  const ring = createRingBuffer(limits.ringBytes);
  const statsBuffer = createStatsBuffer(options.listeners.length);
  const stats = viewStats(statsBuffer);
  const channel = new MessageChannel();
  const { listeners, snapshot } = options;
  const setup: WorkerSetup = { listeners, limits, snapshot, ring, stats: statsBuffer, port: channel.port2 };
  const drain = createDrain({
    ring,
    limits,
    target: newExchange(),
    onExchange: options.onExchange,
    onLost: options.onLost,
  });
  const worker = new Worker(options.worker ?? workerUrl(), {
    name: 'data-plane',
    workerData: setup,
    transferList: [channel.port2],
  });

  let controlFd = -1;
  let ended = false;
  let stopping: Promise<void> | undefined;
  let failure: AppError | undefined;

  function say(message: ToWorker): void {
    if (ended) return;
    channel.port1.postMessage(message);
    writeSync(controlFd, eventfdOne);
  }

  const exited = new Promise<void>((resolve) => {
    worker.once('error', (error) => (failure ??= toAppError(error)));
    worker.once('exit', () => {
      ended = true;
      channel.port1.close();
      if (controlFd >= 0) closeSync(controlFd);
      drain.finish();
      resolve();
    });
  });

  async function stop(deadlineMs: number): Promise<void> {
    say({ type: 'stop', deadlineMs });
    const overdue = setTimeout(() => void worker.terminate(), deadlineMs + limits.waitMs + exitGraceMs);
    await exited;
    clearTimeout(overdue);
  }

  const ports = await new Promise<readonly number[]>((resolve, reject) => {
    channel.port1.on('message', (message: FromWorker) => {
      switch (message.type) {
        case 'ready':
          controlFd = message.controlFd;
          resolve(message.ports);
          return;
        case 'failed':
          failure = new AppError(message);
          return;
        case 'fault':
          options.onFault?.(toAppError(message.message), false);
          return;
        case 'wake':
          drain.wake();
          return;
        default:
          assertNever(message);
      }
    });
    void exited.then(() => reject(failure ?? toAppError('it exited before it was ready')));
  });
  void exited.then(() => {
    if (stopping === undefined) options.onFault?.(failure ?? toAppError('it exited'), true);
  });

  return {
    ports,
    setSnapshot: (buffer) => say({ type: 'snapshot', buffer }),
    stats: () => readStats(stats, Date.now(), drain.lost()),
    stop: (deadlineMs) => (stopping ??= stop(deadlineMs)),
  };
}
