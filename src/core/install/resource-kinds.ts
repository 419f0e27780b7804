// The kinds that an installation is made of, as the API server calls them: for its URLs and for rights. A kind that is not here cannot be installed or removed.
import type { KubeObject } from './kube-object.ts';
import { policyGroup } from './names.ts';

/** How a kind is reached. */
export interface ResourceKind {
  readonly group: string;
  readonly resource: string;
  readonly namespaced: boolean;
}

const rbac = 'rbac.authorization.k8s.io';

const kinds: Readonly<Record<string, ResourceKind>> = {
  Namespace: { group: '', resource: 'namespaces', namespaced: false },
  PriorityClass: { group: 'scheduling.k8s.io', resource: 'priorityclasses', namespaced: false },
  CustomResourceDefinition: {
    group: 'apiextensions.k8s.io',
    resource: 'customresourcedefinitions',
    namespaced: false,
  },
  ServiceAccount: { group: '', resource: 'serviceaccounts', namespaced: true },
  ClusterRole: { group: rbac, resource: 'clusterroles', namespaced: false },
  ClusterRoleBinding: { group: rbac, resource: 'clusterrolebindings', namespaced: false },
  Role: { group: rbac, resource: 'roles', namespaced: true },
  RoleBinding: { group: rbac, resource: 'rolebindings', namespaced: true },
  Secret: { group: '', resource: 'secrets', namespaced: true },
  ConfigMap: { group: '', resource: 'configmaps', namespaced: true },
  Lease: { group: 'coordination.k8s.io', resource: 'leases', namespaced: true },
  Service: { group: '', resource: 'services', namespaced: true },
  PodDisruptionBudget: { group: 'policy', resource: 'poddisruptionbudgets', namespaced: true },
  NetworkPolicy: { group: 'networking.k8s.io', resource: 'networkpolicies', namespaced: true },
  Deployment: { group: 'apps', resource: 'deployments', namespaced: true },
  DaemonSet: { group: 'apps', resource: 'daemonsets', namespaced: true },
  APIService: { group: 'apiregistration.k8s.io', resource: 'apiservices', namespaced: false },
};

/** Policies are not installed, but removed with --purge. */
const policyKinds: Readonly<Record<string, ResourceKind>> = {
  FlowPolicy: { group: policyGroup, resource: 'flowpolicies', namespaced: true },
  ClusterFlowPolicy: { group: policyGroup, resource: 'clusterflowpolicies', namespaced: false },
};

/** All of them by kind: where `uninstall` and an upgrade look for what is ours. */
export const installedKinds: Readonly<Record<string, ResourceKind>> = kinds;

/** The resource of an object of ours. @throws Error for a kind that is not in the table: our own mistake. */
export function resourceOf({ kind }: Pick<KubeObject, 'kind'>): ResourceKind {
  const found = kinds[kind] ?? policyKinds[kind];
  if (found === undefined) throw new Error(`The kind ${kind} is not in resource-kinds.ts.`);
  return found;
}
