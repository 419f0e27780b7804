// The kinds that an installation is made of, as the API server calls them: for its URLs and for rights. A kind that is not here cannot be applied or removed.
import type { KubeObject } from './kube-object.ts';
import { policyGroup } from './names.ts';

/** How a kind is reached. */
export interface ResourceKind {
  readonly group: string;
  readonly version: string;
  readonly resource: string;
  readonly namespaced: boolean;
}

const rbac = 'rbac.authorization.k8s.io';

const kinds: Readonly<Record<string, ResourceKind>> = {
  Namespace: { group: '', version: 'v1', resource: 'namespaces', namespaced: false },
  PriorityClass: {
    group: 'scheduling.k8s.io',
    version: 'v1',
    resource: 'priorityclasses',
    namespaced: false,
  },
  CustomResourceDefinition: {
    group: 'apiextensions.k8s.io',
    version: 'v1',
    resource: 'customresourcedefinitions',
    namespaced: false,
  },
  ServiceAccount: { group: '', version: 'v1', resource: 'serviceaccounts', namespaced: true },
  ClusterRole: { group: rbac, version: 'v1', resource: 'clusterroles', namespaced: false },
  ClusterRoleBinding: { group: rbac, version: 'v1', resource: 'clusterrolebindings', namespaced: false },
  Role: { group: rbac, version: 'v1', resource: 'roles', namespaced: true },
  RoleBinding: { group: rbac, version: 'v1', resource: 'rolebindings', namespaced: true },
  Secret: { group: '', version: 'v1', resource: 'secrets', namespaced: true },
  ConfigMap: { group: '', version: 'v1', resource: 'configmaps', namespaced: true },
  Lease: { group: 'coordination.k8s.io', version: 'v1', resource: 'leases', namespaced: true },
  Service: { group: '', version: 'v1', resource: 'services', namespaced: true },
  PodDisruptionBudget: { group: 'policy', version: 'v1', resource: 'poddisruptionbudgets', namespaced: true },
  NetworkPolicy: { group: 'networking.k8s.io', version: 'v1', resource: 'networkpolicies', namespaced: true },
  Deployment: { group: 'apps', version: 'v1', resource: 'deployments', namespaced: true },
  DaemonSet: { group: 'apps', version: 'v1', resource: 'daemonsets', namespaced: true },
  APIService: { group: 'apiregistration.k8s.io', version: 'v1', resource: 'apiservices', namespaced: false },
};

/** Policies are not installed, but removed with --purge. */
export const policyKinds: Readonly<Record<string, ResourceKind>> = {
  FlowPolicy: { group: policyGroup, version: 'v1alpha1', resource: 'flowpolicies', namespaced: true },
  ClusterFlowPolicy: {
    group: policyGroup,
    version: 'v1alpha1',
    resource: 'clusterflowpolicies',
    namespaced: false,
  },
};

/** Of the demo's shop, beside those above: nothing that an installation looks for. */
const demoKinds: Readonly<Record<string, ResourceKind>> = {
  Pod: { group: '', version: 'v1', resource: 'pods', namespaced: true },
  CronJob: { group: 'batch', version: 'v1', resource: 'cronjobs', namespaced: true },
};

/** All of them by kind: where `uninstall` and an upgrade look for what is ours. */
export const installedKinds: Readonly<Record<string, ResourceKind>> = kinds;

/** The resource of an object of ours. @throws Error for a kind that is not in the table: our own mistake. */
export function resourceOf({ kind }: Pick<KubeObject, 'kind'>): ResourceKind {
  const found = kinds[kind] ?? policyKinds[kind] ?? demoKinds[kind];
  if (found === undefined) throw new Error(`The kind ${kind} is not in resource-kinds.ts.`);
  return found;
}

/** A kind and where it is looked for; without a namespace in the whole cluster. */
export interface SearchPlace {
  readonly kind: string;
  readonly namespace?: string;
}

/** Where something of the installation in `namespace` can be: besides its own place the one binding that lets the hub read kube-system's ConfigMap. */
export const searchPlaces = (namespace: string): readonly SearchPlace[] => [
  ...Object.entries(kinds).map(([kind, { namespaced }]) => (namespaced ? { kind, namespace } : { kind })),
  { kind: 'RoleBinding', namespace: 'kube-system' },
];
