// Which entry of a pod's plan refuses an opening in the kernel: what the counters of the rules cannot say of a single packet. Asked for
// attempts that the tap has seen or the kernel has logged, so its cost is the number of prefix lengths in use, not of entries. Pure.
import { parseAddress, type AddressWords } from '../policy/ip-address.ts';
import { blocksOf, maskedBlock, type Block } from './address-block.ts';
import type { KernelEntry, KernelRules } from './node-plan.ts';

/** One opening as the pod sees it. */
export interface Opening {
  /** Towards the pod; false: the pod itself calls. */
  readonly inbound: boolean;
  /** The other side's address, without port. */
  readonly remote: string;
  /** The port that is called. */
  readonly port: number;
}

/** Answers for one plan. */
export interface RefusingPolicy {
  /** `namespace/name`; undefined when the kernel lets it pass. */
  of(opening: Opening): string | undefined;
  /** The entry that names the policy, and how it answers. */
  entryOf(opening: Opening): KernelEntry | undefined;
}

/** A name service answers even those who may speak to nobody (kernel-rules.ts). */
const nameServicePort = 53;

/** Entries of one direction by map and block, and in which order to look: that in which the rules of kernel-rules.ts ask their maps. */
interface Index {
  readonly steps: readonly Step[];
  readonly entries: ReadonlyMap<string, readonly KernelEntry[]>;
}

/** One look at one prefix length, for entries of one map. */
interface Step {
  readonly bits: number;
  readonly rank: number;
}

const hostBits = 128;
const isEveryone = (cidr: string): boolean => /^(0\.0\.0\.0|::)\/0$/.test(cidr);

/** One address, a block, everyone: each in maps of its own, one for each answer; within a map of blocks the narrowest has its addresses. */
function rankOf({ bits, cidr }: Pick<Block, 'bits' | 'cidr'>, { answer }: KernelEntry): number {
  const shape = bits === hostBits ? 0 : isEveryone(cidr) ? 2 : 1;
  return shape * 2 + (answer === 'reset' ? 0 : 1);
}

const keyOf = (rank: number, cidr: string): string => `${rank} ${cidr}`;

/** Blocks of entries, remembered as long as the entry is: of two plans most entries are the same objects. */
export type EntryBlocks = (entry: KernelEntry) => readonly Block[];

/** For one plan after another of a kept planner. */
export function createEntryBlocks(): EntryBlocks {
  const known = new WeakMap<KernelEntry, readonly Block[]>();
  return (entry) => {
    const blocks = known.get(entry) ?? blocksOf(entry.cidr);
    known.set(entry, blocks);
    return blocks;
  };
}

function indexOf(entries: readonly KernelEntry[], blocksAt: EntryBlocks): Index {
  const steps = new Map<string, Step>();
  const byBlock = new Map<string, KernelEntry[]>();
  for (const entry of entries)
    for (const block of blocksAt(entry)) {
      const { bits, cidr } = block;
      const rank = rankOf(block, entry);
      steps.set(`${rank} ${bits}`, { rank, bits });
      const known = byBlock.get(keyOf(rank, cidr));
      if (known === undefined) byBlock.set(keyOf(rank, cidr), [entry]);
      else known.push(entry);
    }
  const ordered = [...steps.values()].sort((a, b) => a.rank - b.rank || b.bits - a.bits);
  return { steps: ordered, entries: byBlock };
}

const hasPort = ({ ports }: KernelEntry, port: number): boolean => ports.includes(port);

/** What names the port decides before what names none, the narrower block before the wider, a reset before a drop. */
function found({ steps, entries }: Index, words: AddressWords, port: number): KernelEntry | undefined {
  const at = steps.flatMap(({ bits, rank }) => entries.get(keyOf(rank, maskedBlock(words, bits).cidr)) ?? []);
  return at.find((entry) => hasPort(entry, port)) ?? at.find(({ ports }) => ports.length === 0);
}

/** The question for these rules. */
export function createRefusingPolicy(
  rules: KernelRules,
  blocksAt: EntryBlocks = ({ cidr }) => blocksOf(cidr),
): RefusingPolicy {
  const inbound = indexOf(rules.inbound, blocksAt);
  const outbound = indexOf(rules.outbound, blocksAt);
  const spared = new Set(
    rules.judgedElsewhere.flatMap((address) => blocksOf(address).map(({ cidr }) => cidr)),
  );
  const entryOf = ({ inbound: isInbound, remote, port }: Opening): KernelEntry | undefined => {
    const words = parseAddress(remote);
    if (words === undefined) return undefined;
    if (isInbound) return found(inbound, words, port);
    if (spared.has(maskedBlock(words, hostBits).cidr)) return undefined;
    const entry = found(outbound, words, port);
    const isSparedName = port === nameServicePort && entry?.ports.length === 0 && isEveryone(entry.cidr);
    return isSparedName ? undefined : entry;
  };
  return { entryOf, of: (opening) => entryOf(opening)?.policy };
}
