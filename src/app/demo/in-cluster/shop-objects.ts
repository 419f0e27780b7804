// The shop as Kubernetes objects: who is in it is the topology's, this says what each becomes. Pure; the API server is not known here.
import type { JsonObject, KubeObject } from '../../../core/install/kube-object.ts';
import { managedByLabel, fieldManager } from '../../../core/install/names.ts';
import { rateOf } from '../rates.ts';
import { calleesOf, peerOf, roles, serviceNames, type Role } from '../topology.ts';
import { ordersVariable, podOrdersText } from './pod-orders.ts';

/** What can be chosen. */
export interface ShopOptions {
  /** The image of agent and hub: the shop is in it. */
  readonly image: string;
  readonly seed: number;
  /** Signs the shop's made-up tokens; not a secret of anybody's. */
  readonly secret: string;
  /** Requests per second over all edges. */
  readonly rate: number;
  readonly attacker: boolean;
}

/** Label of everything of the shop: what has it may be removed, and nothing else. */
export const demoLabel = { key: 'apidefense.dev/demo', value: 'shop' } as const;

/** Namespaces of the shop are told apart from real ones by this. */
const prefix = 'demo-';
const servicePort = 80;
const podPort = 8080;
const dns = 'svc.cluster.local';
/** Two, so that every other service is called from both nodes of a small cluster. It keeps nothing. */
const replicasOf = (role: Role): number => (role === 'storefront' ? 2 : 1);
/** The nightly job works for most of each minute. */
const jobSeconds = 50;

const programPath = '/opt/api-defense/dist/app/demo/in-cluster/pod-entry.js';

/** The namespace that a role lives in. */
export const namespaceOf = (role: Role): string => `${prefix}${peerOf(role).workload.namespace}`;

const isService = (role: Role): boolean => serviceNames.some((name) => name === role);

const labelsOf = (role: Role): Record<string, string> => ({
  ...shopLabels,
  'app.kubernetes.io/name': role,
});

const shopLabels: Readonly<Record<string, string>> = {
  [demoLabel.key]: demoLabel.value,
  'app.kubernetes.io/part-of': 'api-defense-demo',
  [managedByLabel]: fieldManager,
};

const metaOf = (role: Role): KubeObject['metadata'] => ({
  name: role,
  namespace: namespaceOf(role),
  labels: labelsOf(role),
});

/** The roles that are there: the attacker only where it is wanted. */
const wantedRoles = ({ attacker }: ShopOptions): readonly Role[] =>
  roles.filter((role) => attacker || role !== 'scanner');

function ordersOf(role: Role, { seed, secret, rate }: ShopOptions): string {
  const urls = Object.fromEntries(
    calleesOf(role).map((callee) => [
      callee,
      `http://${callee}.${namespaceOf(callee)}.${dns}:${servicePort}`,
    ]),
  );
  return podOrdersText({
    ...{ role, seed, secret, urls, rate: rateOf(role, rate) },
    port: isService(role) ? podPort : 0,
    forSeconds: role === 'nightly' ? jobSeconds : 0,
  });
}

/** No pod of the shop needs any right: all of them run where `restricted` is enforced. */
function podSpec(role: Role, options: ShopOptions): JsonObject {
  return {
    serviceAccountName: role,
    automountServiceAccountToken: false,
    enableServiceLinks: false,
    terminationGracePeriodSeconds: 5,
    nodeSelector: { 'kubernetes.io/os': 'linux' },
    securityContext: { runAsNonRoot: true, runAsUser: 65_532, seccompProfile: { type: 'RuntimeDefault' } },
    containers: [
      {
        name: role,
        image: options.image,
        imagePullPolicy: 'IfNotPresent',
        command: ['/usr/bin/node', programPath],
        env: [{ name: ordersVariable, value: ordersOf(role, options) }],
        ...(isService(role)
          ? {
              ports: [{ name: 'http', containerPort: podPort }],
              readinessProbe: { tcpSocket: { port: 'http' }, periodSeconds: 5 },
            }
          : {}),
        resources: { requests: { cpu: '10m', memory: '48Mi' }, limits: { memory: '192Mi' } },
        securityContext: {
          allowPrivilegeEscalation: false,
          readOnlyRootFilesystem: true,
          capabilities: { drop: ['ALL'] },
        },
      },
    ],
  };
}

