// The way out: in which order what is ours is removed, what stays and why, and what would prove that nothing is left. Pure.
import { objectName, type KubeObject } from '../kube-object.ts';
import { installationLabel, liveGroup } from '../names.ts';
import { policyKinds } from '../resource-kinds.ts';

/** Steps in their order; each waits for its objects to be gone before the next. */
export const uninstallSteps = [
  {
    name: 'aggregated-api',
    title: 'the API for people, first: without a hub it would break discovery',
    kinds: ['APIService'],
  },
  {
    name: 'agents',
    title: 'agents: each takes its rules, routes, settings and snapshot back as it ends',
    kinds: ['DaemonSet'],
  },
  { name: 'hub', title: 'hub', kinds: ['Deployment'] },
  { name: 'policies', title: 'policies', kinds: ['FlowPolicy', 'ClusterFlowPolicy'] },
  {
    name: 'local',
    title: 'what is in the namespace',
    kinds: [
      ...['PodDisruptionBudget', 'NetworkPolicy', 'Service', 'Lease', 'Secret', 'ConfigMap'],
      ...['RoleBinding', 'Role', 'ServiceAccount'],
    ],
  },
  { name: 'definitions', title: 'definitions of the policies', kinds: ['CustomResourceDefinition'] },
  {
    name: 'rights',
    title: 'roles and priority',
    kinds: ['ClusterRoleBinding', 'ClusterRole', 'PriorityClass'],
  },
  { name: 'namespace', title: 'the namespace', kinds: ['Namespace'] },
] as const;
/** Name of a step. */
export type UninstallStepName = (typeof uninstallSteps)[number]['name'];

/** What the API server said. */
export interface Found {
  /** Everything with the label of this installation. */
  readonly ours: readonly KubeObject[];
  readonly policies: readonly KubeObject[];
  /** Everything that is in the namespace, ours or not. */
  readonly inNamespace: readonly KubeObject[];
  /** Kinds of the namespace that could not be looked at: what is of them nobody knows. */
  readonly unseen?: readonly string[];
}

/** One step of the plan, left out when it has no objects. */
export interface UninstallStep {
  readonly name: UninstallStepName;
  readonly title: string;
  readonly objects: readonly KubeObject[];
}

/** The plan. */
export interface UninstallPlan {
  readonly steps: readonly UninstallStep[];
  /** A sentence for each thing that stays. */
  readonly kept: readonly string[];
}

/** Kubernetes, and what many clusters have beside it, put these into every namespace. */
const ofEveryNamespace: ReadonlySet<string> = new Set([
  'ConfigMap kube-root-ca.crt',
  'ServiceAccount default',
  'ConfigMap istio-ca-root-cert',
  'ConfigMap openshift-service-ca.crt',
]);

/** Neither ours, nor made by a controller, nor in every namespace: somebody put it there. */
const isStranger = ({ kind, metadata }: KubeObject): boolean =>
  metadata.labels?.[installationLabel] === undefined &&
  !('ownerReferences' in metadata) &&
  !ofEveryNamespace.has(`${kind} ${metadata.name}`) &&
  kind !== 'Event';

const count = (of: readonly KubeObject[], one: string, many: string): string =>
  of.length === 1 ? `1 ${one}` : `${of.length} ${many}`;

/** Policies are somebody's own wherever they are, unless they go too. */
const strangersOf = ({ inNamespace }: Found, purge: boolean): readonly KubeObject[] =>
  inNamespace.filter((object) => isStranger(object) && !(purge && object.kind in policyKinds));

const counted = (of: number, what: string): string => `${of} ${what}${of === 1 ? '' : 's'}`;

function namespaceSentence(found: Found, purge: boolean): string {
  const { unseen = [] } = found;
  const strangers = strangersOf(found, purge);
  const name = found.ours.find(({ kind }) => kind === 'Namespace')?.metadata.name;
  if (name === undefined || strangers.length + unseen.length === 0) return '';
  return strangers.length > 0
    ? `The namespace ${name} stays, since it holds what is not ours: ${strangers.map(objectName).join(', ')}.`
    : `The namespace ${name} stays, since nobody could look whether it holds what is not ours: ${unseen.join(', ')}.`;
}

