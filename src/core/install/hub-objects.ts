// The fifth stage: the hub, two replicas behind an ordinary Service, unprivileged, kept apart and kept alive.
import type { JsonObject } from './kube-object.ts';
import type { Manifest } from './manifest.ts';
import { names, ports, selectorOf } from './names.ts';
import { environment, httpGet, linuxOnly, podMeta } from './pod-parts.ts';
import { localMeta, type BuildOptions } from './with-labels.ts';

/** As the hub is started in its pod. Names of objects, audience and ports are constants (names.ts), so that little is left to say. */
export const hubArguments = ({ optOutLabel }: Pick<BuildOptions, 'optOutLabel'>): readonly string[] => [
  'hub',
  `--listen=[$(POD_IP)]:${ports.hub}`,
  `--opt-out=${optOutLabel.key}=${optOutLabel.value}`,
];

/** Nobody: no file of the image is its. */
const nobody = 65_532;

const hubSecurity: JsonObject = {
  privileged: false,
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  runAsNonRoot: true,
  runAsUser: nobody,
  runAsGroup: nobody,
  capabilities: { drop: ['ALL'] },
  seccompProfile: { type: 'RuntimeDefault' },
};

const hubContainer = (options: BuildOptions): JsonObject => ({
  name: 'hub',
  image: options.image,
  imagePullPolicy: options.imagePullPolicy,
  args: hubArguments(options),
  env: environment(options),
  ports: [{ name: 'https', containerPort: ports.hub, protocol: 'TCP' }],
  startupProbe: { ...httpGet('/livez', 'https', 'HTTPS'), periodSeconds: 2, failureThreshold: 30 },
  readinessProbe: { ...httpGet('/readyz', 'https', 'HTTPS'), periodSeconds: 5, timeoutSeconds: 2 },
  livenessProbe: {
    ...httpGet('/livez', 'https', 'HTTPS'),
    periodSeconds: 10,
    timeoutSeconds: 5,
    failureThreshold: 6,
  },
  resources: { requests: { cpu: '100m', memory: '256Mi' }, limits: { memory: '1Gi' } },
  securityContext: hubSecurity,
});

/** On different nodes where there are two; required would leave one replica pending on a cluster of one node. */
const apart: JsonObject = {
  podAntiAffinity: {
    preferredDuringSchedulingIgnoredDuringExecution: [
      {
        weight: 100,
        podAffinityTerm: {
          labelSelector: { matchLabels: selectorOf('hub') },
          topologyKey: 'kubernetes.io/hostname',
        },
      },
    ],
  },
};

const podSpec = (options: BuildOptions): JsonObject => ({
  serviceAccountName: names.hub,
  automountServiceAccountToken: true,
  priorityClassName: names.priorityClass,
  nodeSelector: linuxOnly,
  tolerations: options.hub.tolerations,
  imagePullSecrets: options.imagePullSecrets,
  affinity: apart,
  terminationGracePeriodSeconds: 30,
  enableServiceLinks: false,
  containers: [hubContainer(options)],
});

const deployment = (options: BuildOptions): Manifest => ({
  object: {
    apiVersion: 'apps/v1',
    kind: 'Deployment',
    metadata: localMeta(names.hub, 'hub', options),
    spec: {
      replicas: options.hub.replicas,
      selector: { matchLabels: selectorOf('hub') },
      strategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      template: { metadata: podMeta('hub', options), spec: podSpec(options) },
    },
  },
  notes: [
    {
      path: ['spec', 'template', 'spec', 'affinity'],
      text: 'Preferred and not required: on a cluster of one node both replicas run there, instead of one that never runs.',
    },
  ],
});

const service = (options: BuildOptions): Manifest => ({
  object: {
    apiVersion: 'v1',
    kind: 'Service',
    metadata: localMeta(names.hub, 'hub', options),
    spec: {
      type: 'ClusterIP',
      selector: selectorOf('hub'),
      ports: [{ name: 'https', port: ports.hubService, targetPort: 'https', protocol: 'TCP' }],
    },
  },
  notes: [
    {
      path: [],
      text: 'Every replica serves; the one that does not hold the Lease forwards to the one that does.',
    },
  ],
});

const budget = (options: BuildOptions): Manifest => ({
  object: {
    apiVersion: 'policy/v1',
    kind: 'PodDisruptionBudget',
    metadata: localMeta(names.hub, 'hub', options),
    spec: {
      maxUnavailable: 1,
      unhealthyPodEvictionPolicy: 'AlwaysAllow',
      selector: { matchLabels: selectorOf('hub') },
    },
  },
  notes: [
    {
      path: ['spec'],
      text: 'One at a time; maxUnavailable rather than minAvailable, which with one replica would hold up the drain of a node for ever.',
    },
  ],
});

const onlyItsPort = (options: BuildOptions): Manifest => ({
  object: {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: localMeta(names.hub, 'hub', options),
    spec: {
      podSelector: { matchLabels: selectorOf('hub') },
      policyTypes: ['Ingress'],
      ingress: [{ ports: [{ port: ports.hub, protocol: 'TCP' }] }],
    },
  },
  notes: [
    {
      path: ['spec', 'ingress'],
      text: 'From anywhere: the API server comes from addresses that no selector knows. TLS and tokens decide.',
    },
  ],
});

/** Service, PodDisruptionBudget, NetworkPolicy and Deployment. */
export const hubObjects = (options: BuildOptions): readonly Manifest[] => [
  service(options),
  budget(options),
  onlyItsPort(options),
  deployment(options),
];
