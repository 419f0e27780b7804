// The pods of a node as an inventory: each address has one pod at most, and a pod that opted out is known but not worked in. Pure.
import type { LocalPod, NodeInventory, PodIdentity } from '../../../core/model/pod.ts';
import { addressKey } from '../../../core/plan/address-block.ts';
import type { KnownPod } from './trim-pod.ts';
import { workloadOfPod, type Owners } from './workload-of.ts';

/** What the inventory is made of. */
export interface PodFacts {
  readonly pods: readonly KnownPod[];
  readonly owners: Owners;
  /** Namespaces whose label says that their pods are to be left alone. */
  readonly optedOut: ReadonlySet<string>;
}

/** `namespace/name`. */
export const idOf = ({ namespace, name }: Pick<KnownPod, 'namespace' | 'name'>): string =>
  `${namespace}/${name}`;

/** Who has which address: of those that are not over, whoever started last. An address given out again is the newer pod's. */
function ownersOfAddresses(pods: readonly KnownPod[]): ReadonlyMap<string, KnownPod> {
  const owners = new Map<string, KnownPod>();
  for (const pod of pods)
    for (const key of pod.addresses.map(addressKey)) {
      const before = owners.get(key);
      if (before === undefined || before.startMs < pod.startMs) owners.set(key, pod);
    }
  return owners;
}

function identityOf(pod: KnownPod, addresses: readonly string[], owners: Owners): PodIdentity {
  const { namespace, name, serviceAccount, ports, labels } = pod;
  return {
    ...{ id: idOf(pod), namespace, name, serviceAccount, addresses, ports, labels },
    workload: workloadOfPod(pod, owners),
  };
}

/** In order of their names. Pods that have no address yet, or none any more, are not in it. */
export function inventoryOf({ pods, owners, optedOut }: PodFacts): NodeInventory {
  const running = pods.filter(({ isOver }) => !isOver);
  const own = ownersOfAddresses(running.filter(({ hostNetwork }) => !hostNetwork));
  const local: LocalPod[] = [];
  const left: PodIdentity[] = [];
  for (const pod of running.toSorted((one, other) => (idOf(one) < idOf(other) ? -1 : 1))) {
    const addresses = pod.hostNetwork
      ? pod.addresses
      : pod.addresses.filter((address) => own.get(addressKey(address)) === pod);
    if (addresses.length === 0) continue;
    const identity = identityOf(pod, addresses, owners);
    if (!pod.hostNetwork && (pod.isOptedOut || optedOut.has(pod.namespace))) left.push(identity);
    else local.push({ ...identity, uid: pod.uid, hostNetwork: pod.hostNetwork });
  }
  // Where nobody works in it, what concerns it is enforced at its callers, as for a pod of a node without an agent.
  const peers = left.map((identity) => ({ ...identity, enrolled: false }));
  return { pods: local, peers, services: [] };
}
