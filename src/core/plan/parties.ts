// Whom a policy's `from` or `to` means among the pods and peers that are known, found by index and not by looking at everyone. The same
// answers as the evaluator's for identities by address (policy/scope.ts); a property test holds the two together.
import type { NodeInventory, PodIdentity, ServiceAddress } from '../model/pod.ts';
import { workloadKey } from '../model/workload-key.ts';
import { inCidr } from '../policy/ip-address.ts';
import type { Peer } from '../policy/peer-schema.ts';
import type { Policy } from '../policy/schema.ts';
import { blocksOf, everywhere, hostBlock, sortKey, type Block } from './address-block.ts';
import { isLiteral, isProvable, namesMatch } from './peer-match.ts';
import { sorted, within, type Placed } from './sorted-addresses.ts';

/** A pod of this node or a peer elsewhere. */
export interface Party {
  readonly identity: PodIdentity;
  /** Where it is; a pod in the node's own network can be neither enrolled nor told apart by address. */
  readonly place: 'here' | 'host' | 'elsewhere';
  /** Its own agent enforces and reports what arrives there. */
  readonly enrolled: boolean;
  readonly blocks: readonly Block[];
}

/** One that is selected, with the addresses by which it is: all, unless a CIDR beside its name leaves some out. */
export interface SelectedParty {
  readonly party: Party;
  readonly blocks: readonly Block[];
}

/** Whom one side of a policy means. */
export interface Selection {
  /** `scope: All`. */
  readonly everyone: boolean;
  /** Every peer that can be met is a CIDR alone: who has which address does not matter. */
  readonly literalOnly: boolean;
  /** Blocks of peers that are a CIDR alone. */
  readonly literals: readonly Block[];
  /** Known ones that are selected, by whichever peer; those in the node's network by CIDR or as everyone only. */
  readonly parties: readonly SelectedParty[];
  /** As addresses: everyone, the literal blocks, or the addresses of the parties named. Deduplicated. */
  readonly blocks: readonly Block[];
  /** Ids of pods named that share the node's address. */
  readonly hosts: readonly string[];
  /** Some peer asks for more than an address can prove. */
  readonly unprovable: boolean;
}

/** Answers questions about one inventory. */
export interface Parties {
  readonly all: readonly Party[];
  /** Remembers the answer: policies often share their sides. */
  select(side: Policy['spec']['from'] | Policy['spec']['to'], namespace: string): Selection;
  /** Known pods behind a workload. */
  ofWorkload(key: string): readonly Party[];
  servicesOf(key: string): readonly ServiceAddress[];
  /** Services of which no pod is known. */
  readonly bareServices: readonly ServiceAddress[];
  /** Addresses of enrolled pods, and of Services before nothing else, inside a block. */
  enrolledIn(block: Block): readonly string[];
}

/** `namespace/Kind/name` of whatever carries a workload. */
export const keyOfWorkload = ({
  workload,
}: Pick<PodIdentity, 'workload'> | Pick<ServiceAddress, 'workload'>): string =>
  workloadKey(workload.namespace, workload.kind, workload.name);

/** Whether everything before a Service is enrolled by some agent: then what arrives is judged and reported there. */
export const isServiceEnrolled = (backends: readonly Pick<Party, 'enrolled'>[]): boolean =>
  backends.length > 0 && backends.every(({ enrolled }) => enrolled);

const hostBlocks = (addresses: readonly string[]): readonly Block[] =>
  addresses.flatMap((address) => hostBlock(address) ?? []);

/** Every pod and peer of an inventory. */
export function partiesOf(inventory: NodeInventory): readonly Party[] {
  return [
    ...inventory.pods.map((identity): Party => {
      const place = identity.hostNetwork ? 'host' : 'here';
      return { identity, place, enrolled: place === 'here', blocks: hostBlocks(identity.addresses) };
    }),
    ...inventory.peers.map((identity): Party => ({
      identity,
      place: 'elsewhere',
      enrolled: identity.enrolled,
      blocks: hostBlocks(identity.addresses),
    })),
  ];
}

/** Known parties by a key, in the order of the inventory. */
function groupBy<T>(items: readonly T[], keyOf: (item: T) => string): ReadonlyMap<string, readonly T[]> {
  const groups = new Map<string, T[]>();
  for (const item of items) {
    const key = keyOf(item);
    const group = groups.get(key);
    if (group === undefined) groups.set(key, [item]);
    else group.push(item);
  }
  return groups;
}

interface Index {
  readonly all: readonly Party[];
  readonly byName: ReadonlyMap<string, readonly Party[]>;
  readonly byAccount: ReadonlyMap<string, readonly Party[]>;
  readonly byNamespace: ReadonlyMap<string, readonly Party[]>;
  readonly byAddress: readonly Placed<Party>[];
}

const nameKey = (namespace: string, name: string): string => `${namespace}/${name}`;

