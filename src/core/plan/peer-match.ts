// Whether one peer of a policy names a pod: the same answers as policy/scope.ts gives for identities by address.
import type { PodIdentity } from '../model/pod.ts';
import type { Peer } from '../policy/peer-schema.ts';

/** A CIDR and nothing that names anybody. */
export const isLiteral = ({ workload, namespace, serviceAccount, labels, cidr }: Peer): boolean =>
  cidr !== undefined && (workload ?? namespace ?? serviceAccount ?? labels) === undefined;

/** Identity by address is all there is here. */
export const isProvable = ({ minAssurance }: Peer): boolean => (minAssurance ?? 'IP') === 'IP';

/** Whether a peer's names are those of a pod; the CIDR is looked at elsewhere. As in policy/compile-policy.ts, all that is unnamed is of `own`. */
export function namesMatch(peer: Peer, identity: PodIdentity, policyNamespace: string): boolean {
  const { workload, serviceAccount, labels } = peer;
  const own = peer.namespace ?? policyNamespace;
  const actual = identity.workload;
  const misses = (wanted: string | undefined, is: string): boolean => wanted !== undefined && wanted !== is;
  if (
    misses(workload?.kind, actual.kind) ||
    misses(workload?.name, actual.name) ||
    misses(workload && (workload.namespace ?? own), actual.namespace) ||
    misses(labels && !workload && !serviceAccount ? own : undefined, actual.namespace) ||
    misses(peer.namespace, actual.namespace) ||
    misses(serviceAccount?.name, identity.serviceAccount) ||
    misses(serviceAccount && (serviceAccount.namespace ?? own), identity.namespace)
  )
    return false;
  return Object.entries(labels ?? {}).every(([key, value]) => labelOf(identity, key) === value);
}

/** Own properties only: `constructor` is no label of anybody. */
const labelOf = ({ labels }: PodIdentity, key: string): string | undefined =>
  labels !== undefined && Object.hasOwn(labels, key) ? labels[key] : undefined;
