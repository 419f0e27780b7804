// Open connections between pairs that a change concerns. Pairs that were seen are known exactly; of others only the names
// are, so their principal is taken to be the ServiceAccount of that name.
import { peerFromName } from '../model/identity.ts';
import type { ScopeIdentity } from './scope.ts';

/** Open connections between two workloads, `ns/Kind/name>ns/Kind/name`. */
export interface OpenPair {
  readonly pair: string;
  readonly count: number;
}

/** `seen`: whether the change selects a pair of the window. Most connections first. */
export function openConnectionsOf(
  openByPair: Readonly<Record<string, number>>,
  seen: ReadonlyMap<string, boolean>,
  selects: ((who: ScopeIdentity) => boolean) | undefined,
): readonly OpenPair[] {
  return Object.entries(openByPair)
    .filter(([pair, count]) => count > 0 && (seen.get(pair) ?? selects?.(identityOfPair(pair)) ?? false))
    .map(([pair, count]) => ({ pair, count }))
    .toSorted((a, b) => b.count - a.count);
}

function identityOfPair(pair: string): ScopeIdentity {
  const [source = '', destination = ''] = pair.split('>').map((end) => end);
  return {
    source: peerOfKey(source),
    destination: peerOfKey(destination),
    destinationPort: 0,
    sourceAddress: undefined,
    destinationAddress: undefined,
  };
}

function peerOfKey(key: string): ScopeIdentity['source'] {
  const [namespace = '', kind = '', name = ''] = key.split('/');
  return { ...peerFromName(name, namespace), workload: { namespace, kind, name } };
}