function keptSentences(found: Found, purge: boolean): readonly string[] {
  const namespace = namespaceSentence(found, purge);
  const definitions = found.ours.filter(({ kind }) => kind === 'CustomResourceDefinition');
  return [
    ...(purge || definitions.length === 0
      ? []
      : [
          `${count(found.policies, 'policy and its definition stay', 'policies and their definitions stay')}, without effect: --purge removes them.`,
        ]),
    ...(namespace === '' ? [] : [namespace]),
  ];
}

function isRemoved({ kind }: KubeObject, purge: boolean, strangers: boolean): boolean {
  if (kind === 'CustomResourceDefinition') return purge;
  return kind !== 'Namespace' || !strangers;
}

/** What goes in which order. Policies and their definitions only with `purge`. */
export function planUninstall(found: Found, { purge }: { readonly purge: boolean }): UninstallPlan {
  const strangers = namespaceSentence(found, purge) !== '';
  const going = [
    ...found.ours.filter((object) => isRemoved(object, purge, strangers)),
    ...(purge ? found.policies : []),
  ];
  const steps = uninstallSteps.map(({ name, title, kinds }) => ({
    name,
    title,
    objects: kinds.flatMap((kind) => going.filter((object) => object.kind === kind)),
  }));
  return { steps: steps.filter(({ objects }) => objects.length > 0), kept: keptSentences(found, purge) };
}

/** An agent's pod, and how its container ended as the pod's last state told; undefined when nobody saw. */
export interface AgentEnd {
  readonly node: string;
  readonly pod: string;
  readonly status: number | undefined;
}

/** What was seen afterwards. */
export interface Afterwards {
  /** Objects of the plan that are still there. */
  readonly present: readonly KubeObject[];
  /** Every agent that ran when the removal began. */
  readonly agents: readonly AgentEnd[];
  /** API groups that the API server serves. */
  readonly groups: readonly string[];
}

function endSentence({ node, pod, status }: AgentEnd): string {
  const how = status === undefined ? 'nobody saw how it ended' : `it ended with status ${status}`;
  return `The agent ${pod} on ${node} did not confirm that it took everything back: ${how}. Look at the pods of that node: nft list table inet apidefense must say that there is none; a restart of a pod clears it.`;
}

/** What speaks against "nothing is left"; empty is the proof. An agent that ends with 0 has taken back its rules, routes, sockets and settings. */
export const leftSentences = ({ present, agents, groups }: Afterwards): readonly string[] => [
  ...present.map((object) => `${objectName(object)} is still there.`),
  ...agents.filter(({ status }) => status !== 0).map(endSentence),
  ...(groups.includes(liveGroup) ? [`The API server still serves the group ${liveGroup}.`] : []),
];

/** What the proof consists of: what was looked for and not found. */
export interface Looked {
  /** Objects that were looked for by name. */
  readonly objects: number;
  /** Places (a kind, in a namespace or the whole cluster) that were searched for the label. */
  readonly places: number;
  readonly namespace: string;
  readonly agents: readonly AgentEnd[];
}

/** The proof in words, and what it does not reach. */
export function provedSentences({ objects, places, namespace, agents }: Looked): readonly string[] {
  const nodes = agents.map(({ node }) => node).sort();
  return [
    `Looked for and not found: ${counted(objects, 'object')} by name, anything with the label ${installationLabel}=${namespace} in ${counted(places, 'place')}, the API group ${liveGroup}.`,
    agents.length === 0
      ? 'No agent ran when this began, so none could say what it took back from the pods of its node: a restart of a pod clears what an agent that was killed left in it.'
      : `${counted(agents.length, 'agent')} ended with status 0, having taken back every rule, route, socket and setting: ${nodes.join(', ')}.`,
  ];
}
