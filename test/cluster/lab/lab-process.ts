// One run of the control plane's binary as a lab: started, asked, ended. The lab ends also when this process does, however that happens:
// its keeper reads a pipe that closes with us. Knows no tests and no Kubernetes.
import { spawn, type ChildProcess } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { once } from 'node:events';
import { z } from 'zod';

/** How pods of a node are joined, and how kube-proxy serves Services. */
export interface NetworkChoice {
  readonly cni: 'bridge' | 'ptp';
  readonly proxy: 'nftables' | 'iptables';
}

/** What a lab is told (test/cluster/control-plane/settings.go reads it). */
export interface LabSettings extends Partial<NetworkChoice> {
  /** In namespaces of its own, which takes root; else on loopback of the machine, without nodes. */
  readonly isolated: boolean;
  readonly nodes: readonly string[];
  /** Folder with containerd, runc and CNI plugins under usr/. */
  readonly packages: string;
  /** OCI archives that every node loads. */
  readonly images: readonly string[];
}

const factsSchema = z.object({
  kubeconfig: z.string(),
  server: z.string(),
  control: z.string(),
  nodes: z.array(z.object({ name: z.string(), ip: z.string() })),
  /** From its start until the control plane and, where there are some, nodes were ready. */
  millis: z.record(z.string(), z.number()),
});

const labFactsSchema = factsSchema.extend({ keeper: z.number(), folder: z.string() });

/** What a lab says of itself when it is ready; `keeper` is the process that ends and removes it, `folder` its only one. */
export type LabFacts = Readonly<z.infer<typeof labFactsSchema>>;

/** A lab that runs, or what kept it from starting: what a run's one lab is handed around as. */
export const labAnswerSchema = z.union([
  z.object({ facts: labFactsSchema }),
  z.object({ error: z.string() }),
]);

/** As the schema says. */
export type LabAnswer = z.infer<typeof labAnswerSchema>;

/** A lab of this process. */
export interface LabProcess extends AsyncDisposable {
  readonly facts: LabFacts;
}

/** The longest path of a socket is 107 bytes, and the folder's name has a lab's pattern, by which the next one finds what was left. */
const newFolder = (): string => join(tmpdir(), `api-defense-lab-${randomBytes(6).toString('hex')}`);

function firstLine(child: ChildProcess): Promise<string> {
  const { stdout, stderr } = child;
  if (stdout === null || stderr === null) throw new Error('a lab without output cannot be listened to');
  let errors = '';
  stderr.on('data', (chunk: Buffer) => (errors += chunk.toString()));
  return new Promise((resolve, reject) => {
    createInterface({ input: stdout }).on('line', resolve);
    child.once('error', reject);
    child.once('close', (code) =>
      reject(new Error(`The lab did not start (status ${String(code)}): ${errors.trim()}`)),
    );
  });
}

async function end(child: ChildProcess): Promise<void> {
  if (child.exitCode !== null || child.signalCode !== null) return;
  const ended = once(child, 'exit');
  child.stdin?.end();
  await ended;
}

/** Starts a lab and answers when it is ready. @throws Error with what its keeper wrote when it does not get there. */
export async function startLabProcess(binary: string, settings: LabSettings): Promise<LabProcess> {
  const folder = newFolder();
  const child = spawn(binary, ['lab', JSON.stringify({ dir: folder, ...settings })], {
    stdio: ['pipe', 'pipe', 'pipe'],
    // A session of its own: what ends a terminal's whole group leaves the keeper time to clean up.
    detached: true,
  });
  try {
    const facts = factsSchema.parse(JSON.parse(await firstLine(child)));
    return {
      facts: { ...facts, keeper: child.pid ?? 0, folder },
      [Symbol.asyncDispose]: () => end(child),
    };
  } catch (error) {
    await end(child);
    throw error;
  }
}

const answerSchema = z.object({ error: z.string().optional(), pid: z.number().optional() });

/** What a lab can do with one of its processes: `kube-apiserver`, `kube-controller-manager`, `kube-scheduler`, `coredns` or a node. */
export type LabOrder = 'stop' | 'kill' | 'start' | 'pid';

/** Gives a lab an order and answers when it is done, for `pid` with the process' number in the lab's own pid namespace. @throws Error with the lab's refusal. */
export async function tellLab(control: string, order: LabOrder, name: string): Promise<number | undefined> {
  const socket = connect(control);
  try {
    socket.write(`${JSON.stringify({ do: order, name })}\n`);
    const lines = createInterface({ input: socket });
    const [line] = (await once(lines, 'line')) as readonly unknown[];
    const { error, pid } = answerSchema.parse(JSON.parse(String(line)));
    if (error !== undefined) throw new Error(`The lab did not ${order} ${name}: ${error}`);
    return pid;
  } finally {
    socket.destroy();
  }
}
