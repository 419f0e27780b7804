// Figures of an agent in which every number differs from every other, so that no metric can pass for another.
import type { DataPlaneStats, WorkerStats } from '../../../src/io/kernel/shared-stats.ts';
import type { NodePodStatus, UnjudgedStatus } from '../../../src/core/model/node-status.ts';
import type { Figures } from '../../../src/io/metrics/figures.ts';

export const worker: WorkerStats = {
  name: 'data-plane',
  cpuUserUs: 1_500_000,
  cpuSystemUs: 250_000,
  heapBytes: 1003,
  externalBytes: 1004,
  bufferedBytes: 1005,
  queueBytes: 1006,
  queuePeakBytes: 1007,
  queueCapacityBytes: 1008,
  lost: 1009,
  heartbeatAgeMs: 125,
  openConnections: 1010,
};

const plane: DataPlaneStats = {
  openConnections: 1010,
  openByListener: [1010],
  accepted: 2001,
  refused: 2002,
  refusedFull: 2020,
  refusedShare: 2021,
  requests: 2003,
  fromClientBytes: 2004,
  fromUpstreamBytes: 2005,
  pendingBytes: 1005,
  pendingPeakBytes: 2006,
  passes: 2007,
  readPeakBytes: 2008,
  readCapped: 2009,
  connectFailed: 2010,
  expired: 2011,
  overflowed: 2012,
  faults: 2013,
  rejudged: 2014,
  lost: 1009,
  heartbeatAgeMs: 125,
  workerCpuMs: 1750,
  tap: {
    ...{ rings: 9001, frames: 9002, drops: 9003, freezes: 9004, cutPasses: 9005, untold: 9006 },
    ...{ connections: 9007, open: 9008, exchanges: 9009, attempts: 9010, gaps: 9011, gapBytes: 9012 },
    ...{ midStream: 9013, resumed: 9014, conflicts: 9015, evicted: 9016, ignored: 9017, malformed: 9018 },
    ...{ dnsMessages: 9019, bufferedBytes: 9020 },
  },
  workers: [worker],
};

const pod = (state: NodePodStatus['state'], outside: number): NodePodStatus => ({
  ...{ pod: 'shop/a', state, tap: true, entries: 1, inline: [], open: 2, outside, sentence: '' },
  ...(outside === 2 ? { unheard: ['net4', 'tun0'] } : {}),
});

/** Of an agent in front of listeners. */
export const listenerFigures: Figures = {
  version: '9.8.7',
  startedMs: 1_700_000_000_500,
  plane,
  main: {
    processCpuUs: 7_500_000,
    cpuUs: 3_250_000,
    rssBytes: 3001,
    heapBytes: 3002,
    externalBytes: 3003,
    loopDelay: { p99Us: 2_000, maxUs: 31_250 },
  },
  policies: { active: 4001, shadow: 4002, rejected: 4003 },
  flows: { allow: 5001, block: 5002, throttle: 5003, redact: 5004 },
  policyHits: [
    { policy: 'shop/"quoted"\\', enforced: 6001, shadow: 6002 },
    { policy: 'other', enforced: 6003, shadow: 6004 },
  ],
  kernelRefused: 5010,
  lostBy: { 'worker-ring': 7001, details: 7002 },
  feed: { connections: 8001, subscribers: 8002, dropped: 8003 },
};

const passed = (of: string, port: number, count: number): UnjudgedStatus => ({
  ...{ pod: of, port, count, policies: ['shop/limit'], lastSeen: '2026-11-30T03:00:00.000Z' },
});

/** Of an agent in the pods of a node. */
export const figures: Figures = {
  ...listenerFigures,
  node: {
    pods: [pod('enrolled', 40), pod('enrolled', 2), pod('failed', 0)],
    unjudged: [passed('shop/a', 8080, 9301), passed('shop/a', 9090, 9), passed('other', 0, 9302)],
    gears: [
      { name: 'tap', ok: true, sentence: '' },
      { name: 'inline', ok: false, sentence: 'No.' },
    ],
  },
  restarts: { hung: 9101, died: 9102 },
};
