// A lab shows nothing of itself on the machine while it runs but one port of loopback, and leaves nothing however it ends.
import { spawn, type ChildProcess } from 'node:child_process';
import { once } from 'node:events';
import { connect } from 'node:net';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { expect, onTestFinished, test } from 'vitest';
import { describeUnless, testUnless } from '../helpers/unless.ts';
import { labCluster } from './lab/cluster.ts';
import { labAnswerSchema, type LabFacts } from './lab/lab-process.ts';
import { leftOf, machineState, tracesOf } from './lab/machine-state.ts';
import { deploy, nodeDeployment, podPort } from './lab/pods.ts';
import { startLab, type Tier } from './lab/preparations.ts';
import { configOf, noLab, noNodes, prepared } from './lab/shared-cluster.ts';

const isOpen = (port: number): Promise<boolean> =>
  new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    socket.once('connect', () => resolve(true)).once('error', () => resolve(false));
    socket.once('close', () => socket.destroy());
  });

/** Pods whose volumes are mounted, with shims, namespaces and cgroups of their own. */
async function fill(facts: LabFacts): Promise<void> {
  const script = `require('node:http').createServer((_, response) => response.end()).listen(${podPort})`;
  const deployment = nodeDeployment({ name: 'web', namespace: 'default', replicas: 2, script });
  await deploy(configOf(labCluster(facts, prepared.packages)), deployment);
}

async function parentOf(tier: Tier): Promise<{ parent: ChildProcess; facts: LabFacts }> {
  const script = join(import.meta.dirname, 'lab-parent.ts');
  const parent = spawn(process.execPath, [script, JSON.stringify({ tier, prepared })], {
    stdio: ['ignore', 'pipe', 'inherit'],
  });
  onTestFinished(() => void parent.kill('SIGKILL'));
  const [line] = (await once(createInterface({ input: parent.stdout }), 'line')) as readonly unknown[];
  const answer = labAnswerSchema.parse(JSON.parse(String(line)));
  if ('error' in answer) throw new Error(answer.error);
  return { parent, facts: answer.facts };
}

describeUnless(noNodes)('a lab with nodes and pods', () => {
  test('changes nothing of the machine while it runs, and leaves nothing when it is ended', async () => {
    const before = machineState();
    const lab = await startLab('node', prepared);
    try {
      await fill(lab.facts);
      const traces = tracesOf(lab.facts);
      // A control plane, two nodes and a network for each of two pods; etcd is inside of the first process.
      expect(traces.networks.length).toBe(5);
      expect(traces.pids.length).toBeGreaterThan(15);
      expect(leftOf(traces).length).toBeGreaterThan(traces.pids.length + traces.networks.length);
      expect(machineState()).toEqual(before);
      await lab[Symbol.asyncDispose]();
      expect(leftOf(traces)).toEqual([]);
      expect(machineState()).toEqual(before);
      expect(await isOpen(Number(new URL(lab.facts.server).port))).toBe(false);
    } finally {
      await lab[Symbol.asyncDispose]();
    }
  });

  test('leaves nothing when the process that started it is killed', async () => {
    const before = machineState();
    const { parent, facts } = await parentOf('node');
    await fill(facts);
    const traces = tracesOf(facts);
    expect(leftOf(traces)).not.toEqual([]);
    parent.kill('SIGKILL');
    await expect.poll(() => leftOf(traces)).toEqual([]);
    expect(machineState()).toEqual(before);
  });

  test('ends when its keeper is killed, and the next lab removes the files of it', async () => {
    const { facts } = await parentOf('node');
    const traces = tracesOf(facts);
    process.kill(facts.keeper, 'SIGKILL');
    const isFile = (left: string): boolean => left.startsWith('/');
    await expect.poll(() => leftOf(traces).filter((left) => !isFile(left))).toEqual([]);
    expect(leftOf(traces).filter(isFile)).toContain(facts.folder);
    await using next = await startLab('api', prepared);
    expect(next.facts.folder).not.toBe(facts.folder);
    expect(leftOf(traces)).toEqual([]);
  });
});

testUnless(noLab)(
  'a control plane alone leaves nothing when the process that started it is killed',
  async () => {
    const { parent, facts } = await parentOf('api');
    const traces = tracesOf(facts);
    expect(leftOf(traces)).not.toEqual([]);
    parent.kill('SIGKILL');
    await expect.poll(() => leftOf(traces)).toEqual([]);
  },
);
