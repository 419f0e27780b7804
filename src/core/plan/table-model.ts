// The nftables table of one pod as data: counters, sets with their elements, chains with their rules. ruleset.ts spells it, ruleset-change.ts
// compares two. The rules depend only on which sets there are, never on what is in them.
//
// Only packets that open a connection are refused: a SYN, or UDP to a port that is served. Replies to what the pod itself asked for come
// from the same addresses and pass; what is open already is cut by SOCK_DESTROY. That needs no connection tracking in the pod, and an
// established connection costs a few comparisons a packet whatever the sets hold. What opens by a bare ACK: late-openings.ts. ICMP is never refused: path MTU and neighbour discovery need it.
import { blocksOf } from './address-block.ts';
import { counterName, guardCounter, sourceCounter, toldCounter, unjudgedCounter } from './counter-name.ts';
import { entryElements } from './entry-elements.ts';
import { inlineChains, inlineSets, lateClosed, passingPorts } from './inline-rules.ts';
import type { PodPlan } from './node-plan.ts';
import { kernelChains, lateRefusals } from './kernel-rules.ts';
import { lateChains } from './late-openings.ts';

/** How the table is made; the same for every pod of one life of the agent. */
export interface RulesetOptions {
  readonly owner: string;
  readonly generation: number;
  /** How inline hands connections on. */
  readonly mode: 'fwmark' | 'ct';
  /** Of the transparent listener on 127.0.0.1 and ::1. */
  readonly listenPort: number;
  /** False where the kernel has no IPv6 tproxy; default true. */
  readonly ipv6?: boolean;
  /**
   * False where the kernel has no tproxy and no look for sockets: then fragments are not put together before rules are asked, and late
   * openings (late-openings.ts) pass; default true.
   */
  readonly tproxy?: boolean;
  /** False where the kernel cannot log packets to us: then what is refused at the source is counted by policy and no more; default true. */
  readonly logs?: boolean;
}

/** A set, or a map from keys to counters. */
export interface SetModel {
  readonly name: string;
  /** `map` gives each key its policy's counter. */
  readonly kind: 'set' | 'map';
  /** `ipv4_addr . inet_service` and the like; without the value's type. */
  readonly type: string;
  /** Ranges: emptied and filled anew when anything changes, because ranges beside each other cannot be exchanged one by one. */
  readonly interval: boolean;
  /** Elements that live only for so long unless refreshed by somebody else; then what is in it is not compared. */
  readonly timeoutMs?: number;
  /** Key → counter; '' in a plain set. */
  readonly elements: ReadonlyMap<string, string>;
}

/** A chain: its hook, or '' for one that is jumped to. */
export interface ChainModel {
  readonly name: string;
  readonly hook: string;
  readonly rules: readonly string[];
}

/** A whole table but the chain that names its owner. */
export interface TableModel {
  readonly counters: readonly string[];
  readonly sets: readonly SetModel[];
  /** Those jumped to before those that jump. */
  readonly chains: readonly ChainModel[];
}

/** The table of a pod; without anything in it when the pod needs no rules. */
export function tableOf(plan: PodPlan, options: RulesetOptions): TableModel {
  const { kernel, inline } = plan;
  const judged = kernel.outbound.length > 0 ? judgedSets(kernel.judgedElsewhere) : [];
  const sets = [...entryElements('in', kernel.inbound), ...entryElements('out', kernel.outbound), ...judged];
  const refusing = kernelChains(new Set(sets.map(({ name }) => name)), options);
  return {
    counters: countersOf(plan, options),
    sets: [...sets, ...inlineSets(inline, options.generation)],
    chains: [
      ...refusing,
      ...inlineChains(inline, options),
      ...lateChains([...lateRefusals(refusing), ...lateClosed(inline, options)], options),
    ],
  };
}

function countersOf(
  { kernel, inline }: PodPlan,
  { logs = true, generation }: RulesetOptions,
): readonly string[] {
  const refusing = [...kernel.inbound, ...kernel.outbound].map(({ policy }) => counterName('p', policy));
  const closing = inline
    .filter(({ failure }) => failure === 'Closed')
    .map(({ policies }) => counterName('c', policies[0] ?? ''));
  const passing = passingPorts(inline).map(unjudgedCounter);
  const guards = inline.length === 0 ? [] : [guardCounter];
  const sources =
    logs && kernel.outbound.length > 0 ? [sourceCounter(generation), toldCounter(generation)] : [];
  return [...new Set([...refusing, ...closing, ...passing, ...guards, ...sources])].sort();
}

function judgedSets(addresses: readonly string[]): readonly SetModel[] {
  const blocks = addresses.flatMap(blocksOf);
  return ([4, 6] as const).flatMap((family) => {
    const own = blocks.filter((block) => block.family === family);
    if (own.length === 0) return [];
    const keys = own.map(({ cidr }) => cidr.replace(/\/\d+$/, ''));
    return [
      {
        ...({ name: `judged${family}`, kind: 'set', type: `ipv${family}_addr`, interval: false } as const),
        elements: new Map(keys.map((key) => [key, ''])),
      },
    ];
  });
}
