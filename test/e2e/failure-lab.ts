// A node of three pods with an agent of the real binary on it, under load: `orders` serves port 8080, which a policy takes inline, and 9090,
// which none does; `client` calls both all the time; `other` may call nothing. For node-failure.test.ts.
import { mkdirSync, renameSync, symlinkSync, writeFileSync } from 'node:fs';
import { basename, join } from 'node:path';
import type { AgentStatus } from '../../src/core/model/feed-message.ts';
import type { NodeStatus, UnjudgedStatus } from '../../src/core/model/node-status.ts';
import { createCli, type Cli, type Started } from '../helpers/cli.ts';
import { createNetnsLab, type Hands, type LabPod, type NetnsLab } from '../helpers/netns-lab.ts';
import { childrenOf } from '../helpers/processes.ts';
import { until } from '../helpers/until.ts';

/** What came of the requests of one stream that began in one stretch of time. */
export interface Taken {
  readonly requests: number;
  /** Without the answer that is good. */
  readonly failed: number;
  /** The first of those: how each ended, when it began and how long it took, and the caller's port where it has reached somebody. */
  readonly failures: readonly unknown[];
  /** By status or reason. */
  readonly outcomes: Readonly<Record<string, number>>;
  readonly longestOutageMs: number;
  /** Connections that a stream on kept ones has used since it began. */
  readonly sockets: number;
}

const streams = {
  /** A connection for each request, on the port that is inline. */
  fresh: { port: 8080, path: '/', everyMs: 20 },
  /** The same, and the policy refuses it. */
  barred: { port: 8080, path: '/barred', everyMs: 50 },
  /** The bulk of the load: connections that are kept, on the port that is inline. */
  kept: { port: 8080, path: '/', everyMs: 2, kept: 16 },
  /** One connection that has nothing to do with the agent. */
  aside: { port: 9090, path: '/', everyMs: 50, kept: 1 },
} as const;
export type Stream = keyof typeof streams;

/** Under way when an agent stops answering, on a busy machine. */
const underWay = 5;
/** The kernel itself takes the ports out of a hung agent's hands after 2 s: at most so many requests of a stream begin in that time, or had. */
export const requestsOfTwoSeconds = (stream: Stream): number => 2_000 / streams[stream].everyMs + underWay;
/** Connections that `kept` uses: each may be cut under one request. */
export const keptConnections = streams.kept.kept;

export interface NodeAgent extends Started {
  /** The supervisor, or the agent itself where there is none. */
  readonly pid: number;
  /** The process that carries traffic. */
  readonly agentPid: () => number;
  /** Resolves when it has said for the n-th time that it is ready. */
  up(times?: number): Promise<void>;
}

export interface FailureLab extends AsyncDisposable {
  readonly net: NetnsLab;
  readonly orders: LabPod;
  readonly caller: Hands;
  /** Starts an agent on the node. */
  agent(words?: readonly string[], env?: Readonly<Record<string, string>>): NodeAgent;
  /** What `agent status` says of it. */
  status(agent: NodeAgent): Promise<string>;
  /** Connections that passed the inline port unjudged, as the agent has it from the kernel. */
  unjudged(agent: NodeAgent): Promise<readonly UnjudgedStatus[]>;
  /** Attempts that the kernel refused, as the agent has it. */
  kernelRefused(agent: NodeAgent): Promise<number>;
  /**
   * Connections to the inline port so far that came to the server past any agent: at the pod's own address and from the port that the caller
   * says it has. The agent's legs come to another address, or, when that once refused one, from another port.
   */
  direct(): Promise<number>;
  setFailure(failure: 'Open' | 'Closed'): void;
  /** `orders` has these addresses in the pods' file; resolves when the agent has read it. */
  setAddresses(agent: NodeAgent, addresses: readonly string[]): Promise<void>;
  begin(...names: readonly Stream[]): Promise<void>;
  /** Ends all streams. */
  end(): Promise<void>;
  /** The requests begun since the last time, once all are over; the next belong to the next. */
  take(stream: Stream, good: string): Promise<Taken>;
  /** Resolves when so many requests of the stream that began since the last `take` had this outcome. */
  seen(stream: Stream, outcome: string, times?: number): Promise<void>;
  /** A single request from the pod that may call nothing. */
  stranger(): Promise<string>;
  /** Everything of nftables in the pod. */
  rules(): string;
}

const policyText = (name: string, lines: readonly string[]): string =>
  [
    'apiVersion: apidefense.dev/v1alpha1',
    'kind: FlowPolicy',
    `metadata: { name: ${name}, namespace: shop }`,
    'spec:',
    '  mode: Enforce',
    '  to: { peers: [{ workload: { name: orders } }], ports: [8080] }',
    ...lines.map((line) => `  ${line}`),
    '',
  ].join('\n');

function podLines(
  { ipv4, ipv6 }: LabPod,
  workload: string,
  ports: readonly number[],
  addresses: readonly string[] = [ipv4, ipv6],
): string[] {
  return [
    `  - name: ${workload}-1`,
    '    namespace: shop',
    `    workload: { kind: Deployment, name: ${workload} }`,
    `    addresses: [${addresses.map((address) => `'${address}'`).join(', ')}]`,
    `    ports: [${ports.join(', ')}]`,
  ];
}

interface Files {
  readonly pods: string;
  readonly netns: string;
  readonly policies: string;
}

/** The pods' file; `orders` with other addresses than its own when they are given, and pods without a namespace behind it. */
function podsText(
  pods: NetnsLab['pods'],
  addresses?: readonly string[],
  more: readonly string[] = [],
): string {
  return [
    'pods:',
    ...podLines(pods['orders']!, 'orders', [8080, 9090], addresses),
    ...podLines(pods['client']!, 'client', []),
    ...podLines(pods['other']!, 'other', []),
    ...more,
    '',
  ].join('\n');
}

