// Counters of the data plane in shared memory: written by the worker only, read by main at any time without asking it.
// Knows no meaning beyond the names.
import { readTapStats, tapCounterCount, type TapPlaneStats } from './tap/tap-stats.ts';

/** Index of each counter; Float64 each, so that nothing overflows. */
export const counter = {
  accepted: 0,
  /** Accepted and closed at once: not meant for anybody, or for one of the reasons counted below. */
  refused: 1,
  open: 2,
  /** Exchanges handed over (recorded or lost). */
  exchanges: 3,
  fromClientBytes: 4,
  fromUpstreamBytes: 5,
  pendingBytes: 6,
  /** Highest `pendingBytes` so far. */
  pendingPeakBytes: 7,
  /** Returns of `epoll_wait`. */
  passes: 8,
  /** Most bytes one side of one connection was read in one pass, ever. */
  readPeakBytes: 9,
  /** Passes in which some side had more to give than one read takes: where a noisy neighbour was held back. */
  readCapped: 10,
  connectFailed: 11,
  /** Connections closed by a deadline: head, idle or stall. */
  expired: 12,
  /** Connections reset because a pending limit was reached. */
  overflowed: 13,
  /** Connections reset because of a bug of ours. */
  faults: 14,
  /** Connections judged again after a policy change. */
  rejudged: 15,
  /** Epoch ms of the last turn of the loop. */
  heartbeatAt: 16,
  /** CPU time of the worker thread, µs; this and what follows is noted a few times a second. */
  cpuUserUs: 17,
  cpuSystemUs: 18,
  /** Of the worker's own heap: what is used. */
  heapBytes: 19,
  /** What its objects hold outside of the heap: buffers. */
  externalBytes: 20,
  /** Of those refused: nothing was free. */
  refusedFull: 21,
  /** Of those refused: their caller or their service held its share (shares.ts). */
  refusedShare: 22,
} as const;

const counterCount = 24;

/** Index of each counter of one service: an explicit listener or an attached pod. */
export const serviceCounter = {
  open: 0,
  accepted: 1,
  /** Reset at once: not redirected to us, its caller or the service itself held its share, or no descriptors. */
  refused: 2,
  /** Upstream legs that could not be opened. */
  errors: 3,
  /** Legs that left with another port than the client's. */
  portChanged: 4,
} as const;

/** Counters of one service. */
const serviceStride = 8;

/** What is counted of one attached pod. */
export interface PodStats {
  readonly open: number;
  readonly accepted: number;
  readonly refused: number;
  readonly errors: number;
  readonly portChanged: number;
}

/** One worker at one moment. Counts and CPU time only grow. */
export interface WorkerStats {
  readonly name: string;
  readonly cpuUserUs: number;
  readonly cpuSystemUs: number;
  readonly heapBytes: number;
  readonly externalBytes: number;
  /** Of connections whose reader is slow. */
  readonly bufferedBytes: number;
  /** Events that main has not fetched yet, the most there were when main looked, and the room for them. */
  readonly queueBytes: number;
  readonly queuePeakBytes: number;
  readonly queueCapacityBytes: number;
  /** Events lost to a full queue. */
  readonly lost: number;
  readonly heartbeatAgeMs: number;
  readonly openConnections: number;
}

/** What `DataPlane.stats` answers. */
export interface DataPlaneStats {
  readonly openConnections: number;
  /** Open connections per listener, in the order of the configuration. */
  readonly openByListener: readonly number[];
  readonly accepted: number;
  readonly refused: number;
  /** Of those refused: nothing was free, or the caller or the service held its share. */
  readonly refusedFull: number;
  readonly refusedShare: number;
  readonly requests: number;
  readonly fromClientBytes: number;
  readonly fromUpstreamBytes: number;
  readonly pendingBytes: number;
  readonly pendingPeakBytes: number;
  readonly passes: number;
  readonly readPeakBytes: number;
  readonly readCapped: number;
  readonly connectFailed: number;
  readonly expired: number;
  readonly overflowed: number;
  readonly faults: number;
  readonly rejudged: number;
  /** Events lost to a full ring. */
  readonly lost: number;
  readonly heartbeatAgeMs: number;
  readonly workerCpuMs: number;
  /** Of the pods that are tapped; zeros without any. */
  readonly tap: TapPlaneStats;
  readonly workers: readonly WorkerStats[];
}

