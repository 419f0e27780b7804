// Which rights an installation, and its removal, take: a table made from the objects themselves, so that it cannot be wrong about them.
import { isJsonList, isJsonObject, type Json, type KubeObject } from '../kube-object.ts';
import type { Stage } from '../manifest.ts';
import { installedKinds, policyKinds, resourceOf, searchPlaces } from '../resource-kinds.ts';
import type { Need, Right } from './rights.ts';

/** Server-side apply reads, patches, and where nothing is there creates. */
const applyVerbs = ['get', 'patch', 'create'] as const;

function rightOn(object: KubeObject, verb: string): Right {
  const { group, resource } = resourceOf(object);
  const { name, namespace } = object.metadata;
  return { verb, group, resource, name, ...(namespace === undefined ? {} : { namespace }) };
}

const strings = (value: Json | undefined): readonly string[] =>
  (isJsonList(value) ? value : []).filter((each) => typeof each === 'string');

function rulesOf(role: KubeObject | undefined): readonly Json[] {
  const rules = role?.['rules'];
  return isJsonList(rules) ? rules : [];
}

/** All that a role gives, right by right. */
function given(role: KubeObject | undefined, namespace: string | undefined): readonly Right[] {
  const inside = namespace === undefined ? {} : { namespace };
  return rulesOf(role).flatMap((rule) => {
    if (!isJsonObject(rule)) return [];
    const names = strings(rule['resourceNames']);
    const objects = names.length === 0 ? [{}] : names.map((name) => ({ name }));
    return strings(rule['apiGroups']).flatMap((group) =>
      strings(rule['resources']).flatMap((resource) =>
        strings(rule['verbs']).flatMap((verb) =>
          objects.map((object) => ({ verb, group, resource, ...inside, ...object })),
        ),
      ),
    );
  });
}

/** The one role that we bind and that Kubernetes made. */
const frontProxyRole: KubeObject = {
  apiVersion: 'rbac.authorization.k8s.io/v1',
  kind: 'Role',
  metadata: { name: 'extension-apiserver-authentication-reader', namespace: 'kube-system' },
  rules: [
    {
      apiGroups: [''],
      resources: ['configmaps'],
      resourceNames: ['extension-apiserver-authentication'],
      verbs: ['get', 'list', 'watch'],
    },
  ],
};

function boundRole(binding: KubeObject, objects: readonly KubeObject[]): KubeObject | undefined {
  const ref = binding['roleRef'];
  if (!isJsonObject(ref)) return undefined;
  return [...objects, frontProxyRole].find(
    ({ kind, metadata }) =>
      kind === ref['kind'] &&
      metadata.name === ref['name'] &&
      (kind === 'ClusterRole' || metadata.namespace === binding.metadata.namespace),
  );
}

/** The API server lets nobody give what he does not hold, unless he may `escalate` roles and `bind` them. */
function givingNeeds(object: KubeObject, objects: readonly KubeObject[]): readonly Need[] {
  const { namespace } = object.metadata;
  switch (object.kind) {
    case 'Role':
    case 'ClusterRole':
      return [{ right: rightOn(object, 'escalate'), orAll: given(object, namespace) }];
    case 'RoleBinding':
    case 'ClusterRoleBinding': {
      const role = boundRole(object, objects);
      return role === undefined ? [] : [{ right: rightOn(role, 'bind'), orAll: given(role, namespace) }];
    }
    default:
      return [];
  }
}

/** What it takes to find what is ours by its label: known before anything is. */
export const findingNeeds = (namespace: string): readonly Need[] =>
  searchPlaces(namespace).map((place) => {
    const { group, resource } = resourceOf(place);
    const inside = place.namespace === undefined ? {} : { namespace: place.namespace };
    return { right: { verb: 'list', group, resource, ...inside } };
  });

/** Progress is the pods of agents and hub. */
const waitingNeeds = (namespace: string): readonly Need[] =>
  ['list', 'watch'].map((verb) => ({ right: { verb, group: '', resource: 'pods', namespace } }));

const objectsOf = (stages: readonly Stage[]): readonly KubeObject[] =>
  stages.flatMap(({ manifests }) => manifests.map(({ object }) => object));

/** What `install` and `upgrade` take, in the order of the stages. */
export function installNeeds(stages: readonly Stage[], namespace: string): readonly Need[] {
  const objects = objectsOf(stages);
  return [
    ...objects.flatMap((object) => applyVerbs.map((verb) => ({ right: rightOn(object, verb) }))),
    ...objects.flatMap((object) => givingNeeds(object, objects)),
    ...findingNeeds(namespace),
    ...waitingNeeds(namespace),
  ];
}

/** What it takes to remove these objects. */
export const removalNeeds = (objects: readonly KubeObject[]): readonly Need[] =>
  objects.flatMap((object) => ['get', 'delete'].map((verb) => ({ right: rightOn(object, verb) })));

/** They are counted where they stay, and removed with --purge. */
const policyNeeds: readonly Need[] = Object.values(policyKinds).map(({ group, resource }) => ({
  right: { verb: 'list', group, resource },
}));

/** What `uninstall` takes for the objects it found. */
export const uninstallNeeds = (objects: readonly KubeObject[], namespace: string): readonly Need[] => [
  ...removalNeeds(objects),
  ...findingNeeds(namespace),
  ...policyNeeds,
  ...waitingNeeds(namespace),
];

/** Kinds in which `uninstall` looks for what is ours. */
export const searchedKinds: readonly string[] = Object.keys(installedKinds);
