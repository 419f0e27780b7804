// Nodes that are objects alone: what a kubelet would say of itself and of its pods is said by the test, so that real controllers roll out, replace
// and remove pods without anything that runs.
import { CoreV1Api, type KubeConfig } from '@kubernetes/client-node';
import type { KubeApi } from '../../src/io/kube/api/kube-api.ts';
import { fieldOf, textOf, type KubeObject } from '../../src/io/kube/api/kube-object.ts';
import { apiVersionOf, kinds } from '../../src/io/kube/api/resource-kind.ts';
import { startReflector, type Reflector } from '../../src/io/kube/watch/reflector.ts';

/** How pods do on these nodes; may be changed while they are there. */
export interface PaperWill {
  /** What is in the way of a pod, as its container's waiting reason; undefined: it becomes ready. */
  problem: (pod: PaperPod) => { reason: string; message: string } | undefined;
  /** With which status its container ends when it is told to; `undefined`: the node is gone, and it never does. */
  ends: (pod: PaperPod) => number | undefined;
  /** What a hub would write of every policy: whether it stands, and in which words. */
  programmed: { status: 'True' | 'Unknown'; message: string };
}

/** A pod of a paper node. */
export interface PaperPod {
  readonly name: string;
  readonly namespace: string;
  readonly uid: string;
  readonly node: string;
  readonly leaving: boolean;
  readonly ready: boolean;
}

/** Nodes until they are disposed of. */
export interface PaperNodes extends AsyncDisposable {
  readonly will: PaperWill;
  /** Has every pod looked at again, after `will` was changed. */
  again(): void;
}

const condition = (type: string, status: string): object => ({
  ...{ type, status, reason: 'Paper', lastTransitionTime: new Date(0).toISOString() },
});

const nodeStatus = (): object => ({
  conditions: [{ ...condition('Ready', 'True'), lastHeartbeatTime: new Date().toISOString() }],
  capacity: { cpu: '64', memory: '64Gi', pods: '110' },
  allocatable: { cpu: '64', memory: '64Gi', pods: '110' },
});

function paperPod({ meta, raw }: KubeObject): PaperPod {
  const conditions = fieldOf(raw['status'], 'conditions');
  const isReady = (each: unknown): boolean =>
    fieldOf(each, 'type') === 'Ready' && fieldOf(each, 'status') === 'True';
  return {
    ...{ name: meta.name, namespace: meta.namespace ?? '', uid: meta.uid },
    node: textOf(fieldOf(raw['spec'], 'nodeName')) ?? '',
    leaving: meta.deletionTimestamp !== undefined,
    ready: Array.isArray(conditions) && conditions.some(isReady),
  };
}

const containerOf = ({ name }: PaperPod): string => (name.includes('-hub-') ? 'hub' : 'agent');

const statusOf = (pod: PaperPod, state: object, ready: boolean): Readonly<Record<string, unknown>> => ({
  ...{ phase: 'Running', startTime: new Date().toISOString() },
  conditions: ['PodScheduled', 'Initialized', 'ContainersReady', 'Ready'].map((type) =>
    condition(type, ready || type === 'PodScheduled' ? 'True' : 'False'),
  ),
  containerStatuses: [
    {
      ...{ name: containerOf(pod), image: 'none', imageID: '', ready, restartCount: 0, started: ready },
      state,
    },
  ],
});

interface Tools {
  readonly api: KubeApi;
  readonly core: CoreV1Api;
  readonly will: PaperWill;
}

/** What its kubelet does about a pod now. */
async function tend({ api, core, will }: Tools, pod: PaperPod): Promise<void> {
  const { name, namespace } = pod;
  const say = (state: object, ready: boolean): Promise<unknown> =>
    api.patchStatus(kinds.pods, { name, namespace }, statusOf(pod, state, ready));
  if (pod.leaving) {
    const exitCode = will.ends(pod);
    if (exitCode === undefined) return;
    await say({ terminated: { exitCode, reason: exitCode === 0 ? 'Completed' : 'Error' } }, false);
    await core.deleteNamespacedPod({ name, namespace, gracePeriodSeconds: 0 });
    return;
  }
  const waiting = will.problem(pod);
  if (waiting !== undefined) await say({ waiting }, false);
  else if (!pod.ready) await say({ running: { startedAt: new Date().toISOString() } }, true);
}

