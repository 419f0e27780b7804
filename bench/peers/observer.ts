// Who may look at the traffic of a pod while it is measured: nobody, our agent, tcpdump or tshark. Each is switched on for its turn and off after
// it, and says what it saw.
import { readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import type { AgentStatus } from '../../src/core/model/feed-message.ts';
import type { LabPod } from '../../test/helpers/netns-lab.ts';
import type { Server } from '../lib/bench-pods.ts';
import { withChildren } from '../lib/cpu-time.ts';
import { startNodeAgent } from '../lib/node-agent.ts';
import { start, type StartedProcess } from '../lib/started-process.ts';

/** What an observer saw in one turn. */
export interface Seen {
  /** Packets that the kernel had no room for; NaN where nobody looks. */
  readonly drops: number;
  /** Finished exchanges; NaN for who makes none. */
  readonly exchanges: number;
  /** Events that did not reach main, and gaps in streams; NaN likewise. */
  readonly lost: number;
  readonly gaps: number;
}

/** An observer that can be switched on and off. */
export interface Observer {
  readonly name: string;
  /** Its processes, while it is on. */
  readonly pids: () => readonly number[];
  on(): Promise<void>;
  /** Resolves when it has worked off what it got; its CPU time is read then. */
  settle(): Promise<void>;
  off(): Promise<Seen>;
  stop(): Promise<void>;
}

const sawNothing: Seen = { drops: Number.NaN, exchanges: Number.NaN, lost: Number.NaN, gaps: Number.NaN };
const nothing = (): Promise<void> => Promise.resolve();

/** Longer than a block of the ring waits to be full, and than an agent's counts are late, ms. */
const quietMs = 400;
/** After this, who still works has the rest for nothing, ms. */
const longestSettleMs = 20_000;

/** Resolves when a count has not grown for a while. */
async function untilQuiet(count: () => number | Promise<number>): Promise<void> {
  const deadlineMs = performance.now() + longestSettleMs;
  let before = -1;
  for (;;) {
    const now = await count();
    if (now === before || performance.now() > deadlineMs) return;
    before = now;
    await sleep(quietMs);
  }
}

/** Nobody looks. */
export const nobody: Observer = {
  name: 'tap off',
  pids: () => [],
  on: nothing,
  settle: () => sleep(quietMs),
  off: () => Promise.resolve(sawNothing),
  stop: nothing,
};

const place = ({ lostBy = {} }: AgentStatus, where: string): number => lostBy[where] ?? 0;

/** The real `agent --node`, one warm process: it is told of the pod, and that the pod has gone. */
export async function ourTap(server: Server, client: LabPod, directory: string): Promise<Observer> {
  const agent = await startNodeAgent({ name: 'tap', pods: [], policies: [], client, directory });
  let before = await agent.status();
  return {
    name: 'api-defense tap',
    pids: agent.pids,
    on: async () => {
      await agent.setPods([server]);
      before = await agent.status();
    },
    settle: () => untilQuiet(async () => (await agent.status()).requests),
    off: async () => {
      const now = await agent.status();
      await agent.setPods([]);
      const since = (where: string): number => place(now, where) - place(before, where);
      return {
        drops: since('tap-ring'),
        exchanges: now.requests - before.requests,
        lost: since('worker-ring'),
        gaps: since('tap-gap'),
      };
    },
    stop: agent.stop,
  };
}

/** A program that is started for each turn, as it has no pause. */
interface Capturing {
  readonly name: string;
  /** Of the shell, in the server's namespace. */
  readonly command: string;
  readonly begun: RegExp;
  readonly settle: () => Promise<void>;
  readonly seen: (said: string) => Seen;
}

function capture({ pod }: Server, { name, command, begun, settle, seen }: Capturing): Observer {
  let child: StartedProcess | undefined;
  const stop = async (): Promise<void> => {
    await child?.stop();
    child = undefined;
  };
  return {
    name,
    settle,
    stop,
    pids: () => (child === undefined ? [] : withChildren(child.pid)),
    on: async () => {
      child = start('sh', ['-c', `exec ip netns exec ${pod.name} ${command}`]);
      await child.line(begun);
    },
    off: async () => {
      const ended = child;
      await stop();
      return seen(ended?.output() ?? '');
    },
  };
}

const dropped = (said: string): number =>
  Number(/(\d+) packets? dropped/.exec(said)?.[1] ?? (said.includes('dropped') ? Number.NaN : 0));

/** tcpdump of the server's port into /dev/null. */
export const tcpdump = (server: Server): Observer =>
  capture(server, {
    name: 'tcpdump -w /dev/null',
    command: `tcpdump -i eth0 -n -w /dev/null tcp port ${server.port} 2>&1`,
    begun: /listening on/,
    settle: () => sleep(quietMs),
    seen: (said) => ({ ...sawNothing, drops: dropped(said) }),
  });

/** tshark with its HTTP dissector: one short line for each answer, into a file that tells what it saw. */
export function tshark(server: Server, directory: string): Observer {
  const file = join(directory, 'tshark.out');
  const dissect = `-d tcp.port==${server.port},http -Y http.response -T fields -e http.response.code`;
  return capture(server, {
    name: 'tshark',
    command: `tshark -n -l -i eth0 -f 'tcp port ${server.port}' ${dissect} 2>&1 >${file}`,
    begun: /Capturing on/,
    settle: () => untilQuiet(() => statSync(file).size),
    seen: (said) => ({ ...sawNothing, drops: dropped(said), exchanges: answersIn(file), lost: 0 }),
  });
}

/** Statuses in the file: several on a line where one frame held several answers. */
const answersIn = (file: string): number => readFileSync(file, 'latin1').match(/\d{3}/g)?.length ?? 0;
