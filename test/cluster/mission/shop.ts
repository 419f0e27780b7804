// A small shop of real pods on both nodes: `orders` is called, `web` and `batch` call, each by its own ServiceAccount, and one pod has its node's
// network. Calls are made by the pods themselves.
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppsV1Api, CoreV1Api, type KubeConfig, type V1Pod } from '@kubernetes/client-node';
import { z } from 'zod';
import { until } from '../../helpers/until.ts';
import { deploy, isReady, nodeDeployment, podPort, serviceOf } from '../lab/pods.ts';
import { nodeImage } from '../lab/lab-images.ts';
import type { NodeHand } from '../lab/node-hand.ts';

/** Where the pod with its node's network listens. */
export const hostPodPort = 8081;

/** A pod of the shop. */
export interface ShopPod {
  readonly name: string;
  readonly node: string;
  readonly ip: string;
  readonly port: number;
}

const answersSchema = z.array(z.object({ status: z.string(), body: z.string() }));
const loadsSchema = z.record(
  z.string(),
  z.object({
    counts: z.record(z.string(), z.number()),
    changes: z.array(z.object({ status: z.string(), ms: z.number() })),
  }),
);

/** What came of a load, by URL. */
export type Loads = z.infer<typeof loadsSchema>;

/** The shop. */
export interface Shop {
  readonly namespace: string;
  /** In the order of their nodes. */
  readonly orders: readonly ShopPod[];
  readonly web: readonly ShopPod[];
  readonly batch: readonly ShopPod[];
  readonly host: ShopPod;
  readonly all: readonly ShopPod[];
  /** Has a pod call; answers are `STATUS` or the code of what went wrong. */
  call(from: ShopPod, ...urls: readonly string[]): Promise<readonly string[]>;
  /** Has a pod call again and again from now on. */
  load(from: ShopPod, ...urls: readonly string[]): Promise<unknown>;
  loads(from: ShopPod): Promise<Loads>;
  /** When the program in the pod began, epoch ms. */
  startedMs(pod: ShopPod): Promise<number>;
  /** Pods of a Deployment, as they are now, whether ready or not. */
  podsOf(app: string): Promise<readonly ShopPod[]>;
  scale(app: string, replicas: number): Promise<void>;
}

const script = readFileSync(join(import.meta.dirname, 'shop-pod.cjs'), 'utf8');
const environment = (port: number) => [
  { name: 'PORT', value: String(port) },
  { name: 'POD', valueFrom: { fieldRef: { fieldPath: 'metadata.name' } } },
];

const shopPod = ({ metadata, spec, status }: V1Pod, port = podPort): ShopPod => ({
  ...{ name: metadata?.name ?? '', node: spec?.nodeName ?? '', ip: status?.podIP ?? '', port },
});

const byNode = (pods: readonly V1Pod[]): readonly ShopPod[] =>
  pods.map((pod) => shopPod(pod)).toSorted((one, other) => one.node.localeCompare(other.node));

async function deployPart(config: KubeConfig, namespace: string, name: string): Promise<readonly ShopPod[]> {
  await config
    .makeApiClient(CoreV1Api)
    .createNamespacedServiceAccount({ namespace, body: { metadata: { name } } });
  const deployment = nodeDeployment({ name, namespace, replicas: 2, script });
  const { spec } = deployment.spec?.template ?? {};
  if (spec?.containers[0] === undefined) throw new Error('a Deployment without a container');
  spec.serviceAccountName = name;
  spec.containers[0].env = environment(podPort);
  return byNode(await deploy(config, deployment));
}

async function deployHostPod(config: KubeConfig, namespace: string): Promise<ShopPod> {
  const core = config.makeApiClient(CoreV1Api);
  const name = 'host';
  await core.createNamespacedPod({
    namespace,
    body: {
      metadata: { name },
      spec: {
        ...{ nodeName: 'n1', hostNetwork: true, terminationGracePeriodSeconds: 1 },
        containers: [
          {
            ...{ name, image: nodeImage, imagePullPolicy: 'Never', args: ['-e', script] },
            env: environment(hostPodPort),
            readinessProbe: { httpGet: { port: hostPodPort, path: '/' }, periodSeconds: 1 },
          },
        ],
      },
    },
  });
  const pod = await until('the pod with its node’s network is ready', async () => {
    const found = await core.readNamespacedPod({ name, namespace });
    return isReady(found) && found;
  });
  return shopPod(pod, hostPodPort);
}

async function makeServices(config: KubeConfig, namespace: string): Promise<void> {
  const core = config.makeApiClient(CoreV1Api);
  const orders = nodeDeployment({ name: 'orders', namespace, replicas: 2, script });
  for (const headless of [false, true])
    await core.createNamespacedService({ namespace, body: serviceOf(orders, { headless }) });
}

function wordsWith(hands: ReadonlyMap<string, NodeHand>) {
  return (pod: ShopPod, path: string, urls: readonly string[]): Promise<string> => {
    const hand = hands.get(pod.node);
    if (hand === undefined) throw new Error(`There is no hand on ${pod.node}.`);
    const query = urls.map((url) => `url=${encodeURIComponent(url)}`).join('&');
    return hand.get(`http://${pod.ip}:${pod.port}${path}?${query}`);
  };
}

/** Deploys it and waits until all of it is ready. */
export async function deployShop(
  config: KubeConfig,
  namespace: string,
  hands: ReadonlyMap<string, NodeHand>,
): Promise<Shop> {
  const core = config.makeApiClient(CoreV1Api);
  const apps = config.makeApiClient(AppsV1Api);
  const ask = wordsWith(hands);
  const orders = await deployPart(config, namespace, 'orders');
  const web = await deployPart(config, namespace, 'web');
  const batch = await deployPart(config, namespace, 'batch');
  const host = await deployHostPod(config, namespace);
  await makeServices(config, namespace);
  return {
    ...{ namespace, orders, web, batch, host, all: [...orders, ...web, ...batch] },
    call: async (from, ...urls) =>
      answersSchema.parse(JSON.parse(await ask(from, '/call', urls))).map(({ status }) => status),
    load: (from, ...urls) => ask(from, '/load', urls),
    loads: async (from) => loadsSchema.parse(JSON.parse(await ask(from, '/counts', []))),
    // An agent that has the pod already answers 502 until its program listens.
    startedMs: (pod) =>
      until(`${pod.name} listens`, async () => {
        const told: unknown = JSON.parse(await ask(pod, '/', []).catch(() => '{}'));
        return z.object({ startedMs: z.number() }).safeParse(told).data?.startedMs;
      }),
    podsOf: async (app) =>
      byNode((await core.listNamespacedPod({ namespace, labelSelector: `app=${app}` })).items),
    async scale(name, replicas) {
      const body = await apps.readNamespacedDeploymentScale({ name, namespace });
      body.spec = { replicas };
      await apps.replaceNamespacedDeploymentScale({ name, namespace, body });
    },
  };
}

/** `http://ADDRESS:PORT/PATH` of a pod. */
export const urlOf = ({ ip, port }: ShopPod, path: string): string => `http://${ip}:${port}${path}`;
