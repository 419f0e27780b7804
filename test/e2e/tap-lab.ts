// Namespaces that stand for pods, joined by a bridge in a namespace of its own, so that the machine's own network is not touched. Everything
// is removed by `remove`, which also ends what runs inside.
import { execFileSync, spawn, type ChildProcess } from 'node:child_process';
import { createInterface } from 'node:readline';
import { withoutTools } from '../helpers/debian-tools.ts';
import { noNamespaces } from '../helpers/netns-lab.ts';

export { noNamespaces };

/** Why there can be no load by wrk. */
export const noWrk = noNamespaces || withoutTools('wrk');

/** A pod of the lab; its interface is `eth0`. */
export interface LabPod {
  readonly name: string;
  /** The file of its namespace. */
  readonly netns: string;
  readonly v4: string;
  readonly v6: string;
}

/** A process in a pod. */
export interface LabProcess {
  readonly child: ChildProcess;
  /** The first line of its output, from the start, that matches. */
  line(pattern: RegExp): Promise<RegExpExecArray>;
  /** Resolves with everything it wrote when it has ended by itself with status 0. */
  done(): Promise<string>;
  say(text: string): void;
}

export interface TapLab {
  readonly pods: readonly LabPod[];
  /** `ip` in a pod. */
  ip(pod: LabPod, ...words: readonly string[]): void;
  run(pod: LabPod, command: string, ...words: readonly string[]): LabProcess;
  remove(): void;
}

const ip = (...words: readonly string[]): void => {
  execFileSync('ip', words, { stdio: ['ignore', 'ignore', 'pipe'] });
};

function listen(child: ChildProcess): LabProcess {
  let output = '';
  const waiting = new Set<() => void>();
  const { stdout } = child;
  if (stdout === null) throw new Error('no output to listen to');
  createInterface({ input: stdout }).on('line', (text) => {
    output += `${text}\n`;
    for (const look of waiting) look();
  });
  let errors = '';
  child.stderr?.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  const ended = new Promise<string>((resolve, reject) => {
    child.once('error', reject);
    child.once('close', (status) => {
      if (status === 0) resolve(output);
      else reject(new Error(`${child.spawnargs.join(' ')} ended with ${status ?? 'a signal'}: ${errors}`));
    });
  });
  ended.catch(() => undefined);
  const found = (pattern: RegExp): Promise<RegExpExecArray> =>
    new Promise((resolve) => {
      const look = (): void => {
        const match = pattern.exec(output);
        if (match === null) return;
        waiting.delete(look);
        resolve(match);
      };
      waiting.add(look);
      look();
    });
  return {
    child,
    line: (pattern) =>
      Promise.race([
        found(pattern),
        ended.then((all) => pattern.exec(all) ?? Promise.reject(new Error(`it only said: ${all}`))),
      ]),
    done: () => ended,
    say: (text) => void child.stdin?.write(`${text}\n`),
  };
}

/** A bridge and `count` pods, 10.77.0.2, 10.77.0.3, … and fd77::2, …. Throws, after cleaning up, when the machine refuses. */
export function createTapLab(count: number): TapLab {
  const name = (part: string): string => `ad-tap-${process.pid}-${part}`;
  const bridge = name('bridge');
  const made: string[] = [];
  const children = new Set<ChildProcess>();
  const addNamespace = (namespace: string): void => {
    ip('netns', 'add', namespace);
    made.push(namespace);
    ip('-n', namespace, 'link', 'set', 'lo', 'up');
  };
  const remove = (): void => {
    for (const child of children) child.kill('SIGKILL');
    for (const namespace of made.splice(0)) ip('netns', 'del', namespace);
  };
  const addPod = (index: number): LabPod => {
    const pod = name(`pod${index}`);
    const [v4, v6, port] = [`10.77.0.${index + 2}`, `fd77::${index + 2}`, `port${index}`];
    addNamespace(pod);
    ip('-n', bridge, 'link', 'add', port, 'type', 'veth', 'peer', 'name', 'eth0', 'netns', pod);
    ip('-n', bridge, 'link', 'set', port, 'master', 'br0', 'up');
    ip('-n', pod, 'addr', 'add', `${v4}/24`, 'dev', 'eth0');
    ip('-n', pod, 'addr', 'add', `${v6}/64`, 'dev', 'eth0', 'nodad');
    ip('-n', pod, 'link', 'set', 'eth0', 'up');
    return { name: pod, netns: `/run/netns/${pod}`, v4, v6 };
  };
  process.once('exit', remove);
  try {
    addNamespace(bridge);
    ip('-n', bridge, 'link', 'add', 'br0', 'type', 'bridge');
    ip('-n', bridge, 'link', 'set', 'br0', 'up');
    const pods = Array.from({ length: count }, (_, index) => addPod(index));
    return {
      pods,
      ip: (pod, ...words) => ip('-n', pod.name, ...words),
      run(pod, command, ...words) {
        const child = spawn('ip', ['netns', 'exec', pod.name, command, ...words]);
        children.add(child);
        child.once('exit', () => children.delete(child));
        return listen(child);
      },
      remove,
    };
  } catch (error) {
    remove();
    throw error;
  }
}
