// Which policies a pair is concerned by, and their rows as a hash index. Scopes of the same groups of policies share one index,
// so it is built once for all listeners that everyone-to-everyone policies concern.
import { anchorKey, everyoneAnchor } from './anchor-key.ts';
import { mix, slotsFor } from './hash.ts';
import {
  actionThrottle,
  anchorSlotStride,
  groupStride,
  modeShadow,
  numberColumn,
  numberStride,
  policyColumn as column,
  policyStride,
  rowColumn,
  rowStride,
} from './table-layout.ts';
import type { Tables } from './tables.ts';

/** Chains of a slot: blocks and throttles, in force and in shadow. */
export const chains = { block: 0, throttle: 1, shadowBlock: 2, shadowThrottle: 3 } as const;
/** Chains of a slot; `heads` has as many entries for each. */
export const chainCount = 4;

/** The policies that concern some pairs, sorted out and indexed by what a request has to have. */
export interface ScopeIndex {
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

/** Work done for scopes, counted: for the tests that show what it grows with. */
export interface ScopeWork {
  /** Scopes made. */
  scopes: number;
  /** Groups of policies compared with a pair. */
  groups: number;
  /** Prefix lengths looked up for client addresses. */
  prefixes: number;
  /** Policies and rows put into an index. */
  policies: number;
  rows: number;
}

/** All counters at 0. */
export const newScopeWork = (): ScopeWork => ({ scopes: 0, groups: 0, prefixes: 0, policies: 0, rows: 0 });

/** String ids of one end; -1 for what no policy mentions. */
export interface EndNames {
  readonly name: number;
  readonly namespace: number;
  readonly principal: number;
}

/** Ascending groups that can concern a pair: those anchored at one of its names, and those anchored at none. */
export function candidateGroups(tables: Tables, source: EndNames, destination: EndNames): Int32Array {
  const found = new Set<number>();
  const take = (key: number): void => {
    const { anchors, anchored } = tables;
    const size = anchors.length / anchorSlotStride;
    let slot = mix(0, key) & (size - 1);
    for (;;) {
      const at = slot * anchorSlotStride;
      const count = anchors[at + 2] ?? 0;
      if (count === 0) return;
      const start = anchors[at + 1] ?? 0;
      if (anchors[at] === key) {
        for (let index = start; index < start + count; index += 1) found.add(anchored[index] ?? 0);
        return;
      }
      slot = (slot + 1) & (size - 1);
    }
  };
  take(everyoneAnchor);
  for (const [side, end] of [[0, source] as const, [1, destination] as const])
    for (const kind of ['name', 'principal', 'namespace'] as const)
      if (end[kind] >= 0) take(anchorKey(side, kind, end[kind]));
  return Int32Array.from(found).sort();
}

/** The groups of policies that select a pair; of those in `unsure` it depends on an address that is not known. */
export interface ChosenGroups {
  readonly groups: readonly number[];
  readonly unsure: ReadonlySet<number>;
}

/** Policies of the chosen groups in attribution order, as a hash index of their rows. */
export function indexOf(
  tables: Tables,
  { groups, unsure: unsureGroups }: ChosenGroups,
  work: ScopeWork,
): ScopeIndex {
  const unsure = new Set<number>();
  const chosen = membersOf(tables, groups, (group, policy) => {
    if (unsureGroups.has(group)) unsure.add(policy);
  });
  work.policies += chosen.length;
  const rows = indexRows(tables, chosen);
  work.rows += rows.rowAt.length;
  return { ...sortOut(tables, chosen), ...rows, unsure };
}

function membersOf(
  tables: Tables,
  groups: readonly number[],
  each: (group: number, policy: number) => void,
): Int32Array {
  const countOf = (group: number): number => tables.groups[group * groupStride + 2] ?? 0;
  const chosen = new Int32Array(groups.reduce((sum, group) => sum + countOf(group), 0));
  let filled = 0;
  for (const group of groups) {
    const start = tables.groups[group * groupStride + 1] ?? 0;
    const end = start + countOf(group);
    for (let index = start; index < end; index += 1) {
      const policy = tables.members[index] ?? 0;
      chosen[filled++] = policy;
      each(group, policy);
    }
  }
  return groups.length > 1 ? chosen.sort() : chosen;
}

/** Epoch ms from which a policy no longer holds. */
export const expiresAt = (tables: Tables, policy: number): number =>
  tables.policyNumbers[policy * numberStride + numberColumn.expiresAt] ?? 0;

type SortedOut = Omit<ScopeIndex, 'keys' | 'heads' | 'next' | 'rowAt' | 'shapes' | 'unsure'>;

function sortOut(tables: Tables, chosen: Int32Array): SortedOut {
  const { policies } = tables;
  const out = {
    ...{
      plain: [] as number[],
      http: [] as number[],
      shadowPlain: [] as number[],
      shadowHttp: [] as number[],
    },
    ...{ plainUntil: 0, httpUntil: 0, shadowUntil: 0 },
    ...{ needsHosts: false, needsHeaders: false, throttled: false },
  };
  for (const policy of chosen) {
    const at = policy * policyStride;
    const http = policies[at + column.needsHttp] === 1;
    const until = expiresAt(tables, policy);
    if (policies[at + column.mode] === modeShadow) {
      (http ? out.shadowHttp : out.shadowPlain).push(policy);
      out.shadowUntil = Math.max(out.shadowUntil, until);
    } else if (http) {
      out.http.push(policy);
      out.httpUntil = Math.max(out.httpUntil, until);
    } else {
      out.plain.push(policy);
      out.plainUntil = Math.max(out.plainUntil, until);
    }
    out.needsHosts ||= (policies[at + column.hostsCount] ?? 0) > 0;
    out.needsHeaders ||= (policies[at + column.headersCount] ?? 0) > 0;
    out.throttled ||= policies[at + column.action] === actionThrottle;
  }
  return out;
}

function indexRows(
  { policies, rows }: Tables,
  chosen: Int32Array,
): Pick<ScopeIndex, 'keys' | 'heads' | 'next' | 'rowAt' | 'shapes'> {
  let total = 0;
  for (const policy of chosen) total += policies[policy * policyStride + column.rowsCount] ?? 0;
  const size = slotsFor(total);
  const keys = new Int32Array(size);
  const heads = new Int32Array(size * chainCount);
  const used = new Uint8Array(size);
  const next = new Int32Array(total);
  const rowAt = new Int32Array(total);
  let shapes = 0;
  let filled = 0;
  // From the last to the first: each goes to the head of its chain, so chains end up in attribution order.
  for (let index = chosen.length - 1; index >= 0; index -= 1) {
    const policyAt = (chosen[index] ?? 0) * policyStride;
    const start = policies[policyAt + column.rowsAt] ?? 0;
    const chain = chainOf(policies, policyAt);
    for (let row = start + (policies[policyAt + column.rowsCount] ?? 0) - 1; row >= start; row -= 1) {
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

function chainOf(policies: Int32Array, policyAt: number): number {
  const shadow = policies[policyAt + column.mode] === modeShadow ? chains.shadowBlock : chains.block;
  return shadow + (policies[policyAt + column.action] === actionThrottle ? 1 : 0);
}
