// Which workload a pod belongs to, as far as is known now: what its controller's own controller is, once that has been asked; until then,
// or where it may not be asked, what the pod itself says. Pure.
import type { Workload } from '../../../core/model/identity.ts';
import type { ControllerOwner, KnownPod } from './trim-pod.ts';

/** What owns an owner, by the owner's UID; null: nothing does. */
export type Owners = ReadonlyMap<string, Pick<ControllerOwner, 'kind' | 'name'> | null>;

/** Kinds that something else usually stands behind. */
export const isLink = ({ kind, apiVersion }: ControllerOwner): boolean =>
  (kind === 'ReplicaSet' && apiVersion.startsWith('apps/')) ||
  (kind === 'Job' && apiVersion.startsWith('batch/'));

/** The hash that a Deployment's controller puts at the end of its ReplicaSets' names and on their pods. */
const hashLabel = 'pod-template-hash';

/**
 * A pod of a Deployment says so by its label, so that a policy about the Deployment holds from the pod's first moment, before anybody was
 * asked; what the answer says goes before. A pod without a controller is its own workload.
 */
export function workloadOfPod(pod: KnownPod, owners: Owners): Workload {
  const { namespace, owner, labels } = pod;
  // A static pod's mirror is "controlled" by its Node.
  if (owner === undefined || owner.kind === 'Node') return { kind: 'Pod', name: pod.name, namespace };
  const asked = owners.get(owner.uid);
  if (asked !== undefined && asked !== null) return { kind: asked.kind, name: asked.name, namespace };
  const direct = { kind: owner.kind, name: owner.name, namespace };
  const hash = labels[hashLabel];
  if (asked === null || owner.kind !== 'ReplicaSet' || hash === undefined || !isLink(owner)) return direct;
  const end = `-${hash}`;
  return owner.name.endsWith(end) && owner.name.length > end.length
    ? { kind: 'Deployment', name: owner.name.slice(0, -end.length), namespace }
    : direct;
}
