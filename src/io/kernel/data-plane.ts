// Main's handle on the data plane: starts the worker, hears its events, switches its policy, stops it. Never loads the FFI itself
// and never touches a proxied socket; only the worker does.
import { newExchange } from '../../core/inspect/new-exchange.ts';
import { AppError } from '../../core/model/app-error.ts';
import type { Exchange } from '../../core/model/exchange.ts';
import type { DirectoryUpdate } from '../../core/model/directory.ts';
import type { ListenerConfig } from '../../core/model/identity.ts';
import { createDrain, type Drain } from './drain.ts';
import { createRingBuffer } from './event-ring.ts';
import { resolveLimits, type DataPlaneLimits } from './limits.ts';
import { createPodHandles, type InlineHandle, type PodHandles } from './pod-handles.ts';
import { createStatsBuffer, readStats, viewStats, type DataPlaneStats } from './shared-stats.ts';
import type { TapReport } from './tap/tap-report.ts';
import { createTapHandles, type TapHandle, type TapHandles } from './tap-handles.ts';
import type { InlinePod, TapPod, WorkerSetup } from './worker-message.ts';
import { diedOf, linkWorker, type WorkerLink } from './worker-link.ts';

/** What a data plane is started with; the callbacks run on the main thread. */
export interface DataPlaneOptions {
  readonly listeners: readonly ListenerConfig[];
  /** Compiled policies, as `compilePolicies` made them. */
  readonly snapshot: SharedArrayBuffer;
  /** Who is who at the start: all of it. */
  readonly directory?: DirectoryUpdate;
  readonly limits?: Partial<DataPlaneLimits>;
  /** See `WorkerSetup`. */
  readonly signOfLifeFd?: number;
  /** One exchange ended. The object is reused: read what you need before returning. */
  readonly onExchange: (exchange: Exchange) => void;
  /** Events were dropped: `where` is `worker-ring`. */
  readonly onLost: (where: string, count: number) => void;
  /** Entry of the worker; default: the real one. Another brings other conversations (see run-worker.ts). */
  readonly worker?: URL;
  /** The worker died on its own, or one conversation hit a bug of ours (`fatal` false). */
  readonly onFault?: (error: AppError, fatal: boolean) => void;
  /** The kernel refused a pod's heartbeat with this error (2: its set is gone): its ports lapse unless the rules are mended. Told once until it works again. */
  readonly onBeatFailed?: (pod: string, error: number) => void;
  /** What taps tell besides exchanges; at most ten times a second, and more often only for new names. */
  readonly onTap?: (report: TapReport) => void;
}

/** The running worker, as main sees it. */
export interface DataPlane {
  /** Ports in the order of the listeners; the real ones where 0 was asked. */
  readonly ports: readonly number[];
  /** Switch to newly compiled policies, and in the same moment to what has changed in the directory; open connections are judged again. */
  setSnapshot(buffer: SharedArrayBuffer, directory?: DirectoryUpdate): void;
  /** Who is who has changed: connections of known callers are judged again. */
  setDirectory(update: DirectoryUpdate): void;
  /** Take over a pod's ports. Rejects with AppError when the worker cannot; its listening descriptors are closed then, and the worker's otherwise. */
  attachPod(pod: InlinePod): Promise<InlineHandle>;
  /**
   * Read a pod's ring. Again for the same pod: the new ring takes the old one's place without a gap, and the handle before does nothing any
   * more. Rejects with AppError when the worker cannot; the ring is closed then.
   */
  tapPod(pod: TapPod): Promise<TapHandle>;
  stats(): DataPlaneStats;
  /** Stop accepting, let requests under way finish until the deadline, close, deliver the last events. Idempotent. */
  stop(deadlineMs: number): Promise<void>;
}

/** Beyond the drain deadline, how long a worker may take to end before it is terminated, ms: one wait of the loop and slack. */
const exitGraceMs = 2_000;

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