async function makeNodes(api: KubeApi, names: readonly string[]): Promise<void> {
  for (const name of names) {
    const labels = { 'kubernetes.io/os': 'linux', 'kubernetes.io/hostname': name };
    await api.create(kinds.nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name, labels } });
  }
  await sayReady(api, names);
}

async function sayReady(api: KubeApi, names: readonly string[]): Promise<void> {
  for (const name of names) await api.patchStatus(kinds.nodes, { name }, { ...nodeStatus() });
}

/** Well within what the node controller waits for a sign of life, ms. */
const heartbeatMs = 10_000;

/** The conditions of policies are the hub's to write. */
function judgePolicies(
  { api, will }: Tools,
  queue: (next: () => Promise<void>) => void,
): Pick<Reflector<unknown>, 'close'> {
  const judge = async ({ meta, raw }: KubeObject): Promise<void> => {
    const { status, message } = will.programmed;
    const said = { type: 'Programmed', status, reason: status === 'True' ? 'Shadow' : 'Pending', message };
    const now = { observedGeneration: meta.generation, lastTransitionTime: new Date().toISOString() };
    const { name, namespace } = meta;
    const { apiVersion = apiVersionOf(kinds.flowPolicies), kind = kinds.flowPolicies.kind } = raw;
    await api.applyStatus(
      kinds.flowPolicies,
      {
        ...{ apiVersion, kind, metadata: { name, ...(namespace === undefined ? {} : { namespace }) } },
        status: { conditions: [{ ...said, ...now }] },
      },
      'paper-hub',
    );
  };
  return startReflector<KubeObject>({
    ...{ api, resource: kinds.flowPolicies, selection: {}, now: Date.now, random: Math.random },
    // Its kind comes with the installation.
    limits: { mostMs: 500 },
    trim: (policy) => policy,
    onBatch: ({ added }) => added.forEach((policy) => queue(() => judge(policy))),
  });
}

/** Makes the nodes, and tends the pods that are put on them. */
export async function startPaperNodes(
  config: KubeConfig,
  api: KubeApi,
  names: readonly string[],
): Promise<PaperNodes> {
  const will: PaperWill = {
    ...{ problem: () => undefined, ends: () => 0 },
    programmed: {
      status: 'True',
      message: 'It is evaluated in shadow on 2/2 nodes; nothing is refused by it.',
    },
  };
  const tools: Tools = { api, core: config.makeApiClient(CoreV1Api), will };
  await makeNodes(api, names);
  const heart = setInterval(() => void sayReady(api, names).catch(() => undefined), heartbeatMs);
  // One after the other. What fails because the pod has changed or gone meanwhile is told again with that change.
  let work: Promise<void> = Promise.resolve();
  const tendAll = (pods: readonly PaperPod[]): void => {
    for (const pod of pods)
      if (names.includes(pod.node)) work = work.then(() => tend(tools, pod)).catch(() => undefined);
  };
  const pods = startReflector<PaperPod>({
    ...{ api, resource: kinds.pods, selection: {}, now: Date.now, random: Math.random, trim: paperPod },
    onBatch: ({ added, changed }) => tendAll([...added, ...changed.map(({ after }) => after)]),
  });
  const policies = judgePolicies(tools, (next) => {
    work = work.then(next).catch(() => undefined);
  });
  await pods.synced();
  return {
    will,
    again: () => tendAll([...pods.items.values()]),
    async [Symbol.asyncDispose]() {
      clearInterval(heart);
      pods.close();
      policies.close();
      await work;
      for (const name of names) await api.remove(kinds.nodes, { name });
    },
  };
}
