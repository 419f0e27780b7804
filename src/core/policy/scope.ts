// The policies that concern one pair of identities: worked out once per snapshot and pair, so that a request costs the same
// however many policies there are. Knows no request.
import type { Peer } from '../model/identity.ts';
import { inCidr, type AddressWords } from './ip-address.ts';
import { findText, textOf } from './string-table.ts';
import {
  candidateGroups,
  indexOf,
  newScopeWork,
  type EndNames,
  type ScopeIndex,
  type ScopeWork,
} from './scope-index.ts';
import {
  cidrStride,
  everyone,
  groupStride,
  labelText,
  peerColumn,
  peerStride,
  policyColumn as column,
  policyStride,
} from './table-layout.ts';
import type { Tables } from './tables.ts';

/** Both ends as far as they are known. */
export interface ScopeIdentity {
  readonly source: Peer;
  readonly destination: Peer;
  /** Port the destination serves; 0 when unknown (then no policy that names ports matches). */
  readonly destinationPort: number;
  readonly sourceAddress: AddressWords | undefined;
  readonly destinationAddress: AddressWords | undefined;
}

/** The policies that concern one pair. */
export interface Scope extends ScopeIndex {
  readonly identity: ScopeIdentity;
}

/** Whether a policy selects one end of a pair: 0 no, 1 yes, 2 it depends on an address or on labels that are not known. */
export function selectsSide(
  tables: Tables,
  { policy, side }: { readonly policy: number; readonly side: 'source' | 'destination' },
  who: ScopeIdentity,
): number {
  const ids = identityIds(tables, who);
  const at = policy * policyStride;
  const { policies } = tables;
  if (side === 'source') return anyPeer(tables, at + column.fromAt, ids.source);
  const foreign =
    policies[at + column.egress] !== 1 && ids.destination.namespace !== policies[at + column.namespace];
  if (foreign) return 0;
  return anyPeer(tables, at + column.toAt, ids.destination);
}

/** Whether a policy selects this pair: 0 no, 1 yes, 2 it depends on an address or on labels that are not known. */
export function selects(tables: Tables, policy: number, who: ScopeIdentity): number {
  return selectsIds(tables, policy, identityIds(tables, who));
}

/** Makes the scopes of one snapshot; those that the same groups of policies concern share everything but their identity. */
export interface ScopeMaker {
  readonly work: ScopeWork;
  make(who: ScopeIdentity): Scope;
}

/** One per snapshot; remembers a bounded number of indexes. */
export function createScopeMaker(tables: Tables): ScopeMaker {
  const work = newScopeWork();
  const known = new Map<string, ScopeIndex>();
  return {
    work,
    make(who) {
      const { chosen, unsure } = chooseGroups(tables, who, work);
      const key = chosen.map((group) => (unsure.has(group) ? `${group}?` : String(group))).join();
      let index = known.get(key);
      if (index === undefined) {
        index = indexOf(tables, { groups: chosen, unsure }, work);
        if (known.size < maxIndexes) known.set(key, index);
      }
      work.scopes += 1;
      return { identity: who, ...index };
    },
  };
}

/** Indexes kept for sharing; a preview over many pairs may need more, and builds those anew. */
const maxIndexes = 1_000;

function chooseGroups(
  tables: Tables,
  who: ScopeIdentity,
  work: ScopeWork,
): { chosen: readonly number[]; unsure: ReadonlySet<number> } {
  const ids = identityIds(tables, who);
  const chosen: number[] = [];
  const unsure = new Set<number>();
  for (const group of candidateGroups(tables, ids.source, ids.destination)) {
    work.groups += 1;
    const selected = selectsIds(tables, tables.groups[group * groupStride] ?? 0, ids);
    if (selected === 0) continue;
    chosen.push(group);
    if (selected === 2) unsure.add(group);
  }
  return { chosen, unsure };
}

/** String ids of one end; -1 for what no policy mentions. */
interface EndIds extends EndNames {
  readonly kind: number;
  readonly assurance: number;
  /** Labels that some policy mentions; undefined when it is not known which it has. */
  readonly labels: ReadonlySet<number> | undefined;
  readonly address: AddressWords | undefined;
}
interface IdentityIds {
  readonly source: EndIds;
  readonly destination: EndIds;
  readonly destinationPort: number;
}