/** The worker with what main shares with it. */
interface Started {
  readonly link: WorkerLink;
  readonly pods: PodHandles;
  readonly taps: TapHandles;
  readonly limits: DataPlaneLimits;
  readonly stats: () => DataPlaneStats;
}

/** All of it but the port. */
function setupOf(
  { listeners, snapshot, directory, signOfLifeFd }: DataPlaneOptions,
  made: Pick<WorkerSetup, 'limits' | 'ring' | 'stats'>,
): Omit<WorkerSetup, 'port'> {
  return {
    ...{ listeners, snapshot, ...made },
    ...(directory === undefined ? {} : { directory }),
    ...(signOfLifeFd === undefined ? {} : { signOfLifeFd }),
  };
}

/** Copies of what is counted, of the moment they are asked for. */
const statsReader =
  (counters: Float64Array, drain: Pick<Drain, 'lost' | 'queue'>, listeners: number) => (): DataPlaneStats =>
    readStats(counters, { nowMs: Date.now(), lost: drain.lost(), queue: drain.queue(), listeners });

/** Shared memory and thread, each told of the other; the thread is not ready yet. */
function startWorker(options: DataPlaneOptions): Started {
  const { listeners, onExchange, onLost, onFault, onBeatFailed } = options;
  const limits = resolveLimits(options.limits);
  const ring = createRingBuffer(limits.ringBytes);
  const stats = createStatsBuffer(listeners.length + limits.inlinePods);
  const counters = viewStats(stats);
  const drain = createDrain({ ring, limits, target: newExchange(), onExchange, onLost });
  const link = linkWorker({
    entry: options.worker ?? workerUrl(),
    setup: setupOf(options, { limits, ring, stats }),
    onWake: () => drain.wake(),
    onFault: (error) => onFault?.(error, false),
    onPod: (answer) => pods.hear(answer),
    onTap: (answer) => taps.hear(answer),
    onExit() {
      drain.finish();
      const why = (): AppError => link.failure() ?? diedOf('it has ended');
      pods.end(why);
      taps.end(why);
    },
  });
  const taps = createTapHandles({
    say: (order) => link.say(order),
    onReport: (report) => options.onTap?.(report),
  });
  const pods = createPodHandles({
    say: (message) => link.say(message),
    counters,
    firstPlace: listeners.length,
    places: limits.inlinePods,
    onBeatFailed: (pod, error) => onBeatFailed?.(pod, error),
  });
  return {
    link,
    pods,
    taps,
    limits,
    stats: statsReader(counters, drain, listeners.length),
  };
}

/** Orders the end, and ends the thread itself when it does not obey. */
async function stopWorker({ link, limits }: Started, deadlineMs: number): Promise<void> {
  link.say({ type: 'stop', deadlineMs });
  const overdue = setTimeout(() => link.terminate(), deadlineMs + limits.waitMs + exitGraceMs);
  await link.exited;
  clearTimeout(overdue);
}

/**
 * Start listening. Resolves when every listener accepts; rejects with AppError when one cannot (nothing is left open then),
 * when this is not Linux, or when the FFI has no binary for this machine.
 */
export async function startDataPlane(options: DataPlaneOptions): Promise<DataPlane> {
  checkPlatform();
  const started = startWorker(options);
  const { link, pods, taps } = started;
  let stopping: Promise<void> | undefined;
  const ports = await link.ready;
  void link.exited.then(() => {
    if (stopping === undefined) options.onFault?.(link.failure() ?? diedOf('it ended unasked'), true);
  });
  return {
    ports,
    setSnapshot: (buffer, directory) =>
      link.say({ type: 'snapshot', buffer, ...(directory === undefined ? {} : { directory }) }),
    setDirectory: (update) => link.say({ type: 'directory', update }),
    attachPod: (pod) => pods.attach(pod),
    tapPod: (pod) => taps.tap(pod),
    stats: started.stats,
    stop: (deadlineMs) => (stopping ??= stopWorker(started, deadlineMs)),
  };
}
