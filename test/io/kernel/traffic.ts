// Traffic from a thread of its own, for tests that block main: an echo server and a client that sends records one after the other.
import { once } from 'node:events';
import { Worker } from 'node:worker_threads';

export interface Traffic {
  readonly upstreamPort: number;
  /** Send `count` chunks that the pass-through conversation observes, each after the echo of the one before. */
  start(port: number, count: number): void;
  /** Blocks the calling thread entirely until all echoes are back; throws after 20 s. */
  blockUntilDone(): void;
  close(): Promise<void>;
}

export async function startTraffic(): Promise<Traffic> {
  const done = new Int32Array(new SharedArrayBuffer(4));
  const worker = new Worker(new URL('./fixtures/traffic-worker.ts', import.meta.url), { workerData: done });
  const [upstreamPort] = (await once(worker, 'message')) as [number];
  return {
    upstreamPort,
    start: (port, count) => worker.postMessage({ port, count }),
    blockUntilDone() {
      if (Atomics.wait(done, 0, 0, 20_000) === 'timed-out') throw new Error('the traffic did not finish');
    },
    async close() {
      await worker.terminate();
    },
  };
}
