// The rules of one pod: its namespace is taken in with the first rule and kept until the end; from then on only differences are written.
// Knows no worker and no policy, only plans.
import type { InlineMode } from '../../../core/model/abilities.ts';
import { AppError } from '../../../core/model/app-error.ts';
import type { TableOwner } from '../../../core/plan/node-constants.ts';
import type { PodPlan } from '../../../core/plan/node-plan.ts';
import { isToldOnce, sourceCounter, toldCounter } from '../../../core/plan/counter-name.ts';
import {
  readNftCounters,
  sourceCounts,
  type NamedCounter,
  type RuleCounters,
  type SourceCount,
} from '../../../core/plan/read-counters.ts';
import { dropsCounts, nftChange } from '../../../core/plan/ruleset-change.ts';
import { nftTableText, type RulesetOptions } from '../../../core/plan/ruleset.ts';
import { enrol, type Enrolment } from '../../../io/kernel/node/enrolment.ts';
import { cleanLeftovers } from '../../../io/kernel/node/leftovers.ts';
import { closeNetns, openNetns, type Netns } from '../../../io/kernel/node/netns.ts';
import type { NodeKernel } from '../../../io/kernel/node/node-kernel.ts';

/** Whose rules, and how they are spelled. */
export interface PodRulesOptions {
  readonly kernel: NodeKernel;
  readonly netns: Netns;
  /** Those that the pod has now. */
  readonly addresses: () => readonly string[];
  readonly owner: TableOwner;
  readonly ruleset: RulesetOptions;
  /** False where rules cannot be written, or not even read: the tap works alone then. */
  readonly mayRule: boolean;
}

/** The table of one pod. */
export interface PodRules {
  /** From the plan whose rules stand to the next, in one transaction. @throws AppError; then what stood stands still. */
  put(before: PodPlan, after: PodPlan, mode: InlineMode | 'none'): void;
  /** The whole of `plan` anew, whatever stands: somebody has removed it. @throws AppError as `put`. */
  restore(plan: PodPlan, mode: InlineMode | 'none'): void;
  /** The last inline connection is gone: routes and settings go too. */
  settle(): void;
  /** Undefined while there are no rules and there is nothing of earlier ones. @throws AppError when the kernel refuses. */
  counters(policies: Iterable<string>): RuleCounters | undefined;
  /** What was refused at the source, as it stands. @throws AppError */
  atSource(): readonly SourceCount[];
  /** What a start's rules have refused at the source, which begins anew with this; undefined where nothing counts it. @throws AppError */
  takeSource(generation: number): number | undefined;
  /** Of what our rules have refused at the source so much was told, should we not be there to tell the rest. @throws AppError */
  noteTold(packets: number): void;
  /** Refused at the source by rules of an earlier start that are gone, and told by nobody; begins anew with this. */
  untold(): number;
  /** Whose the table is now; undefined while we have none. `free`: somebody flushed it. */
  standing(): ReturnType<Enrolment['standing']> | undefined;
  /** See `Enrolment`; without rules nothing is offered. */
  offer(): boolean;
  isTaken(): boolean;
  reclaim(): void;
  /** Puts routes and settings back that somebody took away; true when some were missing. @throws AppError */
  mend(): boolean;
  /** Takes everything back that is ours. */
  release(): 'released' | 'left to a newer agent';
  /** The namespace is gone, or a newer agent's: lets go without writing. */
  drop(): void;
}

/** Opened anew for the enrolment, which closes it; the same namespace or none. */
function sameNetns({ path, inode }: Netns): Netns {
  const netns = openNetns(path);
  if (netns.inode === inode) return netns;
  closeNetns(netns);
  throw new AppError({
    code: 'NETNS_REPLACED',
    family: 'notFound',
    message: `The network namespace ${path} is another one by now.`,
    hint: 'The pod was replaced; the agent takes in the new one by itself.',
  });
}

class NamespaceTable implements PodRules {
  readonly #options: PodRulesOptions;
  #enrolment: Enrolment | undefined;
  /** Counters of which each count is told once, out of rules that are gone, until somebody asks. */
  #left: readonly NamedCounter[] = [];
  #untold = 0;

  constructor(options: PodRulesOptions) {
    this.#options = options;
  }

