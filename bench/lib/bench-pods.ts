// Pods of the bench: namespaces on a bridge, a caller, and servers with the upstream of every measurement in them.
import { join } from 'node:path';
import type { LoadPlace } from '../load/place.ts';
import { createNetnsLab, noRules, type LabPod } from '../../test/helpers/netns-lab.ts';
import type { ServedPod } from './node-agent.ts';
import { start, type StartedProcess } from './started-process.ts';

/** A pod whose upstream listens. */
export interface Server extends ServedPod {
  readonly port: number;
  /** From where it is called, and by which address. */
  readonly place: LoadPlace;
  readonly upstream: StartedProcess;
}

/** Everything of it is removed by `remove`, and when the bench ends. */
export interface BenchPods {
  readonly client: LabPod;
  readonly servers: readonly Server[];
  /** Pods in which nothing runs. */
  readonly quiet: readonly LabPod[];
  /** What a GET of the path at that place and port is answered with, from the caller's pod; 0 without an answer. */
  readonly ask: (place: LoadPlace, port: number, path: string) => number;
  readonly remove: () => Promise<void>;
}

const loads = join(import.meta.dirname, '..', 'load');

/** @throws Error with the reason when this machine has no namespaces or no nftables. */
export async function createBenchPods(servers: number, quiet = 0): Promise<BenchPods> {
  if (noRules !== '') throw new Error(`pods cannot be made here: ${noRules}`);
  const names = [
    'client',
    ...Array.from({ length: servers }, (_, index) => `server${index}`),
    ...Array.from({ length: quiet }, (_, index) => `quiet${index}`),
  ];
  const lab = createNetnsLab(names);
  const [client, ...others] = Object.values(lab.pods);
  if (client === undefined) throw new Error('there is a client');
  const started: Server[] = [];
  const remove = async (): Promise<void> => {
    for (const { upstream } of started) await upstream.stop();
    lab[Symbol.dispose]();
  };
  try {
    for (const pod of others.slice(0, servers)) started.push(await serve(pod, client));
  } catch (error) {
    await remove();
    throw error;
  }
  return {
    ...{ client, remove, servers: started, quiet: others.slice(servers) },
    ask: ({ host }, port, path) =>
      Number(lab.run(client, process.execPath, [join(loads, 'ask-main.ts'), host, String(port), path])),
  };
}

async function serve(pod: LabPod, client: LabPod): Promise<Server> {
  const main = join(loads, 'upstream-main.ts');
  const upstream = start('ip', ['netns', 'exec', pod.name, process.execPath, main, '0.0.0.0']);
  const [, text] = await upstream.line(/^port (\d+)/);
  const port = Number(text);
  return { pod, port, ports: [port], upstream, place: { netns: client.name, host: pod.ipv4 } };
}
