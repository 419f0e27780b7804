// One agent of a node in one size, from its start to its end: what it takes to begin, to be there, to carry requests at a fixed rate, to take over
// a changed policy. Knows no table.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import type { Policy } from '../../src/core/policy/schema.ts';
import { timeChanges, type ChangeOrder } from '../load/change.ts';
import { runOpenLoop } from '../load/open-loop.ts';
import { runWrk } from '../load/wrk.ts';
import type { BenchContext } from './bench-context.ts';
import { byAddress, byPath } from './bench-policies.ts';
import type { BenchPods, Server } from './bench-pods.ts';
import { cpuTime, machineBusyMs, memoryBytes } from './cpu-time.ts';
import { withCpu } from './measured.ts';
import { startNodeAgent, type NodeAgent } from './node-agent.ts';

/** A size to be measured. */
export interface ScaleCase {
  readonly name: string;
  readonly policies: readonly Policy[];
  /** Pods enrolled: the server's, and quiet ones. */
  readonly namespaces: number;
  /** How a changed policy shows: requests are refused inline, connections in the kernel. */
  readonly gear: 'inline' | 'kernel';
}

/** What one agent in one size came to. */
export interface ScaleFigures {
  readonly startMs: number;
  /** Proportional memory before any load, its mapped rings in it. */
  readonly memoryBytes: number;
  readonly ringBytes: number;
  readonly rings: number;
  /** Of one core, with nothing to do. */
  readonly idleCpuPercent: number;
  /** CPU µs a request: the agent's processes, its worker, and everything on the machine. */
  readonly cpuUs: number;
  readonly workerUs: number;
  readonly machineUs: number;
  readonly p50Ms: number;
  readonly p99Ms: number;
  readonly errors: number;
  readonly enforcedMs: readonly number[];
  readonly removedMs: readonly number[];
  readonly never: number;
}

const connections = 32;
const warmUpSeconds = 2;
/** Low enough for every size on two cores, client and server included. */
export const fixedRate = 5_000;
/** Garbage of the start is collected, and timers of five seconds have come once, ms. */
const settleMs = 3_000;
const probePath = '/probe/';

function orderOf(pods: BenchPods, server: Server, { gear, policies }: AgentFor): Omit<ChangeOrder, 'host'> {
  const file = join(policies, 'changing.yaml');
  const inline = gear === 'inline';
  const policy = inline ? byPath('changing', probePath) : byAddress('changing', `${pods.client.ipv4}/32`);
  return {
    ...{ port: server.port, path: `${probePath}x`, file, text: stringify(policy), count: 0 },
    ask: inline ? 'request' : 'connection',
  };
}
type AgentFor = Pick<ScaleCase, 'gear'> & Pick<NodeAgent, 'policies'>;

async function idleCpu({ pids }: NodeAgent, seconds: number): Promise<number> {
  const before = cpuTime(pids()).totalMs;
  const startMs = performance.now();
  await sleep(seconds * 1000);
  return ((cpuTime(pids()).totalMs - before) / (performance.now() - startMs)) * 100;
}

type Carried = Pick<ScaleFigures, 'cpuUs' | 'workerUs' | 'machineUs' | 'p50Ms' | 'p99Ms' | 'errors'>;

async function carry({ pids, stop }: NodeAgent, server: Server, seconds: number): Promise<Carried> {
  // Code that is not compiled yet would be charged to the requests.
  await runWrk({ port: server.port, place: server.place, connections, seconds: warmUpSeconds });
  await sleep(settleMs);
  const busyBefore = machineBusyMs();
  const { answered, cpuUs, workerUs, p50Ms, p99Ms, errors } = await withCpu(
    { port: server.port, pids, stop },
    () => runOpenLoop({ port: server.port, place: server.place, rate: fixedRate, seconds, connections }),
    (result) => result.answered,
  );
  const machineUs = ((machineBusyMs() - busyBefore) * 1000) / answered;
  return { cpuUs, workerUs, machineUs, p50Ms, p99Ms, errors };
}

/** Starts an agent of this size, measures it, and stops it. */
export async function measureScale(
  context: BenchContext,
  pods: BenchPods,
  { changes, ...wanted }: ScaleCase & { readonly changes: number },
): Promise<ScaleFigures> {
  const { seconds, directory } = context;
  const [server] = pods.servers;
  if (server === undefined) throw new Error('there is a server');
  const agent = await startNodeAgent({
    name: 'scale',
    pods: [server, ...pods.quiet.slice(0, wanted.namespaces - 1).map((pod) => ({ pod }))],
    ...{ client: pods.client, policies: wanted.policies, directory },
  });
  try {
    await sleep(settleMs);
    const { ringBytes, rings } = (await agent.node()).tap;
    const memory = memoryBytes(agent.pids());
    const idleCpuPercent = await idleCpu(agent, seconds);
    const carried = await carry(agent, server, seconds);
    const order = orderOf(pods, server, { gear: wanted.gear, policies: agent.policies });
    const changed = await timeChanges(server.place, { ...order, count: changes });
    return {
      ...{ startMs: agent.startMs, memoryBytes: memory, ringBytes, rings, idleCpuPercent },
      ...carried,
      ...changed,
    };
  } finally {
    await agent.stop();
  }
}
