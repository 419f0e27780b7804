// The sixth stage: the agents, one on each node, replaced by surge so that rules are handed over, and closed to other pods.
import type { JsonObject } from './kube-object.ts';
import type { Manifest, Note } from './manifest.ts';
import { agentGraceSeconds } from './agent-command.ts';
import { agentContainer, agentRooms, agentVolumes } from './agent-pod.ts';
import { agentCapabilities, nodeRootSentence } from './capabilities.ts';
import { names, selectorOf } from './names.ts';
import { linuxOnly, podMeta } from './pod-parts.ts';
import { localMeta, type BuildOptions } from './with-labels.ts';

const pod = ['spec', 'template', 'spec'] as const;
const container = [...pod, 'containers', 0] as const;

/** Reasons, each above its line. */
function agentNotes(options: BuildOptions): readonly Note[] {
  return [
    {
      path: ['spec', 'updateStrategy'],
      text: 'The new agent takes each pod over by its greater generation, then the old one drains: no gap in tap and kernel.',
    },
    {
      path: [...pod, 'terminationGracePeriodSeconds'],
      text: 'Drain, then taking back every rule, route and setting. A kill before that leaves them in the pods.',
    },
    {
      path: [...container, 'startupProbe'],
      text: 'Kubelet is the second net: the watchdog in the container ends a hung agent within seconds.',
    },
    {
      path: [...container, 'resources', 'limits'],
      text: 'No limit of CPU: throttling would be latency of every inline request. Rings are kernel memory beside this limit.',
    },
    { path: [...container, 'securityContext', 'capabilities'], text: nodeRootSentence },
    ...agentCapabilities.map(({ name, reason }, index) => ({
      path: [...container, 'securityContext', 'capabilities', 'add', index],
      text: `${name}: ${reason}`,
    })),
    ...agentRooms(options).map(({ reason }, index) => ({ path: [...pod, 'volumes', index], text: reason })),
  ];
}

const podSpec = (options: BuildOptions): JsonObject => ({
  serviceAccountName: names.agent,
  automountServiceAccountToken: true,
  priorityClassName: names.priorityClass,
  nodeSelector: linuxOnly,
  tolerations: options.agent.tolerations,
  imagePullSecrets: options.imagePullSecrets,
  terminationGracePeriodSeconds: agentGraceSeconds,
  enableServiceLinks: false,
  containers: [agentContainer(options)],
  volumes: agentVolumes(options),
});

const daemonSet = (options: BuildOptions): Manifest => ({
  object: {
    apiVersion: 'apps/v1',
    kind: 'DaemonSet',
    metadata: localMeta(names.agent, 'agent', options),
    spec: {
      selector: { matchLabels: selectorOf('agent') },
      // A new agent is ready when it has taken over the pods of its node; a few seconds more show whether it stays so.
      minReadySeconds: 5,
      updateStrategy: { type: 'RollingUpdate', rollingUpdate: { maxSurge: 1, maxUnavailable: 0 } },
      template: { metadata: podMeta('agent', options), spec: podSpec(options) },
    },
  },
  notes: agentNotes(options),
});

/** Kubelet's probes come from the node, which no NetworkPolicy keeps out. */
const closedToPods = (options: BuildOptions): Manifest => ({
  object: {
    apiVersion: 'networking.k8s.io/v1',
    kind: 'NetworkPolicy',
    metadata: localMeta(names.agent, 'agent', options),
    spec: { podSelector: { matchLabels: selectorOf('agent') }, policyTypes: ['Ingress'], ingress: [] },
  },
  notes: [
    {
      path: [],
      text: 'Nobody has to reach an agent: it dials the hub, and kubelet asks /livez and /readyz from the node. Metrics are on the loopback of the pod alone: kubectl port-forward leads there.',
    },
  ],
});

/** NetworkPolicy and DaemonSet. */
export const agentObjects = (options: BuildOptions): readonly Manifest[] => [
  closedToPods(options),
  daemonSet(options),
];