/** The node as the agent is told of it: its own directory of namespaces, because other labs have the same addresses. */
function writeFiles(directory: string, { pods }: NetnsLab): Files {
  const at = (name: string): string => join(directory, name);
  const files = { pods: at('pods.yaml'), netns: at('netns'), policies: at('policies') };
  mkdirSync(files.netns);
  mkdirSync(files.policies);
  for (const { path } of Object.values(pods)) symlinkSync(path, join(files.netns, basename(path)));
  writeFileSync(files.pods, podsText(pods));
  const stranger = policyText('no-strangers', [
    'from: { peers: [{ workload: { name: other } }] }',
    'action: { type: Block, block: { answer: Reset } }',
  ]);
  writeFileSync(join(files.policies, 'no-strangers.yaml'), stranger);
  return files;
}

/** Connections that were open before the agent came (back) go on: what fails here, fails because an agent went. */
const barring = (failure: string): string =>
  policyText('barred', [
    'from: { scope: All }',
    "match: { http: { paths: ['/barred'] } }",
    'action: { type: Block, block: { existing: Drain } }',
    `failure: ${failure}`,
  ]);

function startAgent(
  cli: Cli,
  files: Files,
  call: { words: readonly string[]; env: Readonly<Record<string, string>> },
): NodeAgent {
  const started = cli.start(
    [
      ...['agent', '--node', '--pods', files.pods, '--netns', files.netns, '--policies', files.policies],
      ...['--name', 'lab', '--feed', '127.0.0.1:0', ...call.words],
    ],
    call.env,
  );
  const pid = started.child.pid ?? 0;
  return {
    ...started,
    pid,
    agentPid: () => childrenOf(pid)[0] ?? pid,
    async up(times = 1) {
      await until(`the agent is up for the ${times}. time`, () => {
        if (started.child.exitCode !== null || started.child.signalCode !== null)
          throw new Error(`the agent ended: ${started.stderr()}`);
        return (started.stderr().match(/^feed at/gm) ?? []).length >= times;
      });
    },
  };
}

async function build(net: NetnsLab, cli: Cli): Promise<FailureLab> {
  const files = writeFiles(cli.directory, net);
  let signs = 0;
  const [orders, client, other] = [net.pods['orders']!, net.pods['client']!, net.pods['other']!];
  const server = net.start(orders, 'inline-server.mjs', '8080', '9090');
  const caller = net.start(client, 'failure-client.mjs');
  const stranger = net.start(other, 'failure-client.mjs');
  await Promise.all([server, caller, stranger].map((hands) => hands.ask({ order: 'ready' })));
  const ask = async (agent: NodeAgent, ...words: readonly string[]): Promise<string> => {
    const feed = [...agent.stderr().matchAll(/^feed at (\S+);/gm)].at(-1)?.[1] ?? '';
    return (await cli.run(['agent', 'status', '--connect', feed, ...words])).stdout;
  };
  const told = async (agent: NodeAgent): Promise<AgentStatus & { readonly node: NodeStatus }> =>
    JSON.parse(await ask(agent, '-o', 'json')) as AgentStatus & { readonly node: NodeStatus };
  const lab: FailureLab = {
    ...{ net, orders, caller },
    agent: (words = [], env = {}) => startAgent(cli, files, { words, env }),
    status: (agent) => ask(agent),
    unjudged: async (agent) => (await told(agent)).node.unjudged ?? [],
    kernelRefused: async (agent) => (await told(agent)).kernelRefused ?? 0,
    direct: async () => (await server.ask({ order: 'arrived', port: 8080, at: orders.ipv4 })) as number,
    setFailure: (failure) => writeFileSync(join(files.policies, 'barred.yaml'), barring(failure)),
    async setAddresses(agent, addresses) {
      const sign = `sign-${++signs}`;
      const more = podLines(orders, sign, [], [`10.99.0.${signs}`]);
      const file = `${files.pods}.new`;
      writeFileSync(file, podsText(net.pods, addresses, more));
      renameSync(file, files.pods);
      await until('the agent has read the pods anew', async () =>
        (await told(agent)).node.pods.some(({ pod }) => pod === `shop/${sign}-1`),
      );
    },
    async begin(...names) {
      for (const name of names)
        await caller.ask({ order: 'start', name, host: orders.ipv4, ...streams[name] });
    },
    async end() {
      for (const name of Object.keys(streams)) await caller.ask({ order: 'stop', name });
    },
    take: async (name, good) => (await caller.ask({ order: 'take', name, good: [good] })) as Taken,
    async seen(name, outcome, times = 1) {
      await until(`${times} requests of ${name} end with ${outcome}`, async () => {
        const { outcomes } = (await caller.ask({ order: 'count', name })) as Pick<Taken, 'outcomes'>;
        return (outcomes[outcome] ?? 0) >= times;
      });
    },
    stranger: async () => (await stranger.ask({ order: 'get', host: orders.ipv4, port: 8080 })) as string,
    rules: () => net.run(orders, 'nft', ['list', 'ruleset']),
    async [Symbol.asyncDispose]() {
      await cli.close();
      net[Symbol.dispose]();
    },
  };
  lab.setFailure('Open');
  return lab;
}

/** Pods, server and callers; no agent yet, and no load. */
export async function startFailureLab(): Promise<FailureLab> {
  const net = createNetnsLab(['client', 'orders', 'other']);
  const cli = createCli();
  try {
    return await build(net, cli);
  } catch (error) {
    await cli.close();
    net[Symbol.dispose]();
    throw error;
  }
}
