// The first stage: the namespace, with the pod-security level that agents need, and the priority of agents and hub.
import type { Manifest } from './manifest.ts';
import { names } from './names.ts';
import { clusterMeta, type BuildOptions } from './with-labels.ts';

/** The greatest that is not reserved for Kubernetes' own. */
const priority = 1_000_000_000;

const securityReason =
  'privileged is the only pod-security level that allows host paths and SYS_ADMIN, which agents need; the pods themselves are not privileged. Give nobody else rights to create pods in this namespace.';

function namespace(options: BuildOptions): Manifest {
  const meta = clusterMeta(options.namespace, 'rights', options);
  const level = (mode: string) => [`pod-security.kubernetes.io/${mode}`, 'privileged'] as const;
  return {
    object: {
      apiVersion: 'v1',
      kind: 'Namespace',
      metadata: {
        ...meta,
        labels: { ...meta.labels, ...Object.fromEntries(['enforce', 'audit', 'warn'].map(level)) },
      },
    },
    notes: [{ path: ['metadata', 'labels', 'pod-security.kubernetes.io/enforce'], text: securityReason }],
    when: 'createNamespace',
  };
}

/** Namespace and PriorityClass. */
export const namespaceObjects = (options: BuildOptions): readonly Manifest[] => [
  namespace(options),
  {
    object: {
      apiVersion: 'scheduling.k8s.io/v1',
      kind: 'PriorityClass',
      metadata: clusterMeta(names.priorityClass, 'rights', options),
      value: priority,
      globalDefault: false,
      preemptionPolicy: 'PreemptLowerPriority',
      description:
        'Agents and hub of api-defense: a node without its agent is not seen, and a hub that is gone breaks the discovery of the cluster.',
    },
    notes: [],
  },
];
