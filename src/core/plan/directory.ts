// The main thread's side of the directory: inventories in, small updates for the data threads out. A peer is interned by what policies can
// see of it, so the pods of a workload are one peer; its index is never given to another.
import { createDirectory, entryOf, entryPeer, type DirectoryUpdate } from '../model/directory.ts';
import { peerOfNode, type Peer } from '../model/identity.ts';
import type { NodeInventory, PodIdentity, ServiceAddress } from '../model/pod.ts';
import { addressText, hostBlock, type Block } from './address-block.ts';
import { isServiceEnrolled, keyOfWorkload, partiesOf, type Party } from './parties.ts';

/** Keeps the one table of who is who. */
export interface DirectoryBook {
  /** The difference to the last inventory; undefined when nobody's address changed. */
  update(inventory: NodeInventory): DirectoryUpdate | undefined;
  /** Everything so far, for a thread that starts now. */
  full(): DirectoryUpdate;
  /** Index of the peer at an address, or -1. */
  peerOf(address: string): number;
  peer(index: number): Peer | undefined;
}

/** What one address is. */
interface Owner {
  readonly block: Block;
  readonly peer: Peer;
  readonly enrolled: boolean;
}

/** The peer of a pod as evaluators see it. */
export const peerOfPod = ({ workload, namespace, serviceAccount, labels }: PodIdentity): Peer => ({
  workload,
  principal: `sa:${namespace}/${serviceAccount}`,
  assurance: 'ip',
  labels: labels ?? {},
});

function peerOfService(service: ServiceAddress, backends: readonly Party[]): Peer {
  const [first] = backends;
  if (first !== undefined) return peerOfPod(first.identity);
  const { workload } = service;
  // Before several workloads: nobody can say whose ServiceAccount answers.
  if (workload.kind === 'Service') return { workload, principal: 'unknown', assurance: 'ip' };
  return { workload, principal: `sa:${workload.namespace}/${workload.name}`, assurance: 'ip' };
}

function ownersOf(inventory: NodeInventory): readonly Owner[] {
  const parties = partiesOf(inventory);
  const byWorkload = Map.groupBy(parties, ({ identity }) => keyOfWorkload(identity));
  return [
    ...inventory.services.flatMap((service) => {
      const backends = byWorkload.get(keyOfWorkload(service)) ?? [];
      const peer = peerOfService(service, backends);
      const enrolled = isServiceEnrolled(backends);
      return service.addresses
        .flatMap((address) => hostBlock(address) ?? [])
        .map((block) => ({ block, peer, enrolled }));
    }),
    ...parties.flatMap(({ identity, place, enrolled, blocks }) =>
      blocks.map((block) => ({
        ...{ block, enrolled },
        peer: place === 'host' ? peerOfNode(addressText(block.words)) : peerOfPod(identity),
      })),
    ),
    // Last, so that they stand: a node's address is the node's, by its name where that is known.
    ...(inventory.hosts ?? []).flatMap(({ name, addresses }) =>
      addresses
        .flatMap((address) => hostBlock(address) ?? [])
        .map((block) => ({ block, enrolled: false, peer: peerOfNode(name) })),
    ),
  ];
}

const keyOfPeer = ({ workload, principal, assurance, labels }: Peer): string =>
  JSON.stringify([
    ...[workload.namespace, workload.kind, workload.name, principal, assurance],
    labels === undefined ? null : Object.entries(labels).toSorted(([a], [b]) => (a < b ? -1 : 1)),
  ]);

/** An address and what it is. */
interface Placed {
  readonly block: Block;
  readonly entry: number;
}

/** Gives each peer its index, for good. */
function createInterning(peers: Peer[]): (peer: Peer) => number {
  const indexes = new Map<string, number>();
  return (peer) => {
    const key = keyOfPeer(peer);
    const known = indexes.get(key);
    if (known !== undefined) return known;
    indexes.set(key, peers.length);
    return peers.push(peer) - 1;
  };
}

/** Nobody known yet. */
export function createDirectoryBook(): DirectoryBook {
  const directory = createDirectory();
  const peers: Peer[] = [];
  const intern = createInterning(peers);
  let current: ReadonlyMap<string, Placed> = new Map();
  return {
    update(inventory) {
      const firstPeer = peers.length;
      const next = new Map(
        ownersOf(inventory).map(({ block, peer, enrolled }) => [
          block.cidr,
          { block, entry: entryOf(intern(peer), enrolled) },
        ]),
      );
      const changed = [...next].filter(([cidr, { entry }]) => current.get(cidr)?.entry !== entry);
      const gone = [...current].filter(([cidr]) => !next.has(cidr));
      current = next;
      if (changed.length + gone.length === 0) return undefined;
      const update: DirectoryUpdate = {
        generation: directory.generation + 1,
        firstPeer,
        peers: peers.slice(firstPeer),
        ...packed([
          ...changed.map(([, owner]) => owner),
          ...gone.map(([, { block }]) => ({ block, entry: -1 })),
        ]),
      };
      directory.apply(update);
      return update;
    },
    full: () => ({
      generation: directory.generation,
      firstPeer: 0,
      peers: [...peers],
      ...packed([...current.values()]),
    }),
    peerOf: (address) => entryPeer(directory.entry(address)),
    peer: (index) => peers[index],
  };
}

function packed(owners: readonly Placed[]): Pick<DirectoryUpdate, 'addresses' | 'entries'> {
  return {
    addresses: Uint32Array.from(owners.flatMap(({ block }) => block.words)),
    entries: Int32Array.from(owners.map(({ entry }) => entry)),
  };
}
