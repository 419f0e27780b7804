// The hub at the size of a large cluster: what it keeps, what agents are sent, how fast a change reaches all of them, and how many events it merges.
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { spawn, type ChildProcess } from 'node:child_process';
import { setTimeout as sleep } from 'node:timers/promises';
import { names } from '../../src/core/install/names.ts';
import { createLiveFeed } from '../../src/io/feed/live-feed.ts';
import { makePod, tokenOf } from '../../test/cluster/paper-pods.ts';
import type { Section, SectionResult, Table } from '../lib/bench-context.ts';
import { cpuTime, memoryBytes } from '../lib/cpu-time.ts';
import {
  hubNamespace,
  movePod,
  nodeName,
  podAddress,
  startPaperCluster,
  startPaperHub,
  type PaperCluster,
  type RunningHub,
} from '../lib/paper-cluster.ts';
import { short, shown, summarise } from '../lib/statistics.ts';
import type { AgentsCommand, AgentsOrder, AgentsWord } from '../load/agents.ts';

const sizes = [
  { pods: 1_000, nodes: 50 },
  { pods: 10_000, nodes: 500 },
] as const;
const agentCount = 50;
const changes = 20;
const rates = [1_000, 5_000, 10_000] as const;
const settleMs = 3_000;
const wordMs = 60_000;
const mebi = 1024 * 1024;

interface Agents {
  readonly send: (command: AgentsCommand) => void;
  readonly word: <T extends AgentsWord['type']>(type: T) => Promise<Extract<AgentsWord, { type: T }>>;
  readonly stop: () => void;
}

const living = new Set<ChildProcess>();
process.once('exit', () => living.forEach((child) => child.kill('SIGKILL')));

