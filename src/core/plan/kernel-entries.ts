// The words of a Block as entries and cuts of a pod. Knows no selector.
import { isCutting } from '../policy/enforced-how.ts';
import type { Policy } from '../policy/schema.ts';
import { nameOf } from '../policy/policy-name.ts';
import type { Block } from './address-block.ts';
import type { KernelEntry, PairCut } from './node-plan.ts';
import { noteFailure, type Outcome } from './outcome.ts';
import type { Party } from './parties.ts';

/** Families of which every address is meant: entries of a pod's own namespace do not tell its addresses apart. */
export function wholeFamilies(party: Party, blocks: readonly Block[]): readonly (4 | 6)[] {
  if (blocks.length === party.blocks.length) return [4, 6];
  const isWhole = (family: 4 | 6): boolean => {
    const own = party.blocks.filter((block) => block.family === family);
    return own.length > 0 && own.every((block) => blocks.includes(block));
  };
  return ([4, 6] as const).filter(isWhole);
}

/** Notes addresses that are meant while others of their family are not. */
export function notePartial(outcome: Outcome, party: Party, blocks: readonly Block[]): void {
  const families = wholeFamilies(party, blocks);
  const loose = blocks.filter(({ family }) => !families.includes(family));
  const reason = 'others of its addresses are outside the block that the policy names';
  if (loose.length > 0)
    noteFailure(outcome, reason, `${party.identity.id} at ${loose.map(({ cidr }) => cidr).join(' and ')}`);
}

/** One entry a block. */
export function entriesFor(
  policy: Policy,
  blocks: readonly Block[],
  ports: readonly number[],
): readonly KernelEntry[] {
  const { action } = policy.spec;
  const isDrop = action.type === 'Block' && action.block?.answer === 'Drop';
  const name = nameOf(policy);
  return blocks.map(({ family, cidr }) => ({
    ...{ policy: name, family, cidr, ports },
    answer: isDrop ? 'drop' : 'reset',
    existing: isCutting(policy) ? 'cut' : 'drain',
  }));
}

/** What to cut when the policy sets in: one or none. */
export function cutsFor(
  policy: Policy,
  pairs: {
    readonly direction: PairCut['direction'];
    readonly blocks: readonly Block[];
    readonly ports: readonly number[];
  },
): readonly PairCut[] {
  if (!isCutting(policy) || pairs.blocks.length === 0) return [];
  const { direction, blocks, ports } = pairs;
  return [{ policy: nameOf(policy), direction, remotes: blocks.map(({ cidr }) => cidr), ports }];
}
