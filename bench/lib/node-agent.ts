// The real `agent --node` as a process of the bench: its pods' file, its folder of policies and its feed. Knows no load.
import {
  existsSync,
  mkdirSync,
  mkdtempSync,
  renameSync,
  symlinkSync,
  utimesSync,
  writeFileSync,
} from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { stringify } from 'yaml';
import { statusSchema, type AgentStatus } from '../../src/core/model/feed-message.ts';
import { nodeStatusSchema, type NodeStatus } from '../../src/core/model/node-status.ts';
import type { Policy } from '../../src/core/policy/schema.ts';
import { createLiveFeed } from '../../src/io/feed/live-feed.ts';
import type { LabPod } from '../../test/helpers/netns-lab.ts';
import { withChildren } from './cpu-time.ts';
import { start } from './started-process.ts';
import { within } from './within.ts';

/** A pod that serves: a Deployment of its name in namespace `shop`. */
export interface ServedPod {
  readonly pod: LabPod;
  /** Absent: the agent looks what it listens on. */
  readonly ports?: readonly number[];
}

/** What an agent is started with. */
export interface AgentWanted {
  /** Of the agent and of its folder: one at a time has it. */
  readonly name: string;
  readonly pods: readonly ServedPod[];
  /** Calls from another node: known as Deployment `web`, not enrolled here. */
  readonly client: LabPod;
  readonly policies: readonly Policy[];
  readonly directory: string;
}

/** An agent at work. */
export interface NodeAgent {
  /** From the start of the process until it says where its feed is, ms. */
  readonly startMs: number;
  /** Folder of its policies. */
  readonly policies: string;
  /** Watchdog and agent. */
  readonly pids: () => readonly number[];
  /** Replaces the pods of the node; resolves when exactly these are tapped. */
  readonly setPods: (pods: readonly ServedPod[]) => Promise<void>;
  readonly status: () => Promise<AgentStatus>;
  readonly node: () => Promise<NodeStatus>;
  readonly stop: () => Promise<void>;
}

const program = join(import.meta.dirname, '..', '..', 'bin', 'kubectl-api_defense.js');
/** The longest that pods may take to be tapped, or an agent to begin; 10,000 policies and 100 pods are in it, ms. */
const beginMs = 120_000;
const askEveryMs = 20;
/** Of policies that stood before the agent began. */
const writtenAt = new Date('2026-01-01T00:00:00Z');

const workload = (name: string): unknown => ({ kind: 'Deployment', name });

/** The file of pods, as it is written. */
export const podsFile = (pods: readonly ServedPod[], client: LabPod): unknown => ({
  pods: pods.map(({ pod, ports }, index) => ({
    name: `api-${index}`,
    namespace: 'shop',
    workload: workload(`api-${index}`),
    addresses: [pod.ipv4],
    ...(ports === undefined ? {} : { ports }),
  })),
  peers: [{ name: 'web-0', namespace: 'shop', workload: workload('web'), addresses: [client.ipv4] }],
});

function replaceFile(path: string, text: string): void {
  writeFileSync(`${path}.new`, text);
  renameSync(`${path}.new`, path);
}

/** Where the agent looks for namespaces: other than the machine's own folder, in which others may have theirs. */
function linkNamespaces(folder: string, pods: readonly ServedPod[]): void {
  for (const { pod } of pods) {
    const path = join(folder, pod.name);
    if (!existsSync(path)) symlinkSync(pod.path, path);
  }
}

/** Everything that the agent reads, in a folder of its own. */
function writeFiles({ name, pods, client, policies, directory }: AgentWanted): {
  readonly own: string;
  readonly folders: { readonly netns: string; readonly policies: string };
  readonly podsPath: string;
} {
  const own = mkdtempSync(join(directory, `${name}-`));
  const folders = { netns: join(own, 'netns'), policies: join(own, 'policies') };
  for (const folder of Object.values(folders)) mkdirSync(folder);
  linkNamespaces(folders.netns, pods);
  for (const policy of policies) {
    const path = join(folders.policies, `${policy.metadata.name}.yaml`);
    writeFileSync(path, stringify(policy));
    // What changed a moment ago is read twice.
    utimesSync(path, writtenAt, writtenAt);
  }
  const podsPath = join(own, 'pods.yaml');
  replaceFile(podsPath, stringify(podsFile(pods, client)));
  return { own, folders, podsPath };
}

/** Resolves when the agent says where its feed is: what its policies ask for stands by then. */
export async function startNodeAgent(wanted: AgentWanted): Promise<NodeAgent> {
  const { own, folders, podsPath } = writeFiles(wanted);
  const socket = join(own, 'feed.sock');
  const words = [
    ...[process.execPath, program, 'agent', '--node', '--name', wanted.name, '--feed', `unix:${socket}`],
    ...['--pods', podsPath, '--policies', folders.policies, '--netns', folders.netns, '--drain', '1s'],
  ];
  const startedMs = performance.now();
  // What an agent says goes to its standard error.
  const child = start('sh', ['-c', 'exec "$@" 2>&1', 'sh', ...words]);
  await within(beginMs, `the agent ${wanted.name} begins`, child.line(/^feed at /));
  const startMs = performance.now() - startedMs;
  const feed = createLiveFeed({ address: { type: 'unix', path: socket }, subscribe: false });
  feed.start(() => undefined);
  const node = async (): Promise<NodeStatus> => nodeStatusSchema.parse(await feed.request({ op: 'node' }));
  return {
    startMs,
    policies: folders.policies,
    pids: () => withChildren(child.pid),
    status: async () => statusSchema.parse(await feed.request({ op: 'status' })),
    node,
    async setPods(pods) {
      linkNamespaces(folders.netns, pods);
      replaceFile(podsPath, stringify(podsFile(pods, wanted.client)));
      const isDone = async (): Promise<boolean> => {
        const { pods: now } = await node();
        return now.length === pods.length && now.every(({ tap }) => tap);
      };
      const tries = beginMs / askEveryMs;
      for (let tried = 0; !(await isDone()); tried++) {
        if (tried > tries) throw new Error('the pods are not tapped');
        await sleep(askEveryMs);
      }
    },
    async stop() {
      await feed.close();
      await child.stop();
    },
  };
}
