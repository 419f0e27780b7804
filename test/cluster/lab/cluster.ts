// A cluster to test against: one of our own in a lab, or one that KUBECONFIG names. Tests see only this.
import { execFile } from 'node:child_process';
import { createReadStream, readFileSync } from 'node:fs';
import { pidOfInner } from './lab-pids.ts';
import { tellLab, type LabFacts, type LabOrder } from './lab-process.ts';

/** A node of the lab. */
export interface LabNode {
  readonly name: string;
  readonly ip: string;
}

/** A cluster. What only a lab has throws, with that reason, when it is somebody's own. */
export interface Cluster {
  readonly kubeconfigPath: string;
  /** Of the lab; none in one that is only a control plane, or somebody's own. */
  readonly nodes: readonly LabNode[];
  readonly facts: LabFacts | undefined;
  /** Runs a command in all namespaces of a node and answers its output. @throws Error with what it wrote to standard error. */
  exec(node: string, command: string, ...words: readonly string[]): Promise<string>;
  /** Gives every node an image, an OCI archive on this machine. */
  loadImage(path: string): Promise<void>;
  /** Stops, kills or starts a process of the lab: a component of the control plane, or a whole node by its name. */
  tell(order: Exclude<LabOrder, 'pid'>, name: string): Promise<void>;
  /** What a component has logged: `kube-apiserver`, `n1/kubelet`. */
  log(component: string): string;
}

const outputLimitBytes = 64 << 20;

function noLab(): never {
  throw new Error(
    'The cluster is not a lab of these tests but the one of KUBECONFIG: its machines are not touched.',
  );
}

/** A cluster of somebody's own. */
export const ownCluster = (kubeconfigPath: string): Cluster => ({
  kubeconfigPath,
  nodes: [],
  facts: undefined,
  exec: noLab,
  loadImage: noLab,
  tell: noLab,
  log: noLab,
});

interface Inside {
  readonly node: string;
  readonly command: readonly string[];
  /** A file that the command reads as its standard input. */
  readonly input?: string;
}

async function execIn(facts: LabFacts, { node, command, input }: Inside): Promise<string> {
  const inner = await tellLab(facts.control, 'pid', node);
  const pid = pidOfInner(facts.keeper, inner ?? 0);
  const enter = [`--target=${pid}`, '--mount', '--uts', '--ipc', '--net', '--pid', '--', ...command];
  return new Promise((resolve, reject) => {
    const child = execFile('nsenter', enter, { maxBuffer: outputLimitBytes }, (error, stdout) => {
      if (error === null) resolve(stdout);
      else reject(new Error(error.message, { cause: error }));
    });
    if (input === undefined) child.stdin?.end();
    else if (child.stdin !== null) createReadStream(input).pipe(child.stdin);
    // A command that ends before it has read its input says so by its status.
    child.stdin?.on('error', () => undefined);
  });
}

/** The cluster of a lab that runs. */
export function labCluster(facts: LabFacts, packages: string): Cluster {
  const ctr = `${packages}/usr/bin/ctr`;
  return {
    kubeconfigPath: facts.kubeconfig,
    nodes: facts.nodes,
    facts,
    exec: (node, ...command) => execIn(facts, { node, command }),
    async loadImage(input) {
      for (const { name } of facts.nodes)
        await execIn(facts, {
          node: name,
          command: [ctr, '--namespace=k8s.io', 'images', 'import', '-'],
          input,
        });
    },
    async tell(order, name) {
      await tellLab(facts.control, order, name);
    },
    log: (component) => readFileSync(`${facts.folder}/logs/${component}.log`, 'utf8'),
  };
}
