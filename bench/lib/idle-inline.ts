// Memory of open, quiet connections that an agent of a node carries inline.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { runWrk } from '../load/wrk.ts';
import { commandIn } from '../load/place.ts';
import type { BenchContext } from './bench-context.ts';
import { pathPolicies } from './bench-policies.ts';
import type { BenchPods, Server } from './bench-pods.ts';
import { memoryBytes } from './cpu-time.ts';
import { startNodeAgent, type NodeAgent } from './node-agent.ts';
import { start } from './started-process.ts';

/** So many connections, before and after. */
export interface IdleInline {
  readonly count: number;
  /** Each has carried so many requests. */
  readonly requests: number;
  readonly open: number;
  readonly failed: number;
  /** That the agent says it carries. */
  readonly carried: number;
  readonly bytesPerConnection: number;
}

/** Freed and compacted by then, where something will be. */
const settleMs = 3_000;

interface Wanted {
  readonly count: number;
  readonly requests: number;
}

async function hold(agent: NodeAgent, server: Server, { count, requests }: Wanted): Promise<IdleInline> {
  // Buffers and code that any use brings are not the connections' cost.
  await runWrk({ port: server.port, place: server.place, connections: 32, seconds: 1 });
  await sleep(settleMs);
  const before = memoryBytes(agent.pids());
  const main = join(import.meta.dirname, '..', 'load', 'idle-main.ts');
  const words = [process.execPath, main, server.port, count, requests, server.place.host];
  const client = start(...commandIn(server.place, words));
  const [, open = '0', failed = '0'] = await client.line(/^idle (\d+) (\d+)/);
  await sleep(settleMs);
  const after = memoryBytes(agent.pids());
  const carried = (await agent.node()).pods[0]?.open ?? 0;
  await client.stop();
  return {
    ...{ count, requests, open: Number(open), failed: Number(failed), carried },
    bytesPerConnection: (after - before) / Number(open),
  };
}

/** Each count on an agent of its own, without and with a request on each connection. */
export async function measureIdleInline(
  { say, directory }: BenchContext,
  pods: BenchPods,
  counts: readonly number[],
): Promise<readonly IdleInline[]> {
  const [server] = pods.servers;
  if (server === undefined) throw new Error('there is a server');
  const results: IdleInline[] = [];
  for (const wanted of counts.flatMap((count) => [0, 1].map((requests) => ({ count, requests })))) {
    say(`${wanted.count} idle inline connections, ${wanted.requests} requests each`);
    const policies = pathPolicies(1);
    const agent = await startNodeAgent({
      name: 'idle',
      ...{ pods: [server], client: pods.client, policies, directory },
    });
    try {
      results.push(await hold(agent, server, wanted));
    } finally {
      await agent.stop();
    }
  }
  return results;
}
