// Memory of open, quiet connections: what a proxy costs a node on which nothing happens.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { Section } from '../lib/bench-context.ts';
import { memoryBytes } from '../lib/cpu-time.ts';
import { short } from '../lib/statistics.ts';
import { start } from '../lib/started-process.ts';
import { startUpstream } from '../lib/upstream.ts';
import { runWrk } from '../load/wrk.ts';
import { envoy } from '../peers/envoy.ts';
import { haproxy } from '../peers/haproxy.ts';
import { nginx } from '../peers/nginx.ts';
import { ours } from '../peers/ours.ts';
import type { Peer, PeerSetup } from '../peers/peer.ts';

/** What is measured: connections that only connected, and ones that carried a request and hold an upstream leg. */
const cases = [
  { name: '10,000 connected', count: 10_000, requests: 0 },
  /** Two descriptors each and a hard limit of 20,000 on this machine. */
  { name: '9,900 after a request each', count: 9_900, requests: 1 },
] as const;
/** Freed and compacted by then, where something will be. */
const settleMs = 3_000;

interface Idle {
  readonly peer: string;
  readonly case: string;
  readonly open: number;
  readonly failed: number;
  readonly beforeMiB: number;
  readonly afterMiB: number;
  readonly bytesPerConnection: number;
}

async function measure(peer: Peer, wanted: (typeof cases)[number], setup: PeerSetup): Promise<Idle> {
  const running = await peer.start(setup);
  // Buffers and code that any use brings are not the connections' cost.
  await runWrk({ port: running.port, connections: 32, seconds: 1 });
  await sleep(settleMs);
  const before = memoryBytes(running.pids());
  const main = join(import.meta.dirname, '..', 'load', 'idle-main.ts');
  const client = start(process.execPath, [main, running.port, wanted.count, wanted.requests].map(String));
  const [, open = '0', failed = '0'] = await client.line(/^idle (\d+) (\d+)/);
  await sleep(settleMs);
  const after = memoryBytes(running.pids());
  await client.stop();
  await running.stop();
  return {
    peer: peer.name,
    case: wanted.name,
    open: Number(open),
    failed: Number(failed),
    beforeMiB: before / 2 ** 20,
    afterMiB: after / 2 ** 20,
    bytesPerConnection: (after - before) / Number(open),
  };
}

/** Each peer alone, one after the other: memory does not wander as CPU does. */
export const idle: Section = async (context) => {
  const upstream = await startUpstream();
  const setup = { upstreamPort: upstream.port, rules: 1, directory: context.directory };
  const results: Idle[] = [];
  for (const wanted of cases) {
    for (const peer of [ours(), haproxy, nginx, envoy]) {
      if (context.missing.has(peer.name.split(' ')[0]?.toLowerCase() ?? '')) continue;
      context.say(`${wanted.name}: ${peer.name}`);
      results.push(await measure(peer, wanted, setup));
    }
  }
  await upstream.stop();
  return {
    title: 'Memory of idle connections',
    notes: [
      'Proportional set size of the proxy, all its processes, before and after the connections were opened.',
    ],
    tables: [
      {
        caption: 'Idle connections',
        columns: ['', 'case', 'open', 'failed', 'before MiB', 'after MiB', 'bytes/connection'],
        rows: results.map((each) => [
          each.peer,
          each.case,
          String(each.open),
          String(each.failed),
          short(each.beforeMiB),
          short(each.afterMiB),
          short(each.bytesPerConnection),
        ]),
      },
    ],
    raw: results,
  };
};
