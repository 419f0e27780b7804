// The rules of one pod: its namespace is taken in with the first rule and kept until the end; from then on only differences are written.
// Knows no worker and no policy, only plans.
import type { InlineMode } from '../../../core/model/abilities.ts';
import { AppError } from '../../../core/model/app-error.ts';
import type { TableOwner } from '../../../core/plan/node-constants.ts';
import type { PodPlan } from '../../../core/plan/node-plan.ts';
import { countsAbsence } from '../../../core/plan/counter-name.ts';
import { readNftCounters, type NamedCounter, type RuleCounters } from '../../../core/plan/read-counters.ts';
import { nftChange } from '../../../core/plan/ruleset-change.ts';
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
  /** Whose the table is now; undefined while we have none. `free`: somebody flushed it. */
  standing(): ReturnType<Enrolment['standing']> | undefined;
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
  /** Counters of what happened while no agent was there, out of rules that are gone, until somebody asks. */
  #left: readonly NamedCounter[] = [];

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
      if (text !== '') this.#keep(this.#enrolment.counters());
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
      if (mayRule) cleanLeftovers(kernel, netns, { ...owner, onCounted: (counters) => this.#keep(counters) });
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
    const absent = counters.filter(({ name, packets }) => countsAbsence(name) && packets > 0);
    this.#left = summed([...this.#left, ...absent]);
  }

  standing(): ReturnType<Enrolment['standing']> | undefined {
    return this.#enrolment?.standing();
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
