// Objects of an installation as the client of the API server names them. Pure.
import { isKubeObject, type KubeObject } from '../../../core/install/kube-object.ts';
import { resourceOf } from '../../../core/install/resource-kinds.ts';
import type { KubeObject as ReadObject } from '../api/kube-object.ts';
import type { ObjectName, ResourceKind } from '../api/resource-kind.ts';

/** The kind of an object of ours. @throws Error for one that no installation has: our own mistake. */
export function kubeResource(object: Pick<KubeObject, 'kind'>): ResourceKind {
  const { group, version, resource, namespaced } = resourceOf(object);
  return { group, version, plural: resource, kind: object.kind, namespaced };
}

/** Its name, and its namespace where it has one. */
export const kubeName = ({ metadata: { name, namespace } }: KubeObject): ObjectName => ({
  name,
  ...(namespace === undefined ? {} : { namespace }),
});

/** As the core has objects. Those of a list come without their kind, so it is put back. */
export function coreObject({ raw }: ReadObject, { group, version, kind }: ResourceKind): KubeObject {
  const object: unknown = { apiVersion: group === '' ? version : `${group}/${version}`, kind, ...raw };
  if (isKubeObject(object)) return object;
  throw new Error(`The API server sent a ${kind} that is no object.`);
}
