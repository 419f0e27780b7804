// Bytes allocated per request, by thread: the worker's hot path is meant to allocate next to nothing.
import type { Section } from '../lib/bench-context.ts';
import { allocationsBetween } from '../lib/gc-trace.ts';
import { short } from '../lib/statistics.ts';
import { startUpstream } from '../lib/upstream.ts';
import { runWrk } from '../load/wrk.ts';
import { ours } from '../peers/ours.ts';

const connections = 32;
const warmUpSeconds = 3;
/** An isolate that allocates little collects rarely: enough time for several collections. */
const leastSeconds = 10;
/** A young generation of one fixed, small size makes collections frequent and so the figure exact. */
const flags = ['--trace-gc', '--max-semi-space-size=1', '--min-semi-space-size=1'];

/** Under wrk's peak load. */
export const allocations: Section = async (context) => {
  const upstream = await startUpstream();
  const startedMs = performance.now();
  const running = await ours(flags).start({
    upstreamPort: upstream.port,
    rules: 1,
    directory: context.directory,
  });
  await runWrk({ port: running.port, connections, seconds: warmUpSeconds });
  const fromMs = performance.now() - startedMs;
  const seconds = Math.max(context.seconds, leastSeconds);
  const peak = await runWrk({ port: running.port, connections, seconds });
  const toMs = performance.now() - startedMs;
  await running.stop();
  await upstream.stop();
  const found = allocationsBetween(running.output?.() ?? '', fromMs, toMs);
  const names = { main: 'main thread: events, masking, detections', worker: 'worker: hot path' } as const;
  return {
    title: 'Allocations per request',
    notes: [
      `From V8's own heap sizes before and after every collection (--trace-gc), ${seconds} s at ${short(peak.requestsPerSecond)} requests/s.`,
    ],
    tables: [
      {
        caption: 'api-defense',
        columns: ['', 'bytes/request', 'collections', 'GC pause ms/s'],
        rows: found.map((each) => [
          names[each.isolate],
          short(each.bytesPerSecond / peak.requestsPerSecond),
          String(each.collections),
          short(each.pauseMsPerSecond),
        ]),
      },
    ],
    raw: { peak, found },
  };
};
