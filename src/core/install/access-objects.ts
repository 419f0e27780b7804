// The third stage: ServiceAccounts, roles and bindings of agents and hub, and the ready roles for people. The rules are tables elsewhere.
import type { Json, KubeObject } from './kube-object.ts';
import type { Condition, Manifest } from './manifest.ts';
import { agentClusterRules, agentNamespaceRules } from './agent-rules.ts';
import { hubAggregationRules, hubClusterRules, hubNamespaceRules } from './hub-rules.ts';
import { names, type Component } from './names.ts';
import { peopleRoles } from './people-roles.ts';
import { ruleNotes, ruleObject, type Rule } from './rule.ts';
import { clusterMeta, localMeta, type BuildOptions } from './with-labels.ts';

const rbac = 'rbac.authorization.k8s.io';
const rbacVersion = `${rbac}/v1`;

/** A role of one of our own ServiceAccounts, which has the component's name, and its binding. */
interface Grant {
  readonly component: Extract<Component, 'agent' | 'hub'>;
  /** Name of role and binding. */
  readonly name: string;
  readonly rules: readonly Rule[];
  readonly scope: 'cluster' | 'namespace';
  readonly when?: Condition;
}

const grants: readonly Grant[] = [
  { component: 'agent', name: names.agent, rules: agentClusterRules, scope: 'cluster' },
  { component: 'agent', name: names.agent, rules: agentNamespaceRules, scope: 'namespace' },
  { component: 'hub', name: names.hub, rules: hubClusterRules, scope: 'cluster' },
  { component: 'hub', name: names.hub, rules: hubNamespaceRules, scope: 'namespace' },
  {
    component: 'hub',
    name: names.hubAggregation,
    rules: hubAggregationRules,
    scope: 'cluster',
    when: 'aggregatedApi',
  },
];

const subjects = (component: Grant['component'], { namespace }: BuildOptions): Json => [
  { kind: 'ServiceAccount', name: names[component], namespace },
];

function grantObjects(grant: Grant, options: BuildOptions): readonly Manifest[] {
  const { component, name, rules, scope } = grant;
  const cluster = scope === 'cluster';
  const meta = (cluster ? clusterMeta : localMeta)(name, component, options);
  const kind = cluster ? 'ClusterRole' : 'Role';
  const when = grant.when === undefined ? {} : { when: grant.when };
  return [
    {
      object: { apiVersion: rbacVersion, kind, metadata: meta, rules: rules.map(ruleObject) },
      notes: ruleNotes(rules),
      ...when,
    },
    {
      object: {
        apiVersion: rbacVersion,
        kind: `${kind}Binding`,
        metadata: meta,
        roleRef: { apiGroup: rbac, kind, name },
        subjects: subjects(component, options),
      },
      notes: [],
      ...when,
    },
  ];
}

/** The token comes with the pod that asks for it, not with every pod that names the account. */
const serviceAccount = (component: Grant['component'], options: BuildOptions): Manifest => ({
  object: {
    apiVersion: 'v1',
    kind: 'ServiceAccount',
    metadata: localMeta(names[component], component, options),
    automountServiceAccountToken: false,
  },
  notes: [],
});

/** The API server's CAs: of its front proxy, and of people's certificates, for those who come by port-forward. */
function frontProxyReader(options: BuildOptions): Manifest {
  const object: KubeObject = {
    apiVersion: rbacVersion,
    kind: 'RoleBinding',
    metadata: { ...localMeta(names.hub, 'hub', options), namespace: 'kube-system' },
    roleRef: { apiGroup: rbac, kind: 'Role', name: 'extension-apiserver-authentication-reader' },
    subjects: subjects('hub', options),
  };
  const text =
    'Reads one ConfigMap of kube-system: the certificates by which the hub knows that a request came through the API server, or from somebody whom it knows.';
  return { object, notes: [{ path: [], text }] };
}

const forPeople = (options: BuildOptions): readonly Manifest[] =>
  peopleRoles.map(({ name, text, rules, labels }) => {
    const meta = clusterMeta(name, 'rights', options);
    return {
      object: {
        apiVersion: rbacVersion,
        kind: 'ClusterRole',
        metadata: {
          ...meta,
          labels: { ...meta.labels, ...labels },
          annotations: { 'apidefense.dev/description': text },
        },
        rules: rules.map(ruleObject),
      },
      notes: ruleNotes(rules),
    };
  });

/** Everything about who may what. */
export const accessObjects = (options: BuildOptions): readonly Manifest[] => [
  serviceAccount('agent', options),
  serviceAccount('hub', options),
  ...grants.flatMap((grant) => grantObjects(grant, options)),
  frontProxyReader(options),
  ...forPeople(options),
];
