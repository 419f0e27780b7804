// One run of load against one peer with the CPU time that its processes used for it.
import { cpuTime } from './cpu-time.ts';
import type { RunningPeer } from '../peers/peer.ts';

export interface CpuPerRequest {
  /** Whole process, µs per request; NaN without a process. */
  readonly cpuUs: number;
  /** Our data plane's thread alone, µs per request; NaN for others. */
  readonly workerUs: number;
}

const workerThread = 'data-plane';

/** Runs the load and divides the CPU time by the requests it reports. */
export async function withCpu<T>(
  peer: RunningPeer,
  load: () => Promise<T>,
  requestsOf: (result: T) => number,
): Promise<T & CpuPerRequest> {
  const before = cpuTime(peer.pids());
  const result = await load();
  const after = cpuTime(peer.pids());
  const perRequest = (ms: number): number => (ms * 1000) / requestsOf(result);
  const worker = (after.byThread[workerThread] ?? Number.NaN) - (before.byThread[workerThread] ?? 0);
  const total = after.totalMs - before.totalMs;
  return {
    ...result,
    cpuUs: peer.pids().length === 0 ? Number.NaN : perRequest(total),
    workerUs: perRequest(worker),
  };
}
