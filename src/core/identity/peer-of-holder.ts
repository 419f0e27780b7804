// Who an address's holder is in the words of events and policies. Pure.
import { peerOfNode, type Peer } from '../model/identity.ts';
import type { Holder } from './cluster-identity.ts';

/** The peer, or undefined of what is unknown. A Service has no principal of its own: who answers is known when it has answered. */
export function peerOfHolder(holder: Holder): Peer | undefined {
  switch (holder.type) {
    case 'pod': {
      const { workload, namespace, serviceAccount, labels } = holder.pod;
      return { workload, principal: `sa:${namespace}/${serviceAccount}`, assurance: 'ip', labels };
    }
    case 'host':
      return peerOfNode(holder.node);
    case 'service': {
      const { namespace, name } = holder;
      return { workload: { kind: 'Service', name, namespace }, principal: 'unknown', assurance: 'ip' };
    }
    case 'unknown':
      return undefined;
  }
}
