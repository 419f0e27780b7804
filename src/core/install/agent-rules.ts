// What an agent may do at the API server: read. It writes nothing there; what it found goes to the hub.
import { names, policyGroup } from './names.ts';
import type { Rule } from './rule.ts';

/** In the whole cluster. RBAC cannot say "of your own node": the agent asks by field selector, but its token could ask for more. */
export const agentClusterRules: readonly Rule[] = [
  {
    apiGroups: [''],
    resources: ['pods'],
    verbs: ['list', 'watch'],
    reason:
      'Which pods are on its node, with address, owner, ServiceAccount and labels. It asks for its own node by field selector; RBAC cannot hold it to that.',
  },
  {
    apiGroups: [''],
    resources: ['namespaces'],
    verbs: ['list', 'watch'],
    reason: 'Labels of namespaces: policies select by them, and the opt-out label may stand there.',
  },
  {
    apiGroups: [policyGroup],
    resources: ['flowpolicies', 'clusterflowpolicies'],
    verbs: ['list', 'watch'],
    reason: 'The policies, watched by each agent itself, so that a hub that is away delays none.',
  },
  {
    apiGroups: ['apps'],
    resources: ['replicasets'],
    verbs: ['get'],
    reason: 'Whose a pod of its node is: ReplicaSet → Deployment.',
  },
  {
    apiGroups: ['batch'],
    resources: ['jobs'],
    verbs: ['get'],
    reason: 'Whose a pod of its node is: Job → CronJob.',
  },
];

/** In its own namespace. */
export const agentNamespaceRules: readonly Rule[] = [
  {
    apiGroups: ['apps'],
    resources: ['daemonsets'],
    resourceNames: [names.agent],
    verbs: ['get'],
    reason:
      'At its end an agent asks whether its DaemonSet is still there: if not, it is uninstalled and takes its snapshot from the node too.',
  },
];
