// Where addresses are, as merging asks it, answered by what the hub knows of the cluster. Pure.
import type { ClusterIdentity } from '../identity/cluster-identity.ts';
import type { FlowPlaces } from './flow-pairs.ts';

/** The cluster as places of flows. Pods that are gone still count for a while: their last flows come after them. */
export const placesOf = (identity: ClusterIdentity): FlowPlaces => ({
  nodeAt(address, atMs) {
    const holder = identity.holderAt(address, atMs);
    if (holder.type === 'pod') return holder.pod.node;
    return holder.type === 'host' ? holder.node : undefined;
  },
  isService: (address) => identity.holder(address).type === 'service',
  isBehind: (service, pod, atMs) => identity.isBehind(service, pod, atMs),
});
