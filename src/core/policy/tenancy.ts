// Whose traffic a policy may touch. Namespaced: destinations of its own namespace, or, when all its sources are of its own namespace
// (egress), any destination. Cluster-wide: anybody's. Knows no cluster.
import type { Peer } from './peer-schema.ts';
import type { FlowPolicy, Policy } from './schema.ts';

/** No namespace can be called that, nor is it the '' of strangers: a peer that fell back on it would select nobody. */
const nowhere = '(none)';

/** The namespace that a peer's names are of when it says none: a FlowPolicy's own; a ClusterFlowPolicy has none, and its peers say theirs. */
export const homeOf = (policy: Policy): string =>
  policy.kind === 'FlowPolicy' ? policy.metadata.namespace : nowhere;

/** The namespace a peer is confined to; undefined when it could be anywhere (cidr only). */
function namespaceOf(peer: Peer, own: string): string | undefined {
  if (peer.namespace !== undefined) return peer.namespace;
  if (peer.workload !== undefined) return peer.workload.namespace ?? own;
  if (peer.serviceAccount !== undefined) return peer.serviceAccount.namespace ?? own;
  return peer.labels === undefined ? undefined : own;
}

/** True when every source is named and of the policy's own namespace: then destinations elsewhere may be selected. */
function isEgress(policy: FlowPolicy): boolean {
  const { from } = policy.spec;
  const own = policy.metadata.namespace;
  return 'peers' in from && from.peers.every((peer) => namespaceOf(peer, own) === own);
}

/** Whether destinations may be in any namespace, and outside; else they are of the policy's own alone. */
export const reachesAnywhere = (policy: Policy): boolean =>
  policy.kind === 'ClusterFlowPolicy' || isEgress(policy);

/** Index of the first destination peer that names another namespace without being allowed to, or -1. */
export function foreignDestination(policy: FlowPolicy): number {
  const { to } = policy.spec;
  if (!('peers' in to) || isEgress(policy)) return -1;
  const own = policy.metadata.namespace;
  return to.peers.findIndex((peer) => (namespaceOf(peer, own) ?? own) !== own);
}
