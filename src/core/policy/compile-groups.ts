// Policies that select the same pairs, as one group, and groups by a name that one of their ends must have: so that working out
// whom a pair concerns looks at the groups of its own names, not at every policy.
import { mix, slotsFor } from './hash.ts';
import { anchorSlotStride, groupStride, peerColumn, peerStride } from './table-layout.ts';
import { anchorKey, anchorKinds, everyoneAnchor } from './anchor-key.ts';

/** What selects a pair: runs of peers and ports, as in the columns of `policies`. */
export interface Selectors {
  readonly from: Run;
  readonly to: Run;
  readonly ports: Run;
}
/** `count` entries of a section from `at` on. */
export interface Run {
  readonly at: number;
  readonly count: number;
}

/** Collects the groups of policies that have the same selectors. */
export interface GroupBuilder {
  /** Adds a policy to the group of `key`; `make` fills the tables when it is the first of its kind. */
  add(policy: number, key: string, make: () => GroupMade): Selectors;
  finish(peers: readonly number[]): {
    groups: number[];
    members: number[];
    anchors: Int32Array;
    anchored: number[];
  };
}

/** What the policies of one group share in the tables. */
export interface GroupMade {
  readonly selectors: Selectors;
  /** String id of the only namespace a destination can have; -1 when it can be any (egress, cluster-wide). */
  readonly destinationNamespace: number;
}

interface Group extends GroupMade {
  readonly members: number[];
}

/** The names one end must have (any of them), from the most telling part of each peer; undefined when it needs none. */
function anchorsOf(peers: readonly number[], run: Run, side: 0 | 1): number[] | undefined {
  const keys: number[] = [];
  for (let peer = run.at; peer < run.at + run.count; peer += 1) {
    const kind = anchorKinds.find((name) => peers[peer * peerStride + peerColumn[name]] !== -1);
    if (kind === undefined) return undefined;
    keys.push(anchorKey(side, kind, peers[peer * peerStride + peerColumn[kind]] ?? 0));
  }
  return keys.length === 0 ? undefined : [...new Set(keys)];
}

/** Where a group can be anchored; the rarest of these is taken. */
function choicesOf(peers: readonly number[], { selectors, destinationNamespace }: Group): number[][] {
  const from = anchorsOf(peers, selectors.from, 0);
  const to = anchorsOf(peers, selectors.to, 1);
  const choices = [from, to].filter((keys) => keys !== undefined);
  if (destinationNamespace !== -1) choices.push([anchorKey(1, 'namespace', destinationNamespace)]);
  return choices.length === 0 ? [[everyoneAnchor]] : choices;
}

function anchorGroups(peers: readonly number[], groups: readonly Group[]): Map<number, number[]> {
  const choices = groups.map((group) => choicesOf(peers, group));
  const use = new Map<number, number>();
  for (const key of choices.flat(2)) use.set(key, (use.get(key) ?? 0) + 1);
  const useOf = (keys: readonly number[]): number => Math.max(...keys.map((key) => use.get(key) ?? 0));
  const byAnchor = new Map<number, number[]>();
  for (const [group, options] of choices.entries()) {
    const [rarest = []] = options.toSorted((a, b) => useOf(a) - useOf(b));
    for (const key of rarest) {
      const list = byAnchor.get(key);
      if (list === undefined) byAnchor.set(key, [group]);
      else list.push(group);
    }
  }
  return byAnchor;
}

function slotAnchors(byAnchor: ReadonlyMap<number, readonly number[]>): {
  anchors: Int32Array;
  anchored: number[];
} {
  const size = slotsFor(byAnchor.size);
  const anchors = new Int32Array(size * anchorSlotStride);
  const anchored: number[] = [];
  for (const [key, groups] of byAnchor) {
    let slot = mix(0, key) & (size - 1);
    while (anchors[slot * anchorSlotStride + 2] !== 0) slot = (slot + 1) & (size - 1);
    anchors.set([key, anchored.length, groups.length], slot * anchorSlotStride);
    for (const group of groups) anchored.push(group);
  }
  return { anchors, anchored };
}

/** An empty builder. */
export function createGroups(): GroupBuilder {
  const byKey = new Map<string, Group>();
  return {
    add(policy, key, make) {
      const known = byKey.get(key);
      const group = known ?? { ...make(), members: [] };
      if (known === undefined) byKey.set(key, group);
      group.members.push(policy);
      return group.selectors;
    },
    finish(peers) {
      const all = [...byKey.values()];
      const groups: number[] = [];
      const members: number[] = [];
      for (const group of all) {
        groups.push(group.members[0] ?? 0, members.length, group.members.length);
        for (const policy of group.members) members.push(policy);
      }
      if (groups.length !== all.length * groupStride) throw new Error('a group has groupStride columns');
      return { groups, members, ...slotAnchors(anchorGroups(peers, all)) };
    },
  };
}