function indexOf(all: readonly Party[]): Index {
  return {
    all,
    byName: groupBy(all, ({ identity }) => nameKey(identity.workload.namespace, identity.workload.name)),
    byAccount: groupBy(all, ({ identity }) => nameKey(identity.namespace, identity.serviceAccount)),
    byNamespace: groupBy(all, ({ identity }) => identity.workload.namespace),
    byAddress: sorted(
      all.flatMap((owner) => owner.blocks.map(({ words }) => ({ key: sortKey(words), owner }))),
    ),
  };
}

/** The fewest among whom a peer's matches are. */
function candidates(index: Index, peer: Peer, policyNamespace: string): readonly Party[] {
  const { workload, serviceAccount } = peer;
  const own = peer.namespace ?? policyNamespace;
  if (workload !== undefined)
    return index.byName.get(nameKey(workload.namespace ?? own, workload.name)) ?? [];
  if (serviceAccount !== undefined)
    return index.byAccount.get(nameKey(serviceAccount.namespace ?? own, serviceAccount.name)) ?? [];
  return index.byNamespace.get(own) ?? [];
}

const insideOf = (blocks: readonly Block[], outer: readonly Block[]): readonly Block[] =>
  blocks.filter(({ words }) => outer.some((block) => inCidr(words, block.words, block.bits)));

/** Collects what the peers of one side select. */
function selectPeers(index: Index, peers: readonly Peer[], namespace: string): Selection {
  const chosen = new Map<Party, Set<Block>>();
  const literals: Block[] = [];
  const named: Block[] = [];
  const hosts = new Set<string>();
  const take = (party: Party, blocks: readonly Block[]): void => {
    const known = chosen.get(party) ?? new Set();
    for (const block of blocks) known.add(block);
    chosen.set(party, known);
  };
  const met = peers.filter(isProvable);
  for (const peer of met) {
    const outer = peer.cidr === undefined ? undefined : blocksOf(peer.cidr);
    if (outer !== undefined && isLiteral(peer)) {
      literals.push(...outer);
      for (const block of outer)
        for (const party of within(index.byAddress, block)) take(party, insideOf(party.blocks, outer));
      continue;
    }
    for (const party of candidates(index, peer, namespace)) {
      if (!namesMatch(peer, party.identity, namespace)) continue;
      const blocks = outer === undefined ? party.blocks : insideOf(party.blocks, outer);
      if (outer !== undefined && blocks.length === 0) continue;
      if (party.place === 'host') hosts.add(party.identity.id);
      else {
        take(party, blocks);
        for (const block of blocks) named.push(block);
      }
    }
  }
  return {
    everyone: false,
    literalOnly: met.length > 0 && met.every(isLiteral),
    literals,
    parties: [...chosen].map(([party, blocks]) => ({ party, blocks: [...blocks] })),
    blocks: distinct([...literals, ...named]),
    hosts: [...hosts],
    unprovable: met.length < peers.length,
  };
}

const distinct = (blocks: readonly Block[]): readonly Block[] => [
  ...new Map(blocks.map((block) => [block.cidr, block])).values(),
];

/** Makes the index of an inventory; linear in its size, but for sorting addresses. */
export function createParties(inventory: NodeInventory): Parties {
  const all = partiesOf(inventory);
  const index = indexOf(all);
  const byWorkload = groupBy(all, ({ identity }) => keyOfWorkload(identity));
  const services = groupBy(inventory.services, keyOfWorkload);
  const backends = (service: ServiceAddress): readonly Party[] =>
    byWorkload.get(keyOfWorkload(service)) ?? [];
  const enrolled = sorted([
    ...index.byAddress
      .filter(({ owner }) => owner.enrolled)
      .map(({ key, owner }) => ({ key, owner: addressAt(owner, key) })),
    ...inventory.services
      .filter((service) => isServiceEnrolled(backends(service)))
      .flatMap(({ addresses }) => hostBlocks(addresses))
      .map(({ cidr, words }) => ({ key: sortKey(words), owner: cidr })),
  ]);
  const known = new Map<string, Selection>();
  const everyone: Selection = {
    ...{ everyone: true, literalOnly: false, literals: [], blocks: everywhere, hosts: [], unprovable: false },
    parties: all.map((party) => ({ party, blocks: party.blocks })),
  };
  return {
    all,
    select(side, namespace) {
      if (!('peers' in side)) return everyone;
      const key = JSON.stringify([namespace, side.peers]);
      const before = known.get(key);
      if (before !== undefined) return before;
      const made = selectPeers(index, side.peers, namespace);
      known.set(key, made);
      return made;
    },
    ofWorkload: (key) => byWorkload.get(key) ?? [],
    servicesOf: (key) => services.get(key) ?? [],
    bareServices: inventory.services.filter((service) => backends(service).length === 0),
    enrolledIn: (block) => within(enrolled, block),
  };
}

const addressAt = (party: Party, key: string): string =>
  party.blocks.find(({ words }) => sortKey(words) === key)?.cidr ?? '';
