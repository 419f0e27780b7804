// What the hub may do at the API server: read whom addresses belong to, ask who a caller is and what he may see, write conditions of policies,
// and fill the four objects that install made for it. It may not write a policy, nor read any Secret but its own.
import { names, policyGroup } from './names.ts';
import type { Rule } from './rule.ts';

/** In the whole cluster. */
export const hubClusterRules: readonly Rule[] = [
  {
    apiGroups: [''],
    resources: ['pods', 'services', 'namespaces', 'nodes'],
    verbs: ['list', 'watch'],
    reason:
      'Whom an address belongs to; trimmed to addresses, owner, ServiceAccount and labels before it is kept.',
  },
  {
    apiGroups: ['discovery.k8s.io'],
    resources: ['endpointslices'],
    verbs: ['list', 'watch'],
    reason: 'Which pods are behind a Service, so that a block of a workload covers its Services.',
  },
  {
    apiGroups: ['apps'],
    resources: ['replicasets'],
    verbs: ['get'],
    reason: 'Whose a pod is: ReplicaSet → Deployment.',
  },
  {
    apiGroups: ['batch'],
    resources: ['jobs'],
    verbs: ['get'],
    reason: 'Whose a pod is: Job → CronJob.',
  },
  {
    apiGroups: [policyGroup],
    resources: ['flowpolicies', 'clusterflowpolicies'],
    verbs: ['get', 'list', 'watch'],
    reason: 'The policies, for their conditions and expiry. The hub may not change one.',
  },
  {
    apiGroups: [policyGroup],
    resources: ['flowpolicies/status', 'clusterflowpolicies/status'],
    verbs: ['patch'],
    reason: 'Conditions: what agents accepted and on how many nodes it stands.',
  },
  {
    apiGroups: ['authentication.k8s.io'],
    resources: ['tokenreviews'],
    verbs: ['create'],
    reason: 'Whether an agent that connects is who its token says.',
  },
  {
    apiGroups: ['authorization.k8s.io'],
    resources: ['subjectaccessreviews'],
    verbs: ['create'],
    reason: 'Whether a person may see flows, findings and bodies of a namespace.',
  },
];

/** In its own namespace. */
export const hubNamespaceRules: readonly Rule[] = [
  {
    apiGroups: ['coordination.k8s.io'],
    resources: ['leases'],
    resourceNames: [names.hub],
    verbs: ['get', 'update'],
    reason: 'Which replica leads. Install made the Lease, so nothing has to be created.',
  },
  {
    apiGroups: [''],
    resources: ['secrets'],
    resourceNames: [names.ca],
    verbs: ['get', 'update'],
    reason: "The internal CA's key, which the leader makes and rotates. This one Secret, and no other.",
  },
  {
    apiGroups: [''],
    resources: ['configmaps'],
    resourceNames: [names.ca],
    verbs: ['get', 'update'],
    reason: 'The certificates that agents trust; mounted into them as a file.',
  },
  {
    apiGroups: ['apps'],
    resources: ['daemonsets'],
    resourceNames: [names.agent],
    verbs: ['get'],
    reason: 'How many agents are expected to report: until then a condition is Unknown.',
  },
];

/** Only where the aggregated API is wanted. */
export const hubAggregationRules: readonly Rule[] = [
  {
    apiGroups: ['apiregistration.k8s.io'],
    resources: ['apiservices'],
    resourceNames: [names.apiService],
    verbs: ['get', 'patch'],
    reason:
      'The caBundle of its own APIService, by which the API server knows the hub; read back before a rotation goes on.',
  },
];
