// Network namespaces that stand for pods, joined by a bridge in a namespace of its own, so that the machine's own network is not touched.
// Everything is removed at the end of the test, also when it fails, and what runs inside is ended.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { createInterface } from 'node:readline';
import { withoutTools } from './debian-tools.ts';
import { lacking } from './unless.ts';

/** Why there can be no lab here, '' when there can. */
export const noNamespaces =
  lacking(process.platform === 'linux', 'network namespaces are of Linux') ||
  lacking(process.getuid?.() === 0, 'making network namespaces takes root') ||
  withoutTools('ip');

/** Why no rules can be put into a namespace here, or compared with what the machine's own tools say. */
export const noRules = noNamespaces || withoutTools('libnftables', 'nft', 'ss', 'sysctl');

/** One pod of the lab; its interface is `eth0`. */
export interface LabPod {
  readonly name: string;
  /** The file of its namespace. */
  readonly path: string;
  readonly ipv4: string;
  readonly ipv6: string;
}

/** A Node program in a pod that answers each line of JSON it is told by a line of JSON with the same `id`. */
export interface Hands {
  readonly child: ChildProcess;
  /** Asks; rejects with what the program wrote to standard error when it ends instead of answering. */
  ask(order: Readonly<Record<string, unknown>>): Promise<unknown>;
}

export interface NetnsLab extends Disposable {
  /** By the names given, in order 10.77.0.2 and fd77::2, 10.77.0.3 … */
  readonly pods: Readonly<Record<string, LabPod>>;
  /** Runs a command in a pod and answers its output. @throws Error with what it wrote to standard error. */
  run(...call: readonly [pod: LabPod, command: string, words: readonly string[], input?: string]): string;
  /** Puts a pod into one more network, the first, second …, by an interface `net1`, `net2` …; answers its IPv4 address there, 10.78.1.2 … */
  join(pod: LabPod, network: number): string;
  /** Takes a pod off the bridge and removes its namespace's name, as happens when a pod ends. */
  remove(pod: LabPod): void;
  /** Starts a script of `test/e2e` in a pod. */
  start(pod: LabPod, script: string, ...words: readonly string[]): Hands;
}

function run(command: string, words: readonly string[], input = ''): string {
  return execFileSync(command, words, { input, stdio: ['pipe', 'pipe', 'pipe'] }).toString();
}
const ip = (...words: readonly string[]): string => run('ip', words);

/** Answers come back in any order. */
function handsOf(child: ChildProcess): Hands {
  const waiting = new Map<number, PromiseWithResolvers<unknown>>();
  let last = 0;
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  if (child.stdout === null) throw new Error('no output to listen to');
  createInterface({ input: child.stdout }).on('line', (line) => {
    const { id, answer } = JSON.parse(line) as { readonly id: number; readonly answer: unknown };
    waiting.get(id)?.resolve(answer);
    waiting.delete(id);
  });
  child.once('close', () => {
    for (const { reject } of waiting.values())
      reject(new Error(`${child.spawnargs.join(' ')} ended: ${errors}`));
  });
  child.stdin?.on('error', () => undefined);
  return {
    child,
    ask(order) {
      const id = ++last;
      const answered = Promise.withResolvers<unknown>();
      waiting.set(id, answered);
      child.stdin?.write(`${JSON.stringify({ id, ...order })}\n`);
      return answered.promise;
    },
  };
}

/** What has been made so far. */
interface Made {
  readonly namespaces: string[];
  readonly children: Set<ChildProcess>;
}

function addNamespace({ namespaces }: Made, name: string): void {
  ip('netns', 'add', name);
  namespaces.push(name);
  ip('-n', name, 'link', 'set', 'lo', 'up');
}

