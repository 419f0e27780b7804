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

/** Groups of policies that have the same selectors. */
export interface GroupBuilder {
  /** The group of `key`; `make` fills the tables when it is the first of its kind. */
  of(key: string, make: () => GroupMade): Group;
}

/** What the policies of one group share in the tables. */
export interface GroupMade {
  readonly selectors: Selectors;
  /** String id of the only namespace a destination can have; -1 when it can be any (egress, cluster-wide). */
  readonly destinationNamespace: number;
}

/** One of them; the same object for every policy in it. */
export interface Group extends GroupMade {
  /** Where it can be anchored: keys, any of which a pair may have. */
  readonly choices: readonly (readonly number[])[];
}

/** The groups of one policy set as sections. */
export interface GroupTables {
  readonly groups: readonly number[];
  readonly members: readonly number[];
  readonly anchors: Int32Array;
  readonly anchored: readonly number[];
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
function choicesOf(peers: readonly number[], { selectors, destinationNamespace }: GroupMade): number[][] {
  const from = anchorsOf(peers, selectors.from, 0);
  const to = anchorsOf(peers, selectors.to, 1);
  const choices = [from, to].filter((keys) => keys !== undefined);
  if (destinationNamespace !== -1) choices.push([anchorKey(1, 'namespace', destinationNamespace)]);
  return choices.length === 0 ? [[everyoneAnchor]] : choices;
}

function anchorGroups(groups: readonly Group[]): Map<number, number[]> {
  const use = new Map<number, number>();
  for (const { choices } of groups)
    for (const keys of choices) for (const key of keys) use.set(key, (use.get(key) ?? 0) + 1);
  const byAnchor = new Map<number, number[]>();
  for (const [group, { choices }] of groups.entries())
    for (const key of rarest(choices, use)) {
      const list = byAnchor.get(key);
      if (list === undefined) byAnchor.set(key, [group]);
      else list.push(group);
    }
  return byAnchor;
}

function rarest(choices: Group['choices'], use: ReadonlyMap<number, number>): readonly number[] {
  let best: readonly number[] = [];
  let bestUse = Infinity;
  for (const keys of choices) {
    let most = 0;
    for (const key of keys) most = Math.max(most, use.get(key) ?? 0);
    if (most >= bestUse) continue;
    best = keys;
    bestUse = most;
  }
  return best;
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

/** No groups yet; `peers` are those that selectors refer to. */
export function createGroups(peers: readonly number[]): GroupBuilder {
  const byKey = new Map<string, Group>();
  return {
    of(key, make) {
      const known = byKey.get(key);
      if (known !== undefined) return known;
      const made = make();
      const group = { ...made, choices: choicesOf(peers, made) };
      byKey.set(key, group);
      return group;
    },
  };
}

/** The group of each policy, in attribution order, as sections. */
export function groupTables(ofPolicies: readonly Group[]): GroupTables {
  const byGroup = new Map<Group, number[]>();
  for (const [policy, group] of ofPolicies.entries()) {
    const known = byGroup.get(group);
    if (known === undefined) byGroup.set(group, [policy]);
    else known.push(policy);
  }
  const groups: number[] = [];
  const members: number[] = [];
  for (const own of byGroup.values()) {
    groups.push(own[0] ?? 0, members.length, own.length);
    for (const policy of own) members.push(policy);
  }
  if (groups.length !== byGroup.size * groupStride) throw new Error('a group has groupStride columns');
  return { groups, members, ...slotAnchors(anchorGroups([...byGroup.keys()])) };
}
