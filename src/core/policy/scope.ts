// The policies that can concern one pair of identities, indexed for lookup: made once per snapshot and pair, so that a
// request costs the same however many policies there are. Knows no request.
import type { Peer } from '../model/identity.ts';
import { inCidr, type AddressWords } from './ip-address.ts';
import { findText, textOf } from './string-table.ts';
import { slotsFor } from './hash.ts';
import {
  actionThrottle,
  cidrStride,
  everyone,
  modeShadow,
  numberColumn,
  numberStride,
  peerColumn,
  peerStride,
  policyColumn as column,
  policyStride,
  rowColumn,
  rowStride,
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

/** Chains of a slot: blocks and throttles, in force and in shadow. */
export const chains = { block: 0, throttle: 1, shadowBlock: 2, shadowThrottle: 3 } as const;
export const chainCount = 4;

export interface Scope {
  readonly identity: ScopeIdentity;
  /** Blocks without an HTTP match, in attribution order. */
  readonly plain: readonly number[];
  readonly shadowPlain: readonly number[];
  /** Policies that need HTTP, in attribution order. */
  readonly http: readonly number[];
  readonly shadowHttp: readonly number[];
  /** Expiry of the last policy in force of each kind, epoch ms; 0 when there is none. */
  readonly plainUntil: number;
  readonly httpUntil: number;
  /** The same over shadow policies of both kinds. */
  readonly shadowUntil: number;
  /** Open addressing: key and, per slot, the first row of each chain plus 1. */
  readonly keys: Int32Array;
  readonly heads: Int32Array;
  /** Per row: the next of its chain plus 1, and its index in the snapshot's rows. */
  readonly next: Int32Array;
  readonly rowAt: Int32Array;
  /** Shapes that occur, one bit each. */
  readonly shapes: number;
  readonly needsHosts: boolean;
  readonly needsHeaders: boolean;
  /** Some throttle, in force or in shadow, selects this pair. */
  readonly throttled: boolean;
  /** Policies whose source is a cidr while the client's address is unknown: they follow `failure`. */
  readonly unsure: ReadonlySet<number>;
}

/** Whether a policy selects one end of a pair: 0 no, 1 yes, 2 it depends on an address that is not known. */
export function selectsSide(
  tables: Tables,
  policy: number,
  side: 'source' | 'destination',
  who: ScopeIdentity,
): number {
  const ids = identityIds(tables, who);
  const at = policy * policyStride;
  const { policies } = tables;
  if (side === 'source')
    return anyPeer(
      tables,
      policies[at + column.fromAt] ?? 0,
      policies[at + column.fromCount] ?? 0,
      ids.source,
    );
  const foreign =
    policies[at + column.egress] !== 1 && ids.destination.namespace !== policies[at + column.namespace];
  if (foreign) return 0;
  return anyPeer(
    tables,
    policies[at + column.toAt] ?? 0,
    policies[at + column.toCount] ?? 0,
    ids.destination,
  );
}

/** Whether a policy selects this pair: 0 no, 1 yes, 2 it depends on an address that is not known. */
export function selects(tables: Tables, policy: number, who: ScopeIdentity): number {
  return selectsIds(tables, policy, who, identityIds(tables, who));
}

export function createScope(tables: Tables, who: ScopeIdentity): Scope {
  const ids = identityIds(tables, who);
  const count = tables.policies.length / policyStride;
  const chosen: number[] = [];
  const unsure = new Set<number>();
  for (let policy = 0; policy < count; policy += 1) {
    const selected = selectsIds(tables, policy, who, ids);
    if (selected === 0) continue;
    chosen.push(policy);
    if (selected === 2) unsure.add(policy);
  }
  const at = (policy: number, name: keyof typeof column): number =>
    tables.policies[policy * policyStride + column[name]] ?? 0;
  const pick = (shadow: boolean, http: boolean): number[] =>
    chosen.filter(
      (policy) => (at(policy, 'mode') === modeShadow) === shadow && (at(policy, 'needsHttp') === 1) === http,
    );
  const until = (policies: readonly number[]): number =>
    policies.reduce((last, policy) => Math.max(last, expiresAt(tables, policy)), 0);
  const [plain, http, shadowPlain, shadowHttp] = [
    pick(false, false),
    pick(false, true),
    pick(true, false),
    pick(true, true),
  ];
  return {
    identity: who,
    ...{ plain, http, shadowPlain, shadowHttp, unsure },
    plainUntil: until(plain),
    httpUntil: until(http),
    shadowUntil: Math.max(until(shadowPlain), until(shadowHttp)),
    needsHosts: chosen.some((policy) => at(policy, 'hostsCount') > 0),
    needsHeaders: chosen.some((policy) => at(policy, 'headersCount') > 0),
    throttled: chosen.some((policy) => at(policy, 'action') === actionThrottle),
    ...indexRows(tables, chosen),
  };
}

/** Epoch ms from which a policy no longer holds. */
export const expiresAt = (tables: Tables, policy: number): number =>
  tables.policyNumbers[policy * numberStride + numberColumn.expiresAt] ?? 0;

function indexRows(
  tables: Tables,
  chosen: readonly number[],
): Pick<Scope, 'keys' | 'heads' | 'next' | 'rowAt' | 'shapes'> {
  const { policies, rows } = tables;
  const runOf = (policy: number): readonly [number, number] => [
    policies[policy * policyStride + column.rowsAt] ?? 0,
    policies[policy * policyStride + column.rowsCount] ?? 0,
  ];
  const total = chosen.reduce((sum, policy) => sum + runOf(policy)[1], 0);
  const size = slotsFor(total);
  const keys = new Int32Array(size);
  const heads = new Int32Array(size * chainCount);
  const used = new Uint8Array(size);
  const next = new Int32Array(total);
  const rowAt = new Int32Array(total);
  let shapes = 0;
  let filled = 0;
  // From the last to the first: each goes to the head of its chain, so chains end up in attribution order.
  for (const policy of chosen.toReversed()) {
    const [start, length] = runOf(policy);
    const chain = chainOf(policies, policy);
    for (let row = start + length - 1; row >= start; row -= 1) {
      const key = rows[row * rowStride + rowColumn.key] ?? 0;
      let slot = key & (size - 1);
      while (used[slot] === 1 && keys[slot] !== key) slot = (slot + 1) & (size - 1);
      used[slot] = 1;
      keys[slot] = key;
      next[filled] = heads[slot * chainCount + chain] ?? 0;
      rowAt[filled] = row;
      filled += 1;
      heads[slot * chainCount + chain] = filled;
      shapes |= 1 << (rows[row * rowStride + rowColumn.shape] ?? 0);
    }
  }
  return { keys, heads, next, rowAt, shapes };
}

function chainOf(policies: Int32Array, policy: number): number {
  const at = policy * policyStride;
  const shadow = policies[at + column.mode] === modeShadow ? chains.shadowBlock : chains.block;
  return shadow + (policies[at + column.action] === actionThrottle ? 1 : 0);
}

/** String ids of one end; -1 for what no policy mentions. */
interface EndIds {
  readonly kind: number;
  readonly name: number;
  readonly namespace: number;
  readonly principal: number;
  readonly assurance: number;
  readonly address: AddressWords | undefined;
}
interface IdentityIds {
  readonly source: EndIds;
  readonly destination: EndIds;
}

const assuranceRank = { ip: 0, mtls: 1, token: 2 } as const;

function identityIds(tables: Tables, who: ScopeIdentity): IdentityIds {
  const end = (peer: Peer, address: AddressWords | undefined): EndIds => ({
    kind: findText(tables, peer.workload.kind),
    name: findText(tables, peer.workload.name),
    namespace: findText(tables, peer.workload.namespace),
    principal: findText(tables, peer.principal),
    assurance: assuranceRank[peer.assurance],
    address,
  });
  return {
    source: end(who.source, who.sourceAddress),
    destination: end(who.destination, who.destinationAddress),
  };
}

function selectsIds(tables: Tables, policy: number, who: ScopeIdentity, ids: IdentityIds): number {
  const { policies, lists } = tables;
  const at = policy * policyStride;
  const own = policies[at + column.namespace] ?? 0;
  const egress = policies[at + column.egress] === 1;
  if (!egress && ids.destination.namespace !== own) return 0;
  const from = anyPeer(
    tables,
    policies[at + column.fromAt] ?? 0,
    policies[at + column.fromCount] ?? 0,
    ids.source,
  );
  const to = anyPeer(
    tables,
    policies[at + column.toAt] ?? 0,
    policies[at + column.toCount] ?? 0,
    ids.destination,
  );
  const portsAt = policies[at + column.portsAt] ?? 0;
  const portsCount = policies[at + column.portsCount] ?? 0;
  const ports = lists.subarray(portsAt, portsAt + portsCount);
  if (from === 0 || to === 0 || (portsCount > 0 && !ports.includes(who.destinationPort))) return 0;
  return from === 2 || to === 2 ? 2 : 1;
}

function anyPeer(tables: Tables, start: number, count: number, end: EndIds): number {
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
  const cidr = peers[at + peerColumn.cidr] ?? -1;
  if (cidr === -1) return 1;
  if (end.address === undefined) return 2;
  const block = cidrs.subarray(cidr * cidrStride + 1, cidr * cidrStride + 5);
  return inCidr(end.address, block, cidrs[cidr * cidrStride] ?? 0) ? 1 : 0;
}

/** `namespace/name` of a policy. */
export const policyText = (tables: Tables, policy: number): string =>
  textOf(tables, tables.policies[policy * policyStride + column.name] ?? 0);