function startAgents(order: AgentsOrder): Agents {
  const main = join(import.meta.dirname, '..', 'load', 'agents-main.ts');
  const child = spawn(process.execPath, [main, JSON.stringify(order)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  living.add(child);
  const words: AgentsWord[] = [];
  const waiting = new Set<() => void>();
  createInterface({ input: child.stdout }).on('line', (line) => {
    words.push(JSON.parse(line) as AgentsWord);
    for (const look of waiting) look();
  });
  return {
    send: (command) => void child.stdin.write(`${JSON.stringify(command)}\n`),
    word: (type) =>
      new Promise((resolve, reject) => {
        const late = setTimeout(() => reject(new Error(`agents never said "${type}"`)), wordMs);
        const look = (): void => {
          const at = words.findIndex((word) => word.type === type);
          if (at < 0) return;
          clearTimeout(late);
          waiting.delete(look);
          resolve(words.splice(at, 1)[0] as Extract<AgentsWord, { type: typeof type }>);
        };
        waiting.add(look);
        look();
      }),
    stop() {
      child.kill('SIGTERM');
      living.delete(child);
    },
  };
}

async function ordersFor({ api }: PaperCluster, hub: RunningHub, folder: string): Promise<AgentsOrder> {
  const caFile = join(folder, 'ca.crt');
  writeFileSync(caFile, hub.bundle);
  const agents = [];
  for (let index = 0; index < agentCount; index += 1) {
    const node = nodeName(index);
    const pod = await makePod(api, `agent-${index}`, {
      ...{ namespace: hubNamespace, node, ip: podAddress(100_000 + index) },
    });
    const tokenFile = join(folder, `${node}.token`);
    writeFileSync(tokenFile, await tokenOf(api, pod, { namespace: hubNamespace }));
    agents.push({ node, tokenFile });
  }
  return { ...{ port: hub.port, url: `https://${names.hub}.${hubNamespace}.svc` }, caFile, folder, agents };
}

async function fanOut({ api }: PaperCluster, agents: Agents): Promise<readonly number[]> {
  const all: number[] = [];
  for (let change = 0; change < changes; change += 1) {
    agents.send({ type: 'arm' });
    await agents.word('armed');
    const sentMs = await movePod(api, change, podAddress(200_000 + change));
    const { atMs } = await agents.word('arrived');
    all.push(...atMs.map((at) => at - sentMs));
    await sleep(100);
  }
  return all.toSorted((a, b) => a - b);
}

const quantile = (sorted: readonly number[], share: number): number =>
  sorted[Math.min(sorted.length - 1, Math.floor(sorted.length * share))] ?? Number.NaN;

interface Merged {
  readonly perSecond: number;
  readonly said: number;
  readonly heard: number;
  readonly lost: number;
  readonly hubCores: number;
  readonly hubBytes: number;
}

async function mergeAt(
  { perSecond, seconds }: { readonly perSecond: number; readonly seconds: number },
  hub: RunningHub,
  agents: Agents,
): Promise<Merged> {
  let [heard, lost] = [0, 0];
  const feed = createLiveFeed({ address: { type: 'unix', path: hub.feedPath } });
  const connected = new Promise<void>((resolve) => {
    feed.start((message) => {
      if (message.type === 'connection' && message.state === 'connected') resolve();
      if (message.type !== 'batch') return;
      for (const event of message.events) {
        if (event.type === 'flow') heard += 1;
        if (event.type === 'lost') lost += event.count;
      }
    });
  });
  await connected;
  await sleep(settleMs);
  [heard, lost] = [0, 0];
  const pids = [hub.program.pid];
  const before = cpuTime(pids).totalMs;
  agents.send({ type: 'say', perSecond, seconds });
  const { flows: said } = await agents.word('said');
  await sleep(settleMs);
  const hubCores = (cpuTime(pids).totalMs - before) / 1000 / seconds;
  await feed.close();
  return { perSecond, said, heard, lost, hubCores, hubBytes: memoryBytes(pids) };
}

interface Size {
  readonly pods: number;
  readonly nodes: number;
  readonly readMs: number;
  readonly readCpuMs: number;
  readonly bytes: number;
  readonly idleCpuPercent: number;
}

async function measureSize(hub: RunningHub, size: { pods: number; nodes: number }): Promise<Size> {
  const pids = [hub.program.pid];
  const readCpuMs = cpuTime(pids).totalMs;
  await sleep(settleMs);
  const before = cpuTime(pids).totalMs;
  await sleep(10_000);
  const idleCpuPercent = (cpuTime(pids).totalMs - before) / 100;
  return { ...size, readMs: hub.readMs, readCpuMs, bytes: memoryBytes(pids), idleCpuPercent };
}

/** Objects without kubelets, agents without nodes; everything else is real. */
export const hubScale: Section = async ({ directory, seconds, say }) => {
  await using cluster = await startPaperCluster(say);
  const measured: Size[] = [];
  let hub: RunningHub | undefined;
  for (const size of sizes) {
    say(`${size.pods} pods on ${size.nodes} nodes`);
    await cluster.grow(size.nodes, size.pods);
    await hub?.program.stop();
    hub = await startPaperHub(cluster, directory, `hub-${size.pods}`);
    measured.push(await measureSize(hub, size));
  }
  if (hub === undefined) throw new Error('no size was asked for');
  const agents = startAgents(await ordersFor(cluster, hub, directory));
  try {
    const { snapshotBytes } = await agents.word('ready');
    say(`${agentCount} agents are there; ${changes} changes`);
    await sleep(settleMs);
    const fan = await fanOut(cluster, agents);
    const merged: Merged[] = [];
    for (const rate of rates) {
      say(`${rate} events a second`);
      merged.push(await mergeAt({ perSecond: rate, seconds: Math.max(5, seconds) }, hub, agents));
    }
    return report({ measured, snapshotBytes, fan, merged });
  } finally {
    agents.stop();
    await hub.program.stop();
  }
};

interface Figures {
  readonly measured: readonly Size[];
  readonly snapshotBytes: readonly number[];
  readonly fan: readonly number[];
  readonly merged: readonly Merged[];
}

const sizeTable = (measured: readonly Size[]): Table => ({
  caption: 'What the hub keeps',
  columns: ['pods / nodes', 'read after s', 'CPU to read ms', 'memory MiB', 'CPU idle %'],
  rows: measured.map((size) => [
    `${size.pods.toLocaleString('en-US')} / ${size.nodes}`,
    ...[size.readMs / 1000, size.readCpuMs, size.bytes / mebi, size.idleCpuPercent].map(short),
  ]),
});

const fanTable = ({ snapshotBytes, fan }: Figures): Table => ({
  caption: 'One identity change, from the request until all agents have it',
  columns: ['agents', 'snapshot, bytes an agent', 'changes', 'p50 ms', 'p99 ms', 'max ms'],
  rows: [
    [
      ...[String(agentCount), shown(summarise(snapshotBytes)), String(changes)],
      ...[quantile(fan, 0.5), quantile(fan, 0.99), quantile(fan, 1)].map(short),
    ],
  ],
});

const mergeTable = (merged: readonly Merged[]): Table => ({
  caption: 'Events merged for one reader',
  columns: ['asked/s', 'told', 'came', 'counted lost', 'hub, cores', 'µs an event', 'memory MiB'],
  rows: merged.map((one) => [
    one.perSecond.toLocaleString('en-US'),
    ...[one.said, one.heard, one.lost].map((count) => count.toLocaleString('en-US')),
    ...[one.hubCores, (one.hubCores / one.perSecond) * 1e6, one.hubBytes / mebi].map(short),
  ]),
});

const report = (figures: Figures): SectionResult => ({
  title: 'The hub at 10,000 pods and 500 nodes',
  notes: [
    'A real API server; nodes and pods are objects without kubelets. The hub runs with the command line and the rights of its manifest.',
    `${agentCount} simulated agents in one process, with the real dialling code; they and the API server share the machine with the hub.`,
  ],
  tables: [sizeTable(figures.measured), fanTable(figures), mergeTable(figures.merged)],
  raw: figures,
});