const selectorOf = (role: Role): JsonObject => ({ 'app.kubernetes.io/name': role });

const deployment = (role: Role, options: ShopOptions): KubeObject => ({
  apiVersion: 'apps/v1',
  kind: 'Deployment',
  metadata: metaOf(role),
  spec: {
    replicas: replicasOf(role),
    selector: { matchLabels: selectorOf(role) },
    template: {
      metadata: { labels: labelsOf(role) },
      spec: {
        ...podSpec(role, options),
        topologySpreadConstraints: [
          {
            ...{ maxSkew: 1, topologyKey: 'kubernetes.io/hostname', whenUnsatisfiable: 'ScheduleAnyway' },
            labelSelector: { matchLabels: selectorOf(role) },
          },
        ],
      },
    },
  },
});

const cronJob = (role: Role, options: ShopOptions): KubeObject => ({
  apiVersion: 'batch/v1',
  kind: 'CronJob',
  metadata: metaOf(role),
  spec: {
    schedule: '* * * * *',
    concurrencyPolicy: 'Forbid',
    successfulJobsHistoryLimit: 1,
    failedJobsHistoryLimit: 1,
    jobTemplate: {
      metadata: { labels: labelsOf(role) },
      spec: {
        backoffLimit: 0,
        template: {
          metadata: { labels: labelsOf(role) },
          spec: { ...podSpec(role, options), restartPolicy: 'Never' },
        },
      },
    },
  },
});

const barePod = (role: Role, options: ShopOptions): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Pod',
  metadata: metaOf(role),
  spec: podSpec(role, options),
});

function workloadOf(role: Role, options: ShopOptions): KubeObject {
  const { kind } = peerOf(role).workload;
  if (kind === 'CronJob') return cronJob(role, options);
  return kind === 'Pod' ? barePod(role, options) : deployment(role, options);
}

const serviceOf = (role: Role): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Service',
  metadata: metaOf(role),
  spec: {
    selector: selectorOf(role),
    ports: [{ name: 'http', port: servicePort, targetPort: 'http' }],
  },
});

const accountOf = (role: Role): KubeObject => ({
  apiVersion: 'v1',
  kind: 'ServiceAccount',
  metadata: metaOf(role),
  automountServiceAccountToken: false,
});

const namespaceObject = (name: string): KubeObject => ({
  apiVersion: 'v1',
  kind: 'Namespace',
  metadata: { name, labels: { ...shopLabels, 'pod-security.kubernetes.io/enforce': 'restricted' } },
});

/** The namespaces of the whole shop, the attacker's among them: what `--remove` looks for. */
export const shopNamespaces: readonly string[] = [...new Set(roles.map(namespaceOf))].toSorted();

/** Objects that are applied together. */
export interface ShopStage {
  /** What is done, for the person who waits. */
  readonly title: string;
  readonly objects: readonly KubeObject[];
}

/** Everything of the shop in the order it is applied: what a stage needs is there when the one before it is. */
export function shopStages(options: ShopOptions): readonly ShopStage[] {
  const wanted = wantedRoles(options);
  const services = wanted.filter(isService);
  const callers = wanted.filter((role) => !isService(role));
  const isWanted = (name: string): boolean => wanted.some((role) => namespaceOf(role) === name);
  return [
    { title: 'Namespaces', objects: shopNamespaces.filter(isWanted).map(namespaceObject) },
    { title: 'Accounts and Services', objects: [...wanted.map(accountOf), ...services.map(serviceOf)] },
    { title: 'The shop', objects: services.map((role) => workloadOf(role, options)) },
    { title: 'Its callers', objects: callers.map((role) => workloadOf(role, options)) },
  ];
}
