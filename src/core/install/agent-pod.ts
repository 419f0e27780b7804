// The agent's container and volumes: three capabilities, a read-only root, and the host paths it cannot do without.
import type { JsonObject } from './kube-object.ts';
import { agentArguments } from './agent-command.ts';
import { agentCapabilities } from './capabilities.ts';
import { agentPaths, caFile, hubAudience, names, ports } from './names.ts';
import { environment, httpGet } from './pod-parts.ts';
import type { BuildOptions } from './with-labels.ts';

/** Before the rings, which the node pays for: two threads, tables of policies and identity, the window of events. */
const agentMemoryMiB = 448;

/** Root, since files of namespaces and sysctls are root's; nothing can raise its rights further. */
export const agentSecurity: JsonObject = {
  privileged: false,
  allowPrivilegeEscalation: false,
  readOnlyRootFilesystem: true,
  runAsUser: 0,
  runAsGroup: 0,
  capabilities: { drop: ['ALL'], add: agentCapabilities.map(({ name }) => name) },
  seccompProfile: { type: 'RuntimeDefault' },
};

/** A volume with its mount and why it is there. */
interface Room {
  readonly name: string;
  readonly volume: JsonObject;
  readonly mount: JsonObject;
  readonly reason: string;
}

/** Of the node. */
const hostRooms = ({ agent }: Pick<BuildOptions, 'agent'>): readonly Room[] => [
  {
    name: 'netns',
    volume: { hostPath: { path: '/run/netns', type: 'Directory' } },
    mount: { mountPath: agentPaths.netns, mountPropagation: 'HostToContainer', readOnly: true },
    reason: "Files of the pods' network namespaces; HostToContainer, so that those made later appear too.",
  },
  {
    name: 'sysctl',
    volume: { hostPath: { path: '/proc/sys/net', type: 'Directory' } },
    mount: { mountPath: agentPaths.sysctl },
    reason:
      "Two network settings of each pod with an inline port. The kernel shows each caller those of the namespace it is in; the container's own /proc/sys cannot be written.",
  },
  {
    name: 'snapshot',
    volume: { hostPath: { path: agent.snapshotHostPath, type: 'DirectoryOrCreate' } },
    mount: { mountPath: agentPaths.snapshot },
    reason: 'What is known of remote peers, so that an agent that starts while the hub is away knows them.',
  },
];

/** Of the pod alone. */
const ownRooms: readonly Room[] = [
  {
    name: 'run',
    volume: { emptyDir: { medium: 'Memory', sizeLimit: '16Mi' } },
    mount: { mountPath: agentPaths.run },
    reason: 'The socket of the feed, for kubectl exec.',
  },
  {
    name: 'ca',
    volume: { configMap: { name: names.ca } },
    mount: { mountPath: agentPaths.ca, readOnly: true },
    reason: `${caFile}: whom to believe that it is the hub. Mounted, so that no right to read it is needed.`,
  },
  {
    name: 'hub-token',
    volume: {
      projected: {
        sources: [{ serviceAccountToken: { path: 'token', audience: hubAudience, expirationSeconds: 3600 } }],
      },
    },
    mount: { mountPath: agentPaths.hubToken, readOnly: true },
    reason: 'Proves to the hub which pod on which node this is; good for nothing else.',
  },
];

/** Volumes in the order of the pod. */
export const agentRooms = (options: Pick<BuildOptions, 'agent'>): readonly Room[] => [
  ...hostRooms(options),
  ...ownRooms,
];

/** The one container. */
export function agentContainer(options: BuildOptions): JsonObject {
  const { image, imagePullPolicy } = options;
  return {
    name: 'agent',
    image,
    imagePullPolicy,
    args: agentArguments(options),
    env: [...environment(options), { name: 'XDG_RUNTIME_DIR', value: agentPaths.run }],
    ports: [{ name: 'health', containerPort: ports.agentHealth, protocol: 'TCP' }],
    startupProbe: { ...httpGet('/livez', 'health'), periodSeconds: 2, failureThreshold: 30 },
    readinessProbe: { ...httpGet('/readyz', 'health'), periodSeconds: 5, timeoutSeconds: 2 },
    livenessProbe: {
      ...httpGet('/livez', 'health'),
      periodSeconds: 10,
      timeoutSeconds: 5,
      failureThreshold: 6,
    },
    resources: {
      requests: { cpu: '100m', memory: '192Mi' },
      limits: { memory: `${agentMemoryMiB}Mi` },
    },
    securityContext: agentSecurity,
    volumeMounts: agentRooms(options).map(({ name, mount }) => ({ name, ...mount })),
  };
}

/** Volumes of the pod. */
export const agentVolumes = (options: BuildOptions): readonly JsonObject[] =>
  agentRooms(options).map(({ name, volume }) => ({ name, ...volume }));
