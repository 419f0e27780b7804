// Who may look at the traffic of a namespace while it is measured: nobody, our tap, or tcpdump. Each is switched on for its turn and off after
// it, and says what it saw.
import { join } from 'node:path';
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
  off(): Promise<Seen>;
  stop(): Promise<void>;
}

/** The server that is looked at. */
export interface Observed {
  /** Name as `ip netns` knows it. */
  readonly netns: string;
  readonly host: string;
  readonly port: number;
}

const sawNothing: Seen = { drops: Number.NaN, exchanges: Number.NaN, lost: Number.NaN, gaps: Number.NaN };
const nothing = (): Promise<void> => Promise.resolve();

/** Nobody looks. */
export const nobody: Observer = {
  name: 'tap off',
  pids: () => [],
  on: nothing,
  off: () => Promise.resolve(sawNothing),
  stop: nothing,
};

/** Our tap, one warm process: attached and detached. */
export async function ourTap({ netns, host, port }: Observed): Promise<Observer> {
  const main = join(import.meta.dirname, 'tap-main.ts');
  const child = start(process.execPath, [main, `/run/netns/${netns}`, host, String(port)]);
  await child.line(/^ready/);
  let turn = 0;
  let lostBefore = 0;
  return {
    name: 'api-defense tap',
    pids: () => [child.pid],
    on: async () => {
      process.kill(child.pid, 'SIGUSR2');
      await child.line(new RegExp(`^on ${++turn}$`));
    },
    off: async () => {
      process.kill(child.pid, 'SIGUSR2');
      const [, text = ''] = await child.line(new RegExp(`^off ${turn} (.*)$`));
      const counts = JSON.parse(text) as Seen;
      const lost = counts.lost - lostBefore;
      lostBefore = counts.lost;
      return { ...counts, lost };
    },
    stop: child.stop,
  };
}

/** tcpdump of the server's port into /dev/null: started for each turn, as it has no pause. */
export function tcpdump({ netns, port }: Observed): Observer {
  let child: StartedProcess | undefined;
  const command = `exec ip netns exec ${netns} tcpdump -i eth0 -n -w /dev/null tcp port ${port} 2>&1`;
  const stop = async (): Promise<void> => {
    await child?.stop();
    child = undefined;
  };
  return {
    name: 'tcpdump -w /dev/null',
    pids: () => (child === undefined ? [] : [child.pid]),
    on: async () => {
      child = start('sh', ['-c', command]);
      await child.line(/listening on/);
    },
    off: async () => {
      const ended = child;
      await stop();
      const drops = /(\d+) packets dropped by kernel/.exec(ended?.output() ?? '')?.[1];
      return { ...sawNothing, drops: Number(drops ?? Number.NaN) };
    },
    stop,
  };
}