const assuranceRank = { ip: 0, mtls: 1, token: 2 } as const;

function identityIds(tables: Tables, who: ScopeIdentity): IdentityIds {
  const end = (peer: Peer, address: AddressWords | undefined): EndIds => ({
    kind: findText(tables, peer.workload.kind),
    name: findText(tables, peer.workload.name),
    namespace: findText(tables, peer.workload.namespace),
    principal: findText(tables, peer.principal),
    assurance: assuranceRank[peer.assurance],
    labels: peer.labels && labelIds(tables, peer.labels),
    address,
  });
  return {
    source: end(who.source, who.sourceAddress),
    destination: end(who.destination, who.destinationAddress),
    destinationPort: who.destinationPort,
  };
}

const labelIds = (tables: Tables, labels: NonNullable<Peer['labels']>): ReadonlySet<number> =>
  new Set(Object.entries(labels).map(([key, value]) => findText(tables, labelText(key, value))));

function selectsIds(tables: Tables, policy: number, ids: IdentityIds): number {
  const { policies, lists } = tables;
  const at = policy * policyStride;
  const own = policies[at + column.namespace] ?? 0;
  const egress = policies[at + column.egress] === 1;
  if (!egress && ids.destination.namespace !== own) return 0;
  const from = anyPeer(tables, at + column.fromAt, ids.source);
  const to = anyPeer(tables, at + column.toAt, ids.destination);
  const portsAt = policies[at + column.portsAt] ?? 0;
  const portsCount = policies[at + column.portsCount] ?? 0;
  const ports = lists.subarray(portsAt, portsAt + portsCount);
  if (from === 0 || to === 0 || (portsCount > 0 && !ports.includes(ids.destinationPort))) return 0;
  return from === 2 || to === 2 ? 2 : 1;
}

/** `runAt`: where in `policies` a run of peers stands, its start and then its count. */
function anyPeer(tables: Tables, runAt: number, end: EndIds): number {
  const start = tables.policies[runAt] ?? 0;
  const count = tables.policies[runAt + 1] ?? 0;
  if (count === everyone) return 1;
  let best = 0;
  for (let peer = start; peer < start + count; peer += 1) {
    const matched = onePeer(tables, peer, end);
    if (matched === 1) return 1;
    best = Math.max(best, matched);
  }
  return best;
}

function onePeer(tables: Tables, peer: number, end: EndIds): number {
  const { peers, cidrs } = tables;
  const at = peer * peerStride;
  const misses = (wanted: number | undefined, actual: number): boolean => wanted !== -1 && wanted !== actual;
  if (
    misses(peers[at + peerColumn.kind], end.kind) ||
    misses(peers[at + peerColumn.name], end.name) ||
    misses(peers[at + peerColumn.workloadNamespace], end.namespace) ||
    misses(peers[at + peerColumn.namespace], end.namespace) ||
    misses(peers[at + peerColumn.principal], end.principal) ||
    (peers[at + peerColumn.minAssurance] ?? 0) > end.assurance
  )
    return 0;
  const labelled = hasLabels(tables, at, end);
  const cidr = peers[at + peerColumn.cidr] ?? -1;
  if (cidr === -1 || labelled === 0) return labelled;
  if (end.address === undefined) return 2;
  const block = cidrs.subarray(cidr * cidrStride + 1, cidr * cidrStride + 5);
  return inCidr(end.address, block, cidrs[cidr * cidrStride] ?? 0) ? labelled : 0;
}

/** Whether an end has all labels of the peer at `at` in `peers`: 0 no, 1 yes, 2 its labels are not known. */
function hasLabels({ peers, lists }: Tables, at: number, end: EndIds): number {
  const start = peers[at + peerColumn.labelsAt] ?? 0;
  const count = peers[at + peerColumn.labelsCount] ?? 0;
  if (count === 0) return 1;
  if (end.labels === undefined) return 2;
  for (let index = start; index < start + count; index += 1)
    if (!end.labels.has(lists[index] ?? -1)) return 0;
  return 1;
}

/** The name of a policy. */
export const policyText = (tables: Tables, policy: number): string =>
  textOf(tables, tables.policies[policy * policyStride + column.name] ?? 0);
