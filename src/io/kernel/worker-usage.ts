// What the worker itself takes, written into its counters. Called from the loop a few times a second: about 3 µs, nothing per request.
import { getHeapStatistics } from 'node:v8';
import { counter } from './shared-stats.ts';

/** Notes CPU time and memory of the calling thread. */
export function noteUsage(stats: Float64Array): void {
  const { user, system } = process.threadCpuUsage();
  stats[counter.cpuUserUs] = user;
  stats[counter.cpuSystemUs] = system;
  const { used_heap_size: used, external_memory: external } = getHeapStatistics();
  stats[counter.heapBytes] = used;
  stats[counter.externalBytes] = external;
}
