// Pods of tests: deployed, waited for, and run commands in. Their image is a Node; what they do is a script in their arguments.
import { PassThrough, Readable } from 'node:stream';
import { buffer } from 'node:stream/consumers';
import {
  AppsV1Api,
  CoreV1Api,
  Exec,
  type KubeConfig,
  type V1Deployment,
  type V1Pod,
  type V1Service,
  type V1Status,
} from '@kubernetes/client-node';
import { until } from '../../helpers/until.ts';
import { nodeImage } from './lab-images.ts';

/** A Deployment of a Node that runs `script` and listens on 8080, its pods on different nodes. */
export interface NodeDeployment {
  readonly name: string;
  readonly namespace: string;
  readonly replicas: number;
  readonly script: string;
}

/** The port that pods of tests serve. */
export const podPort = 8080;

/** The object; `ready` means that it answers GET /. */
export function nodeDeployment({ name, namespace, replicas, script }: NodeDeployment): V1Deployment {
  const labels = { app: name };
  const spread = {
    maxSkew: 1,
    topologyKey: 'kubernetes.io/hostname',
    whenUnsatisfiable: 'DoNotSchedule',
    labelSelector: { matchLabels: labels },
  };
  const container = {
    name,
    image: nodeImage,
    imagePullPolicy: 'Never',
    args: ['-e', script],
    ports: [{ containerPort: podPort }],
    readinessProbe: { httpGet: { port: podPort, path: '/' }, periodSeconds: 1 },
  };
  return {
    metadata: { name, namespace, labels },
    spec: {
      replicas,
      selector: { matchLabels: labels },
      template: {
        metadata: { labels },
        spec: {
          containers: [container],
          topologySpreadConstraints: [spread],
          terminationGracePeriodSeconds: 1,
        },
      },
    },
  };
}

/** A Service on port 80; `headless` for one whose name is its pods' addresses. */
export function serviceOf(deployment: V1Deployment, { headless = false } = {}): V1Service {
  const name = deployment.metadata?.name ?? '';
  return {
    metadata: { name: headless ? `${name}-pods` : name },
    spec: {
      selector: { app: name },
      ports: [{ name: 'http', port: 80, targetPort: podPort }],
      ...(headless ? { clusterIP: 'None' } : {}),
    },
  };
}

/** All of its containers answer. */
export const isReady = ({ status }: V1Pod): boolean =>
  status?.conditions?.some(({ type, status: holds }) => type === 'Ready' && holds === 'True') ?? false;

/** What a pod is doing, for the message of a wait that was in vain. */
function stateOf({ metadata, status }: V1Pod): string {
  const waiting = status?.containerStatuses?.map(
    ({ state }) => state?.waiting?.message ?? state?.waiting?.reason,
  );
  return `${metadata?.name ?? ''} ${status?.phase ?? ''} ${waiting?.join(' ') ?? ''}`;
}

/** Creates a Deployment and answers its pods when all are ready. @throws Error with their states when that does not happen. */
export async function deploy(config: KubeConfig, deployment: V1Deployment): Promise<readonly V1Pod[]> {
  const [namespace, app] = [deployment.metadata?.namespace ?? '', deployment.metadata?.name ?? ''];
  const core = config.makeApiClient(CoreV1Api);
  await config.makeApiClient(AppsV1Api).createNamespacedDeployment({ namespace, body: deployment });
  let seen: readonly V1Pod[] = [];
  try {
    return await until(`pods of ${app}`, async () => {
      seen = (await core.listNamespacedPod({ namespace, labelSelector: `app=${app}` })).items;
      return seen.length === deployment.spec?.replicas && seen.every(isReady) && seen;
    });
  } catch (error) {
    throw new Error(`Pods of ${app} did not become ready: ${seen.map(stateOf).join('; ')}`, { cause: error });
  }
}

/** How a command in a pod ended. */
export interface PodCommand {
  readonly exitCode: number;
  readonly stdout: string;
  readonly stderr: string;
}

function exitCodeOf({ status, details, message }: V1Status): number {
  if (status === 'Success') return 0;
  const code = details?.causes?.find(({ reason }) => reason === 'ExitCode')?.message;
  if (code === undefined)
    throw new Error(`The command could not be run: ${message ?? 'no reason was given'}`);
  return Number(code);
}

/** Runs a command in the first container of a pod, `input` as its standard input. @throws Error when it could not be run at all. */
export async function execInPod(
  config: KubeConfig,
  { metadata, spec }: V1Pod,
  { command, input }: { readonly command: readonly string[]; readonly input?: string },
): Promise<PodCommand> {
  const [stdout, stderr] = [new PassThrough(), new PassThrough()];
  const [out, errors] = [buffer(stdout), buffer(stderr)];
  const ended = Promise.withResolvers<V1Status>();
  const socket = await new Exec(config).exec(
    metadata?.namespace ?? '',
    metadata?.name ?? '',
    spec?.containers[0]?.name ?? '',
    [...command],
    stdout,
    stderr,
    input === undefined ? null : Readable.from([input]),
    false,
    ended.resolve,
  );
  socket.once('error', ended.reject);
  socket.once('close', () => {
    // The status comes before the end: without one the connection was lost.
    ended.reject(new Error('The connection to the pod ended before its command did.'));
    stdout.end();
    stderr.end();
  });
  const status = await ended.promise;
  socket.close();
  return { exitCode: exitCodeOf(status), stdout: String(await out), stderr: String(await errors) };
}

/** What a script prints that is run by the Node of a pod. @throws Error with what it wrote when it failed. */
export async function runInPod(config: KubeConfig, pod: V1Pod, script: string): Promise<string> {
  const { exitCode, stdout, stderr } = await execInPod(config, pod, { command: ['node', '-e', script] });
  if (exitCode !== 0)
    throw new Error(`The script ended with ${exitCode} in ${pod.metadata?.name ?? ''}: ${stderr}`);
  return stdout;
}
