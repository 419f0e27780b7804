// Many agents in one process: the real dialling code and real feeds, with flows that are made up. `agents-main JSON` (see `AgentsOrder`).
import { createInterface } from 'node:readline';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { FlowEvent } from '../../src/core/model/event.ts';
import type { AgentStatus, Hello } from '../../src/core/model/feed-message.ts';
import { startFeedServer, type FeedServer } from '../../src/io/feed/feed-server.ts';
import { dialHub } from '../../src/io/hub/hub-dial.ts';
import { hubDialLimits } from '../../src/io/hub/hub-limits.ts';
import { openRemoteIdentity, type RemoteIdentity } from '../../src/io/hub/remote-identity.ts';
import { loopbackLookup } from '../../test/helpers/loopback-lookup.ts';
import type { AgentOrder, AgentsCommand, AgentsOrder, AgentsWord } from './agents.ts';
import { flowAt } from './flow-source.ts';

const order = JSON.parse(process.argv[2] ?? '') as AgentsOrder;
const limits = { ...hubDialLimits, firstMs: 50, mostMs: 500 };
/** Flows are told in portions, as workers do. */
const portionMs = 20;

const tell = (word: AgentsWord): void => void process.stdout.write(`${JSON.stringify(word)}\n`);
const epochMs = (): number => performance.timeOrigin + performance.now();

const status = (): AgentStatus => ({
  ...{ type: 'status', time: new Date().toISOString(), uptimeMs: 1, openConnections: 0, openByPair: {} },
  ...{ requests: 0, lost: 0, heartbeatAgeMs: 0, policies: { active: 0, shadow: 0, rejected: 0 } },
});

const helloOf = (node: string) => (): Hello => ({
  ...{
    type: 'hello',
    version: 1,
    name: node,
    time: new Date().toISOString(),
    writable: false,
    listeners: [],
  },
  ...{ windowMs: 600_000, defaultTtlMs: 1_800_000 },
});

interface Running {
  readonly server: FeedServer;
  readonly say: (flow: FlowEvent) => void;
}

/** Sizes of the first frames, and when the frame awaited came; by agent. */
const firstBytes: (number | undefined)[] = order.agents.map(() => undefined);
let arrivals: (number | undefined)[] | undefined;

function noted(remote: RemoteIdentity, index: number): RemoteIdentity {
  return {
    ...remote,
    receive(bytes) {
      const received = remote.receive(bytes);
      const isFirst = firstBytes[index] === undefined;
      firstBytes[index] ??= bytes.length;
      if (isFirst && !firstBytes.includes(undefined))
        tell({ type: 'ready', snapshotBytes: firstBytes.flatMap((size) => size ?? []) });
      if (arrivals !== undefined) {
        arrivals[index] ??= epochMs();
        if (!arrivals.includes(undefined)) {
          tell({ type: 'arrived', atMs: arrivals.flatMap((at) => at ?? []) });
          arrivals = undefined;
        }
      }
      return received;
    },
  };
}

async function startAgent({ node, tokenFile }: AgentOrder, index: number): Promise<Running> {
  let sequence = 0;
  const server = await startFeedServer({
    ...{ address: { type: 'unix', path: join(order.folder, `${node}.sock`) }, hello: helloOf(node), status },
    ...{ history: () => [], numbering: { epoch: node, sequence: () => sequence } },
    handle: ({ op }) => Promise.resolve({ op }),
  });
  const onNotice = (sentence: string): void => void process.stderr.write(`${node}: ${sentence}\n`);
  const remote = noted(
    await openRemoteIdentity({ ...{ node, file: undefined, limits, now: Date.now }, onNotice }),
    index,
  );
  const { url, caFile } = order;
  dialHub({
    ...{ url: `${url}:${order.port}`, caFile, tokenFile, server, remote, limits, onNotice },
    lookup: loopbackLookup,
  });
  return {
    server,
    say(flow) {
      sequence += 1;
      server.publish(flow);
    },
  };
}

async function sayFlows(agents: readonly Running[], perSecond: number, seconds: number): Promise<void> {
  const before = process.cpuUsage();
  const startMs = performance.now();
  const total = perSecond * seconds;
  let said = 0;
  while (said < total) {
    const due = Math.min(total, Math.floor(((performance.now() - startMs) / 1000) * perSecond));
    for (; said < due; said += 1) agents[said % agents.length]?.say(flowAt(said, Date.now()));
    await sleep(portionMs);
  }
  const { user, system } = process.cpuUsage(before);
  tell({ type: 'said', flows: said, cpuMs: (user + system) / 1000 });
}

const agents: Running[] = [];
for (const [index, agent] of order.agents.entries()) agents.push(await startAgent(agent, index));
createInterface({ input: process.stdin }).on('line', (line) => {
  const command = JSON.parse(line) as AgentsCommand;
  if (command.type === 'arm') {
    arrivals = order.agents.map(() => undefined);
    tell({ type: 'armed' });
  } else void sayFlows(agents, command.perSecond, command.seconds);
});
