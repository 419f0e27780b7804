// What this process and its main thread take: CPU, memory, and how late timers are. Reads the machine's clocks; knows no format.
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { getHeapStatistics } from 'node:v8';
import type { MainStatus } from '../../core/model/feed-message.ts';

/** How often lateness is looked at, ms. The timer is native and wakes the thread, so not more often: 10 a second. */
const resolutionMs = 100;
/** A window is shown for at least this long before the next one begins, ms. */
const windowMs = 15_000;

type LoopDelay = NonNullable<MainStatus['loopDelay']>;

/** The process as it is when asked. */
export interface MainUsage {
  read(): MainStatus;
  /** Stops watching. */
  close(): void;
}

/** What of a delay histogram is lateness, µs: it also counts the pause that was wanted. */
const lateUs = (nanoseconds: number): number =>
  Math.max(0, Math.round(nanoseconds / 1000 - resolutionMs * 1000));

const worse = (one: LoopDelay, other: LoopDelay): LoopDelay => ({
  p99Us: Math.max(one.p99Us, other.p99Us),
  maxUs: Math.max(one.maxUs, other.maxUs),
});

/** The worst of the window that is over and of the one that goes on. */
function watchLoopDelay(clock: () => number): { read(): LoopDelay; close(): void } {
  const histogram = monitorEventLoopDelay({ resolution: resolutionMs });
  histogram.enable();
  let before: LoopDelay = { p99Us: 0, maxUs: 0 };
  let beganMs = clock();
  return {
    read() {
      const now: LoopDelay = { p99Us: lateUs(histogram.percentile(99)), maxUs: lateUs(histogram.max) };
      const shown = worse(before, now);
      if (clock() - beganMs >= windowMs) {
        before = now;
        beganMs = clock();
        histogram.reset();
      }
      return shown;
    },
    close: () => void histogram.disable(),
  };
}

/** Call it on the main thread. `clock` is monotonic milliseconds. */
export function createMainUsage(clock: () => number): MainUsage {
  const delay = watchLoopDelay(clock);
  return {
    read() {
      const whole = process.cpuUsage();
      const own = process.threadCpuUsage();
      const heap = getHeapStatistics();
      return {
        processCpuUs: whole.user + whole.system,
        cpuUs: own.user + own.system,
        rssBytes: process.memoryUsage.rss(),
        heapBytes: heap.used_heap_size,
        externalBytes: heap.external_memory,
        loopDelay: delay.read(),
      };
    },
    close: () => delay.close(),
  };
}