/** Shared memory for the counters of the plane and of as many services (listeners and pods), with those of the taps at its end. */
export function createStatsBuffer(services: number): SharedArrayBuffer {
  return new SharedArrayBuffer((counterCount + services * serviceStride + tapCounterCount) * 8);
}

/** The writer's and the reader's view of the counters. */
export function viewStats(buffer: SharedArrayBuffer): Float64Array {
  return new Float64Array(buffer);
}

/** Where a counter of a service is (`which`: one of `serviceCounter`). */
export const serviceSlot = (place: number, which: number): number =>
  counterCount + place * serviceStride + which;

/** A copy of what was counted of the service in that place. */
export function readService(view: Float64Array, place: number): PodStats {
  const at = (which: number): number => view[serviceSlot(place, which)] ?? 0;
  return {
    open: at(serviceCounter.open),
    accepted: at(serviceCounter.accepted),
    refused: at(serviceCounter.refused),
    errors: at(serviceCounter.errors),
    portChanged: at(serviceCounter.portChanged),
  };
}

/** All counters of a service back to zero, before another one takes the place. */
export function clearService(view: Float64Array, place: number): void {
  view.fill(0, serviceSlot(place, 0), serviceSlot(place + 1, 0));
}

/** How full the event ring is. */
export interface QueueStats {
  readonly usedBytes: number;
  readonly peakBytes: number;
  readonly capacityBytes: number;
}

/** Name of the one worker there is. */
const workerName = 'data-plane';

function readWorker(view: Float64Array, { nowMs, lost, queue }: StatsReading): WorkerStats {
  const at = (index: number): number => view[index] ?? 0;
  return {
    name: workerName,
    cpuUserUs: at(counter.cpuUserUs),
    cpuSystemUs: at(counter.cpuSystemUs),
    heapBytes: at(counter.heapBytes),
    externalBytes: at(counter.externalBytes),
    bufferedBytes: at(counter.pendingBytes),
    queueBytes: queue.usedBytes,
    queuePeakBytes: queue.peakBytes,
    queueCapacityBytes: queue.capacityBytes,
    lost,
    heartbeatAgeMs: Math.max(0, nowMs - at(counter.heartbeatAt)),
    openConnections: at(counter.open),
  };
}

/** What a copy is made with. */
export interface StatsReading {
  /** The wall clock the heartbeat is compared with, epoch ms. */
  readonly nowMs: number;
  readonly lost: number;
  readonly queue: QueueStats;
  /** How many of the services are explicit listeners: the first ones. */
  readonly listeners: number;
}

/** A copy for people. */
export function readStats(view: Float64Array, reading: StatsReading): DataPlaneStats {
  const { lost, listeners } = reading;
  const worker = readWorker(view, reading);
  const at = (index: number): number => view[index] ?? 0;
  return {
    openConnections: worker.openConnections,
    openByListener: Array.from({ length: listeners }, (_unused, place) =>
      at(serviceSlot(place, serviceCounter.open)),
    ),
    accepted: at(counter.accepted),
    refused: at(counter.refused),
    refusedFull: at(counter.refusedFull),
    refusedShare: at(counter.refusedShare),
    requests: at(counter.exchanges),
    fromClientBytes: at(counter.fromClientBytes),
    fromUpstreamBytes: at(counter.fromUpstreamBytes),
    pendingBytes: at(counter.pendingBytes),
    pendingPeakBytes: at(counter.pendingPeakBytes),
    passes: at(counter.passes),
    readPeakBytes: at(counter.readPeakBytes),
    readCapped: at(counter.readCapped),
    connectFailed: at(counter.connectFailed),
    expired: at(counter.expired),
    overflowed: at(counter.overflowed),
    faults: at(counter.faults),
    rejudged: at(counter.rejudged),
    lost,
    tap: readTapStats(view),
    heartbeatAgeMs: worker.heartbeatAgeMs,
    workerCpuMs: (worker.cpuUserUs + worker.cpuSystemUs) / 1000,
    workers: [worker],
  };
}