function addPod(made: Made, bridge: string, { name, index }: { name: string; index: number }): LabPod {
  const pod = `${bridge}-${name}`;
  const [ipv4, ipv6, port] = [`10.77.0.${index + 2}`, `fd77::${index + 2}`, `port${index}`];
  addNamespace(made, pod);
  ip('-n', bridge, 'link', 'add', port, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', pod);
  ip('-n', bridge, 'link', 'set', port, 'master', 'br0', 'up');
  ip('-n', pod, 'addr', 'add', `${ipv4}/24`, 'dev', 'eth0');
  ip('-n', pod, 'addr', 'add', `${ipv6}/64`, 'dev', 'eth0', 'nodad');
  ip('-n', pod, 'link', 'set', 'eth0', 'up');
  return { name: pod, path: `/run/netns/${pod}`, ipv4, ipv6 };
}

function joinNetwork(bridge: string, { name, ipv4 }: LabPod, network: number): string {
  const [switchName, member] = [`br${network}`, ipv4.split('.').at(-1) ?? ''];
  const [port, address] = [`n${network}port${member}`, `10.78.${network}.${member}`];
  if (!ip('-n', bridge, '-br', 'link').includes(`${switchName} `)) {
    ip('-n', bridge, 'link', 'add', switchName, 'type', 'bridge');
    ip('-n', bridge, 'link', 'set', switchName, 'up');
  }
  ip('-n', bridge, 'link', 'add', port, 'type', 'veth', 'peer', 'name', `net${network}`, 'netns', name);
  ip('-n', bridge, 'link', 'set', port, 'master', switchName, 'up');
  ip('-n', name, 'addr', 'add', `${address}/24`, 'dev', `net${network}`);
  ip('-n', name, 'link', 'set', `net${network}`, 'up');
  return address;
}

function removeAll({ namespaces, children }: Made): void {
  for (const child of children) child.kill('SIGKILL');
  for (const namespace of namespaces.splice(0)) ip('netns', 'del', namespace);
}

function removePod({ namespaces }: Made, { name }: LabPod): void {
  ip('-n', name, 'link', 'del', 'eth0');
  ip('netns', 'del', name);
  namespaces.splice(namespaces.indexOf(name), 1);
}

/** Namespaces of labs whose test was killed: nobody else would ever remove them. */
function removeOrphans(): void {
  for (const line of ip('netns', 'list').split('\n')) {
    const [, name, pid] = /^(ad-(?:tap-)?(\d+)-\S+)/.exec(line) ?? [];
    if (name !== undefined && !existsSync(`/proc/${pid ?? ''}`)) ip('netns', 'del', name);
  }
}

let labs = 0;

/** A bridge and a pod for each name. Throws, after cleaning up, when the machine refuses. */
export function createNetnsLab(names: readonly string[]): NetnsLab {
  const bridge = `ad-${process.pid}-${++labs}`;
  const made: Made = { namespaces: [], children: new Set() };
  const clean = (): void => removeAll(made);
  process.once('exit', clean);
  if (labs === 1) removeOrphans();
  try {
    addNamespace(made, bridge);
    ip('-n', bridge, 'link', 'add', 'br0', 'type', 'bridge');
    ip('-n', bridge, 'link', 'set', 'br0', 'up');
    return {
      pods: Object.fromEntries(names.map((name, index) => [name, addPod(made, bridge, { name, index })])),
      run: (...[pod, command, words, input]) =>
        run('ip', ['netns', 'exec', pod.name, command, ...words], input),
      join: (pod, network) => joinNetwork(bridge, pod, network),
      remove: (pod) => removePod(made, pod),
      start(pod, script, ...words) {
        const path = new URL(`../e2e/${script}`, import.meta.url).pathname;
        const child = spawn('ip', ['netns', 'exec', pod.name, process.execPath, path, ...words]);
        made.children.add(child);
        child.once('exit', () => made.children.delete(child));
        return handsOf(child);
      },
      [Symbol.dispose]() {
        process.off('exit', clean);
        clean();
      },
    };
  } catch (error) {
    process.off('exit', clean);
    clean();
    throw error;
  }
}
