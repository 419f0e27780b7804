// What is to be enforced where on this node: the plan's shapes. Plain data, made by plan-node.ts, compared by plan-diff.ts, spelled for the
// kernel by ruleset.ts. Knows no kernel.
import type { NodeAbilities } from '../model/abilities.ts';
import type { NodeInventory } from '../model/pod.ts';
import type { Policy } from '../policy/schema.ts';

/** All a plan depends on. */
export interface PlanInput {
  /** Checked; of two with one name the last counts. */
  readonly policies: readonly Policy[];
  readonly inventory: NodeInventory;
  /** Ports on which pods answer others as they were found, by pod id; what they declare is in the inventory, and need not be all. */
  readonly listening: ReadonlyMap<string, readonly number[]>;
  readonly abilities: NodeAbilities;
  /** Ids of pods whose traffic a mesh already redirects: refused inline. */
  readonly meshed: ReadonlySet<string>;
  /** Epoch ms: what has expired is left out. */
  readonly nowMs: number;
}

/** What this node does. */
export interface NodePlan {
  /** One for each local pod that can be enrolled, by id. */
  readonly pods: readonly PodPlan[];
  /** One for each policy, in the order given. */
  readonly statements: readonly PlanStatement[];
}

/** What one pod's namespace gets. */
export interface PodPlan {
  /** `namespace/name`. */
  readonly pod: string;
  readonly tap: boolean;
  /** `both`: also what leaves it, for flows whose other end nobody enrols (`Directory.isEnrolled`). */
  readonly reports: 'destination' | 'both';
  readonly kernel: KernelRules;
  /** By port. */
  readonly inline: readonly InlinePort[];
  /** Open connections that the plan denies or takes inline and that are to be cut; only what is new of it is cut (plan-diff.ts). */
  readonly cuts: readonly PairCut[];
}

/** Refused by address and port inside the pod's namespace. Disjoint per direction, family, port and prefix: the first policy in attribution order has it. */
export interface KernelRules {
  readonly inbound: readonly KernelEntry[];
  readonly outbound: readonly KernelEntry[];
  /** Addresses that lie in a block of `outbound` but are judged at the destination, because it is enrolled: spared here. */
  readonly judgedElsewhere: readonly string[];
}

/** One block of addresses, refused by one policy: connections that come from it (inbound) or go to it (outbound). */
export interface KernelEntry {
  /** `namespace/name`. */
  readonly policy: string;
  readonly family: 4 | 6;
  /** In normal form with prefix length, `10.0.0.7/32`; `0.0.0.0/0` and `::/0` are everyone. */
  readonly cidr: string;
  /** Destination ports, ascending; [] is all. */
  readonly ports: readonly number[];
  readonly answer: 'reset' | 'drop';
  readonly existing: 'cut' | 'drain';
}

/** One port whose connections the agent carries. */
export interface InlinePort {
  readonly port: number;
  /** Closed when any of its policies says so: the port refuses whom it would carry while no agent lives. */
  readonly failure: 'Open' | 'Closed';
  /** Cut when any of its policies cuts; whom is in `PodPlan.cuts`. */
  readonly existing: 'Cut' | 'Drain';
  /** Literal blocks, when every policy that asks names only such: only these are redirected. */
  readonly sources?: readonly string[];
  /** Names of the policies that ask, in attribution order. */
  readonly policies: readonly string[];
}

/** Open connections of one policy to be cut (SOCK_DESTROY); spared are the agent's own, and those of the pod with itself, which everyone would include. */
export interface PairCut {
  readonly policy: string;
  /** Inbound: `ports` are the pod's own. Outbound: the other side's. */
  readonly direction: 'inbound' | 'outbound';
  /** The other side. */
  readonly remotes: readonly string[];
  /** Ascending; []: inbound every port that the pod listens on, outbound every connection whose own port it does not listen on. */
  readonly ports: readonly number[];
}

/** What becomes of one policy on this node. */
export interface PlanStatement {
  /** `namespace/name`. */
  readonly policy: string;
  /**
   * `enforced`: wherever it selects anything here; `partly`: not everywhere, the sentence says where not and why; `unenforceable`: nowhere
   * although it selects something here; `idle`: it selects nothing here; `shadow`, `off` and `expired`: not to be enforced.
   */
  readonly state: 'enforced' | 'partly' | 'unenforceable' | 'idle' | 'shadow' | 'off' | 'expired';
  readonly gears: readonly ('kernel' | 'inline')[];
  /** Pods in which it is enforced as the destination, and as the source. */
  readonly atDestination: readonly string[];
  readonly atSource: readonly string[];
  /** One sentence (or two): where, by what, what not and why. */
  readonly sentence: string;
}
