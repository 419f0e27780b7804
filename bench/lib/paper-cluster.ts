// A real API server with nodes and pods that are objects alone, and the hub as its pod starts it: what the bench of the hub measures.
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { hubArguments } from '../../src/core/install/hub-objects.ts';
import { names, ports } from '../../src/core/install/names.ts';
import type { KubeApi } from '../../src/io/kube/api/kube-api.ts';
import { textsOf } from '../../src/io/kube/api/kube-object.ts';
import { kinds } from '../../src/io/kube/api/resource-kind.ts';
import { atOnce } from '../../src/io/kube/install/at-once.ts';
import { applyStages, installOptions } from '../../test/cluster/install-objects.ts';
import { clientOf } from '../../test/cluster/kube-clients.ts';
import { labCluster } from '../../test/cluster/lab/cluster.ts';
import { prepare, startLab } from '../../test/cluster/lab/preparations.ts';
import { accounts, kubeconfigOf, makePod } from '../../test/cluster/paper-pods.ts';
import { start, type StartedProcess } from './started-process.ts';

export const hubNamespace = 'apidefense-system';
const podsNamespace = 'paper';
const program = join(import.meta.dirname, '..', '..', 'bin', 'kubectl-api_defense.js');

/** Where objects are made. */
export interface PaperCluster extends AsyncDisposable {
  readonly api: KubeApi;
  /** Makes nodes and pods until there are so many; pods are spread over the nodes. */
  grow(nodes: number, pods: number): Promise<void>;
}

export const nodeName = (index: number): string => `node-${index}`;

/** 10.0.0.0/9 by number, none twice. */
export const podAddress = (index: number): string =>
  `10.${64 + (index >> 16)}.${(index >> 8) & 255}.${index & 255}`;

/** A control plane with the objects that install makes before the hub. */
export async function startPaperCluster(say: (line: string) => void): Promise<PaperCluster> {
  const prepared = await prepare(say);
  const lab = await startLab('api', prepared);
  const api = clientOf(labCluster(lab.facts, prepared.packages));
  const options = installOptions({ aggregatedApi: false });
  await applyStages(api, options, ['namespace', 'definitions', 'rights', 'state']);
  await api.create(kinds.namespaces, {
    apiVersion: 'v1',
    kind: 'Namespace',
    metadata: { name: podsNamespace },
  });
  await api.apply(accounts, {
    ...{ apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'shop', namespace: podsNamespace } },
  });
  return {
    api,
    grow: growing(api),
    async [Symbol.asyncDispose]() {
      api.close();
      await lab[Symbol.asyncDispose]();
    },
  };
}

const range = (from: number, to: number): number[] =>
  Array.from({ length: Math.max(0, to - from) }, (_, index) => from + index);

function growing(api: KubeApi): PaperCluster['grow'] {
  let [haveNodes, havePods] = [0, 0];
  return async (nodes, pods) => {
    await atOnce(range(haveNodes, nodes), (index) =>
      api.create(kinds.nodes, { apiVersion: 'v1', kind: 'Node', metadata: { name: nodeName(index) } }),
    );
    await atOnce(range(havePods, pods), (index) =>
      makePod(api, `pod-${index}`, {
        ...{
          namespace: podsNamespace,
          node: nodeName(index % nodes),
          ip: podAddress(index),
          account: 'shop',
        },
      }),
    );
    [haveNodes, havePods] = [nodes, pods];
  };
}

/** A hub that has read the cluster. */
export interface RunningHub {
  readonly program: StartedProcess;
  readonly port: number;
  /** Socket of its local feed. */
  readonly feedPath: string;
  readonly bundle: string;
  /** From its start until the cluster was read, ms. */
  readonly readMs: number;
}

/** The command line and the rights of the manifest. */
export async function startPaperHub(
  { api }: PaperCluster,
  folder: string,
  name: string,
): Promise<RunningHub> {
  const feedPath = join(folder, `${name}.sock`);
  const args = hubArguments(installOptions({})).map((argument) =>
    argument.replace('$(POD_IP)', '127.0.0.1').replace(`:${ports.hub}`, ':0'),
  );
  const startMs = performance.now();
  const hub = start(process.execPath, [program, ...args, `--feed=unix:${feedPath}`], {
    ...process.env,
    KUBECONFIG: await kubeconfigOf(api, { folder, namespace: hubNamespace, account: names.hub }),
    ...{ POD_NAMESPACE: hubNamespace, POD_NAME: name, POD_IP: '127.0.0.1' },
  });
  const [, port = ''] = await hub.errorLine(/agents and people connect at port (\d+)/);
  await hub.errorLine(/the cluster has been read/);
  const readMs = performance.now() - startMs;
  await hub.errorLine(/A certificate of the internal CA is shown/);
  return { program: hub, port: Number(port), feedPath, bundle: await bundleOf(api), readMs };
}

async function bundleOf(api: KubeApi): Promise<string> {
  for (let tries = 0; tries < 100; tries += 1) {
    const { raw } = await api.get(kinds.configMaps, { namespace: hubNamespace, name: names.ca });
    const bundle = Object.values(textsOf(raw['data']))[0] ?? '';
    if (bundle !== '') return bundle;
    await sleep(100);
  }
  throw new Error('the hub publishes no authority');
}

/** Moves a pod to another address and answers when the API server has it, epoch ms before the request. */
export async function movePod(api: KubeApi, index: number, ip: string): Promise<number> {
  const sentMs = performance.timeOrigin + performance.now();
  await api.patchStatus(
    kinds.pods,
    { namespace: podsNamespace, name: `pod-${index}` },
    { podIP: ip, podIPs: [{ ip }] },
  );
  return sentMs;
}