  put(before: PodPlan, after: PodPlan, mode: InlineMode | 'none'): void {
    const { ruleset } = this.#options;
    if (this.#enrolment === undefined) {
      this.#begin(after, mode);
      return;
    }
    const text = nftChange(before, after, ruleset);
    try {
      // Reading ten thousand counters takes the kernel and us longer than a change of one policy.
      if (dropsCounts(text)) this.#keep(this.#enrolment.counters());
      this.#enrolment.change({ text, mode });
    } catch (error) {
      if (!(error instanceof AppError) || error.code !== 'ENROLMENT_FLUSHED') throw error;
      this.restore(after, mode);
    }
  }

  restore(plan: PodPlan, mode: InlineMode | 'none'): void {
    if (this.#enrolment === undefined) this.#begin(plan, mode);
    else this.#enrolment.apply({ ruleset: nftTableText(plan, this.#options.ruleset), mode });
  }

  #begin(plan: PodPlan, mode: InlineMode | 'none'): void {
    const { kernel, netns, addresses, owner, ruleset, mayRule } = this.#options;
    const text = nftTableText(plan, ruleset);
    if (text === '') {
      if (mayRule)
        cleanLeftovers(kernel, netns, { ...owner, onCounted: (counters) => this.#inherit(counters) });
      return;
    }
    const own = sameNetns(netns);
    let enrolment: Enrolment;
    try {
      enrolment = enrol(kernel, { netns: own, addresses: addresses(), owner });
    } catch (error) {
      closeNetns(own);
      throw error;
    }
    try {
      enrolment.apply({ ruleset: text, mode });
    } catch (error) {
      enrolment.drop();
      throw error;
    }
    this.#enrolment = enrolment;
  }

  settle(): void {
    this.#enrolment?.change({ text: '', mode: 'none' });
  }

  counters(policies: Iterable<string>): RuleCounters | undefined {
    const left = this.#left;
    if (this.#enrolment === undefined && left.length === 0) return undefined;
    const now = this.#enrolment?.counters() ?? [];
    this.#left = [];
    return readNftCounters(summed([...left, ...now]), policies);
  }

  /** A change removes the counters of ports and policies that go. */
  #keep(counters: readonly NamedCounter[]): void {
    const told = counters.filter(({ name, packets }) => isToldOnce(name) && packets > 0);
    this.#left = summed([...this.#left, ...told]);
  }

  /** Of a table of an earlier start that is gone. */
  #inherit(counters: readonly NamedCounter[]): void {
    this.#keep(counters);
    for (const { refused, told } of sourceCounts(counters)) this.#untold += Math.max(0, refused - told);
  }

  atSource(): readonly SourceCount[] {
    return sourceCounts(this.#enrolment?.peek() ?? []);
  }

  takeSource(generation: number): number | undefined {
    return this.#enrolment?.take(sourceCounter(generation));
  }

  noteTold(packets: number): void {
    this.#enrolment?.note(toldCounter(this.#options.owner.generation), packets);
  }

  untold(): number {
    const untold = this.#untold;
    this.#untold = 0;
    return untold;
  }

  standing(): ReturnType<Enrolment['standing']> | undefined {
    return this.#enrolment?.standing();
  }

  offer(): boolean {
    return this.#enrolment?.offer() ?? false;
  }

  isTaken(): boolean {
    return this.#enrolment?.isTaken() ?? false;
  }

  reclaim(): void {
    this.#enrolment?.reclaim();
  }

  mend(): boolean {
    return this.#enrolment?.mend() ?? false;
  }

  release(): 'released' | 'left to a newer agent' {
    const enrolment = this.#enrolment;
    this.#enrolment = undefined;
    return enrolment === undefined ? 'released' : enrolment.release();
  }

  drop(): void {
    this.#enrolment?.drop();
    this.#enrolment = undefined;
  }
}

/** One of each name. */
function summed(counters: readonly NamedCounter[]): readonly NamedCounter[] {
  const sums = new Map<string, NamedCounter>();
  for (const { name, packets, bytes } of counters) {
    const known = sums.get(name);
    sums.set(name, { name, packets: packets + (known?.packets ?? 0), bytes: bytes + (known?.bytes ?? 0) });
  }
  return [...sums.values()];
}

/** No rules yet. */
export const createPodRules = (options: PodRulesOptions): PodRules => new NamespaceTable(options);
