// An installation of two nodes in which all is well, and its parts, for the tests of how it is told.
import type { KubeObject } from '../../../../src/core/install/kube-object.ts';
import type { PodState } from '../../../../src/core/install/progress/pod-state.ts';
import type { InstallationFacts } from '../../../../src/core/install/status/installation-facts.ts';
import { summaryOf, type NodeWord } from '../../../../src/core/model/node-summary.ts';
import type { NodePodStatus } from '../../../../src/core/model/node-status.ts';

const meta = (name: string) => ({
  ...{ name, namespace: 'apidefense-system', generation: 1 },
  labels: { 'app.kubernetes.io/version': '0.1.0' },
});
/** The hub, with so many of two replicas available. */
export const deployment = (available = 2): KubeObject => ({
  ...{ apiVersion: 'apps/v1', kind: 'Deployment', metadata: meta('apidefense-hub'), spec: { replicas: 2 } },
  status: { observedGeneration: 1, replicas: 2, updatedReplicas: 2, availableReplicas: available },
});
/** Agents on both of two nodes. */
export const daemonSet: KubeObject = {
  ...{ apiVersion: 'apps/v1', kind: 'DaemonSet', metadata: meta('apidefense-agent'), spec: {} },
  status: {
    ...{ observedGeneration: 1, desiredNumberScheduled: 2, updatedNumberScheduled: 2, numberAvailable: 2 },
  },
};
/** The API for people, answered or not. */
export const apiService = (yes = true): KubeObject => ({
  ...{ apiVersion: 'apiregistration.k8s.io/v1', kind: 'APIService', metadata: { name: 'live' } },
  status: {
    conditions: [
      { type: 'Available', status: yes ? 'True' : 'False', reason: 'FailedDiscoveryCheck', message: 'no.' },
    ],
  },
});
/** A pod of hub or agents that is ready. */
export const pod = (name: string, node: string, parts: Partial<PodState> = {}): PodState => ({
  ...{ uid: name, name, node, ready: true, leaving: false, problem: '', ended: undefined, image: 'i' },
  ...parts,
});
/** A pod of a node that is as planned. */
export const nodePod = (name: string, parts: Partial<NodePodStatus> = {}): NodePodStatus => ({
  ...{ pod: `shop/${name}`, state: 'enrolled', tap: true, entries: 0, inline: [], open: 0, outside: 0 },
  ...{ sentence: '', ...parts },
});
/** Inline does not work there. */
export const gears = ['tap', 'kernel', 'inline'].map((name) => ({
  name,
  ok: name !== 'inline',
  sentence: '',
}));
/** A node with one pod that is enrolled and one of the host. */
export const word = (node: string, parts: Partial<NodeWord> = {}): NodeWord => ({
  ...{ node, silent: false, version: '0.1.0', uptimeMs: 1 },
  summary: summaryOf({
    pods: [nodePod('a', { inline: [80] }), nodePod('b', { state: 'host', tap: false })],
    gears,
  }),
  ...parts,
});
/** Nothing is wrong. */
export const well: InstallationFacts = {
  ...{ namespace: 'apidefense-system', version: '0.1.0', daemonSet, deployment: deployment() },
  ...{ apiService: apiService(), leader: 'h1', hubs: [pod('h1', 'n1'), pod('h2', 'n2')] },
  agents: [pod('a1', 'n1'), pod('a2', 'n2')],
  policies: { total: 3, problems: [] },
  hub: { type: 'answered', version: '0.1.0', nodes: [word('n1'), word('n2')] },
  unknown: [],
};
