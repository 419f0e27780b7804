// Whose traffic a namespaced policy may touch: destinations of its own namespace, or, when all its sources are of its own
// namespace (egress), any destination. Knows no cluster.
import type { Peer } from './peer-schema.ts';
import type { FlowPolicy } from './schema.ts';

/** The namespace a peer is confined to; undefined when it could be anywhere (cidr only). */
function namespaceOf(peer: Peer, own: string): string | undefined {
  if (peer.namespace !== undefined) return peer.namespace;
  if (peer.workload !== undefined) return peer.workload.namespace ?? own;
  if (peer.serviceAccount !== undefined) return peer.serviceAccount.namespace ?? own;
  return peer.labels === undefined ? undefined : own;
}

/** True when every source is named and of the policy's own namespace: then destinations elsewhere may be selected. */
export function isEgress(policy: FlowPolicy): boolean {
  const { from } = policy.spec;
  const own = policy.metadata.namespace;
  return 'peers' in from && from.peers.every((peer) => namespaceOf(peer, own) === own);
}

/** Index of the first destination peer that names another namespace without being egress, or -1. */
export function foreignDestination(policy: FlowPolicy): number {
  const { to } = policy.spec;
  if (!('peers' in to) || isEgress(policy)) return -1;
  const own = policy.metadata.namespace;
  return to.peers.findIndex((peer) => (namespaceOf(peer, own) ?? own) !== own);
}
