// The kinds of objects we talk about, and where the API server keeps them. Pure; a new kind is a new row.

/** One kind as the API server spells it. */
export interface ResourceKind {
  /** '' for the core group. */
  readonly group: string;
  readonly version: string;
  readonly plural: string;
  readonly kind: string;
  readonly namespaced: boolean;
}

/** One object of a kind. */
export interface ObjectName {
  /** Absent of kinds that have none. */
  readonly namespace?: string;
  readonly name: string;
}

const row = (groupVersion: string, plural: string, kind: string): ResourceKind => {
  const [version = '', group = ''] = groupVersion.split('/').toReversed();
  return { group, version, plural, kind, namespaced: true };
};

/** Every kind that this program asks for. */
export const kinds = {
  pods: row('v1', 'pods', 'Pod'),
  namespaces: { ...row('v1', 'namespaces', 'Namespace'), namespaced: false },
  services: row('v1', 'services', 'Service'),
  endpointSlices: row('discovery.k8s.io/v1', 'endpointslices', 'EndpointSlice'),
  nodes: { ...row('v1', 'nodes', 'Node'), namespaced: false },
  daemonSets: row('apps/v1', 'daemonsets', 'DaemonSet'),
  leases: row('coordination.k8s.io/v1', 'leases', 'Lease'),
  tokenReviews: { ...row('authentication.k8s.io/v1', 'tokenreviews', 'TokenReview'), namespaced: false },
  configMaps: row('v1', 'configmaps', 'ConfigMap'),
  flowPolicies: row('apidefense.dev/v1alpha1', 'flowpolicies', 'FlowPolicy'),
  clusterFlowPolicies: {
    ...row('apidefense.dev/v1alpha1', 'clusterflowpolicies', 'ClusterFlowPolicy'),
    namespaced: false,
  },
  secrets: row('v1', 'secrets', 'Secret'),
  apiServices: { ...row('apiregistration.k8s.io/v1', 'apiservices', 'APIService'), namespaced: false },
  /** What people may be allowed of the aggregated API: `watch` the first two, `get` the last. */
  flows: row('live.apidefense.dev/v1alpha1', 'flows', 'Flow'),
  findings: row('live.apidefense.dev/v1alpha1', 'findings', 'Finding'),
  bodies: row('live.apidefense.dev/v1alpha1', 'bodies', 'Body'),
  subjectAccessReviews: {
    ...row('authorization.k8s.io/v1', 'subjectaccessreviews', 'SubjectAccessReview'),
    namespaced: false,
  },
  signingRequests: {
    ...row('certificates.k8s.io/v1', 'certificatesigningrequests', 'CertificateSigningRequest'),
    namespaced: false,
  },
  accessReviews: {
    ...row('authorization.k8s.io/v1', 'selfsubjectaccessreviews', 'SelfSubjectAccessReview'),
    namespaced: false,
  },
  subjectReviews: {
    ...row('authentication.k8s.io/v1', 'selfsubjectreviews', 'SelfSubjectReview'),
    namespaced: false,
  },
} as const satisfies Record<string, ResourceKind>;

/** `apps/v1`, or `v1` of the core group. */
export const apiVersionOf = ({ group, version }: ResourceKind): string =>
  group === '' ? version : `${group}/${version}`;

/** `flowpolicies.apidefense.dev`, the name that roles and errors use. */
export const fullName = ({ group, plural }: ResourceKind): string =>
  group === '' ? plural : `${plural}.${group}`;

/** `/apis/apps/v1/namespaces/shop/deployments`; over all namespaces without one. */
export function collectionPath(resource: ResourceKind, namespace?: string): string {
  const { group, version, plural, namespaced } = resource;
  const root = group === '' ? `/api/${version}` : `/apis/${group}/${version}`;
  const within = namespaced && namespace !== undefined ? `/namespaces/${encodeURIComponent(namespace)}` : '';
  return `${root}${within}/${plural}`;
}

/** The path of one object. */
export const objectPath = (resource: ResourceKind, { namespace, name }: ObjectName): string =>
  `${collectionPath(resource, namespace)}/${encodeURIComponent(name)}`;

/** `FlowPolicy shop/name`, as sentences and listings call an object. */
export const objectTitle = ({ kind }: ResourceKind, { namespace, name }: ObjectName): string =>
  namespace === undefined ? `${kind} ${name}` : `${kind} ${namespace}/${name}`;
