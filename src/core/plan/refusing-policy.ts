// Which policy of a pod's plan refuses a connection in the kernel: what the counters of the rules cannot say of a single packet. Asked for
// attempts that the tap has seen, so its cost is the number of prefix lengths in use, not of entries. Pure.
import { parseAddress, type AddressWords } from '../policy/ip-address.ts';
import { blocksOf, maskedBlock } from './address-block.ts';
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
}

/** A name service answers even those who may speak to nobody (kernel-rules.ts). */
const nameServicePort = 53;

/** Entries of one direction by prefix length and block; the longest prefixes first. */
interface Index {
  readonly bits: readonly number[];
  readonly entries: ReadonlyMap<string, readonly KernelEntry[]>;
}

function indexOf(entries: readonly KernelEntry[]): Index {
  const bits = new Set<number>();
  const byBlock = new Map<string, KernelEntry[]>();
  for (const entry of entries)
    for (const block of blocksOf(entry.cidr)) {
      bits.add(block.bits);
      const known = byBlock.get(block.cidr);
      if (known === undefined) byBlock.set(block.cidr, [entry]);
      else known.push(entry);
    }
  return { bits: [...bits].sort((a, b) => b - a), entries: byBlock };
}

const hasPort = ({ ports }: KernelEntry, port: number): boolean => ports.includes(port);

/** What names the port decides before what names none, the narrower block before the wider. */
function found({ bits, entries }: Index, words: AddressWords, port: number): KernelEntry | undefined {
  const at = bits.flatMap((length) => entries.get(maskedBlock(words, length).cidr) ?? []);
  return at.find((entry) => hasPort(entry, port)) ?? at.find(({ ports }) => ports.length === 0);
}

/** The question for these rules. */
export function createRefusingPolicy(rules: KernelRules): RefusingPolicy {
  const inbound = indexOf(rules.inbound);
  const outbound = indexOf(rules.outbound);
  const spared = new Set(
    rules.judgedElsewhere.flatMap((address) => blocksOf(address).map(({ cidr }) => cidr)),
  );
  return {
    of({ inbound: isInbound, remote, port }) {
      const words = parseAddress(remote);
      if (words === undefined) return undefined;
      if (isInbound) return found(inbound, words, port)?.policy;
      if (spared.has(maskedBlock(words, 128).cidr)) return undefined;
      const entry = found(outbound, words, port);
      const isSparedName =
        port === nameServicePort && entry?.ports.length === 0 && /^(0\.0\.0\.0|::)\/0$/.test(entry.cidr);
      return isSparedName ? undefined : entry?.policy;
    },
  };
}
