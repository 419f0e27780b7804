// What the policies ask of one pod, collected in attribution order and then brought into a PodPlan: each block and port refused by one
// policy only, each port taken inline once. Knows no selector.
import type { LocalPod } from '../model/pod.ts';
import { hostBlock } from './address-block.ts';
import type { Outcome } from './outcome.ts';
import type { InlinePort, KernelEntry, PairCut, PodPlan } from './node-plan.ts';

/** One policy's wish to carry a port. */
export interface InlineWish {
  readonly policy: string;
  readonly failure: 'Open' | 'Closed';
  readonly existing: 'Cut' | 'Drain';
  /** Literal blocks, when it names nothing else. */
  readonly sources: readonly string[] | undefined;
  /** It names the port, and does not mean it as one of all. */
  readonly named: boolean;
  /** What came of the policy. */
  readonly outcome: Outcome;
}

/** A pod, and what is known of it whatever is asked. */
export interface PodBasis {
  readonly pod: LocalPod;
  /** Ports that it is known to serve; see `knownPorts`. */
  readonly known: readonly number[];
}

/** Wishes so far, those of the first policies first. */
export interface PodDraft extends PodBasis {
  /** Lists may be shared between pods. */
  readonly inbound: (readonly KernelEntry[])[];
  readonly outbound: (readonly KernelEntry[])[];
  readonly judgedElsewhere: Set<string>;
  readonly inline: Map<number, InlineWish[]>;
  cuts: PairCut[];
  /** Policies that mean more ports than a pod may have inline, and how many more. */
  readonly beyond: Map<Outcome, number>;
}

/** Nothing asked yet. */
export const newPodDraft = ({ pod, known }: PodBasis): PodDraft => ({
  pod,
  known,
  inbound: [],
  outbound: [],
  judgedElsewhere: new Set(),
  inline: new Map(),
  cuts: [],
  beyond: new Map(),
});

/** Adds a port's wish. */
export function wishInline(draft: PodDraft, port: number, wish: InlineWish): void {
  const wishes = draft.inline.get(port);
  if (wishes === undefined) draft.inline.set(port, [wish]);
  else wishes.push(wish);
}

/** Adds what a later policy asks of the same pod. */
export function addDraft(draft: PodDraft, { inbound, outbound, ...own }: PodDraft): void {
  for (const list of inbound) draft.inbound.push(list);
  for (const list of outbound) draft.outbound.push(list);
  for (const address of own.judgedElsewhere) draft.judgedElsewhere.add(address);
  for (const [port, wishes] of own.inline) for (const wish of wishes) wishInline(draft, port, wish);
  for (const cut of own.cuts) draft.cuts.push(cut);
  for (const [outcome, count] of own.beyond) draft.beyond.set(outcome, count);
}

/** The plan of one pod. */
export function finishPod(draft: PodDraft, tap: boolean): PodPlan {
  const outbound = withoutRepeats(draft.outbound);
  return {
    pod: draft.pod.id,
    tap,
    reports: tap ? 'both' : 'destination',
    kernel: {
      inbound: withoutRepeats(draft.inbound),
      outbound,
      judgedElsewhere: [...draft.judgedElsewhere].sort(),
    },
    inline: [...draft.inline].map(inlinePort).sort((a, b) => a.port - b.port),
    cuts: withoutOneself(draft),
  };
}

/** What a pod says to itself is nobody's to cut. */
function withoutOneself({ pod, cuts }: PodDraft): readonly PairCut[] {
  const own = new Set(pod.addresses.map((address) => hostBlock(address)?.cidr));
  return cuts.flatMap((cut) => {
    if (!cut.remotes.some((remote) => own.has(remote))) return [cut];
    const remotes = cut.remotes.filter((remote) => !own.has(remote));
    return remotes.length === 0 ? [] : [{ ...cut, remotes }];
  });
}

function inlinePort([port, wishes]: readonly [number, readonly InlineWish[]]): InlinePort {
  const sources = wishes.every((wish) => wish.sources !== undefined)
    ? [...new Set(wishes.flatMap((wish) => wish.sources ?? []))]
    : undefined;
  return {
    port,
    failure: wishes.some(({ failure }) => failure === 'Closed') ? 'Closed' : 'Open',
    existing: wishes.some(({ existing }) => existing === 'Cut') ? 'Cut' : 'Drain',
    ...(sources === undefined ? {} : { sources }),
    policies: wishes.map(({ policy }) => policy),
  };
}

/** Ports of one block that are taken; `all` by an entry without ports. */
interface Taken {
  all: boolean;
  readonly ports: Set<number>;
}

/** The first policy that refuses a block and port has it; what is left of an entry keeps its other ports. */
function withoutRepeats(lists: readonly (readonly KernelEntry[])[]): readonly KernelEntry[] {
  const taken = new Map<string, Taken>();
  const kept: KernelEntry[] = [];
  for (const list of lists)
    for (const entry of list) {
      const left = remainder(entry, taken);
      if (left !== undefined) kept.push(left);
    }
  return kept;
}

function remainder(entry: KernelEntry, taken: Map<string, Taken>): KernelEntry | undefined {
  let known = taken.get(entry.cidr);
  if (known === undefined) taken.set(entry.cidr, (known = { all: false, ports: new Set() }));
  if (known.all) return undefined;
  if (entry.ports.length === 0) {
    known.all = true;
    return entry;
  }
  const { ports } = known;
  const free = entry.ports.filter((port) => !ports.has(port));
  for (const port of free) ports.add(port);
  if (free.length === entry.ports.length) return entry;
  return free.length === 0 ? undefined : { ...entry, ports: free };
}
