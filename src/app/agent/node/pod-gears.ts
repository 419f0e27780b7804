// One pod's namespace with all that the plan asks in it: rules, ports that are carried, a ring, cuts. Keeps the order that leaves no moment
// without an answer: listeners, rules, worker, cuts. What failed stays as it was and is told; nothing is half on.
import { AppError } from '../../../core/model/app-error.ts';
import type { InlineMode } from '../../../core/model/abilities.ts';
import type { Peer } from '../../../core/model/identity.ts';
import type { LocalPod } from '../../../core/model/pod.ts';
import { nothingCarried, type CarriedPorts } from '../../../core/tap/tap-filter.ts';
import { emptyPod, type PodChange } from '../../../core/plan/plan-diff.ts';
import type { PodPlan } from '../../../core/plan/node-plan.ts';
import type { TableOwner } from '../../../core/plan/node-constants.ts';
import type { SourceCount } from '../../../core/plan/read-counters.ts';
import type { RulesetOptions } from '../../../core/plan/ruleset.ts';
import type { DataPlane } from '../../../io/kernel/data-plane.ts';
import { closeNetns, type Netns } from '../../../io/kernel/node/netns.ts';
import type { NodeKernel } from '../../../io/kernel/node/node-kernel.ts';
import { countOutside, cutPairs, openToPod, portsOutside, type CutOutcome } from './pod-cuts.ts';
import type { OpenRefusalLog } from '../../../io/kernel/node/refusal-log.ts';
import { createPodEgress, type EgressReport, type PodEgress } from './pod-egress.ts';
import { createPodInline, type PodInline } from './pod-inline.ts';
import { createPodRules, type PodRules } from './pod-rules.ts';

/**
 * How long connections that are no longer meant to be carried may go on through the worker, ms: as long as an idle one may live. It carries
 * them as well as the kernel would, and cutting them would be the only harm.
 */
export const handOverMs = 3_600_000;

/** A pod, its namespace, and the hands to work with. */
export interface PodGearsOptions {
  readonly pod: LocalPod;
  /** The pod's, checked; owned from here on. */
  readonly netns: Netns;
  readonly kernel: NodeKernel;
  readonly plane: Pick<DataPlane, 'attachPod'>;
  readonly owner: TableOwner;
  /** Undefined where the node has no inline gear. */
  readonly mode: InlineMode | undefined;
  readonly ruleset: RulesetOptions;
  /** See PodRulesOptions. */
  readonly mayRule: boolean;
  /** See PodEgressOptions. */
  readonly openLog: OpenRefusalLog | undefined;
  /** The pod as policies see it, and its number in the directory. */
  readonly self: (pod: LocalPod) => { readonly peer: Peer; readonly index: number };
  /**
   * Of what was carried for everyone only this is from the next rules on: who left the rest out has to look at it again, and is waited for, or
   * connections would pass by that nobody tells of.
   */
  readonly lettingGo: (kept: CarriedPorts) => Promise<void>;
  /** Something that nobody waits for failed. */
  readonly onFault: (error: unknown) => void;
}

/** One enrolled pod. */
export class PodGears {
  readonly netns: Netns;
  readonly #options: PodGearsOptions;
  readonly #rules: PodRules;
  readonly #inline: PodInline;
  readonly #egress: PodEgress;
  /** As the inventory has it now: its addresses may come and go. */
  #pod: LocalPod;
  #plan: PodPlan;
  #brought = false;
  #closed = false;
  /** While rules change, a beat may meet a set that is gone already. */
  #changing = false;

  constructor(options: PodGearsOptions) {
    const { pod, netns, kernel, owner, ruleset, mayRule } = options;
    this.netns = netns;
    this.#options = options;
    this.#pod = pod;
    this.#plan = emptyPod(pod.id);
    this.#rules = createPodRules({
      ...{ kernel, netns, owner, ruleset, mayRule },
      addresses: () => this.#pod.addresses,
    });
    this.#inline = createPodInline({
      ...{ kernel, netns, pod: pod.id, mode: options.mode ?? 'fwmark' },
      ...{ plane: options.plane, generation: owner.generation, self: () => options.self(this.#pod) },
      onIdle: () => this.#settle(),
    });
    this.#egress = createPodEgress({
      ...{ netns, generation: owner.generation, openLog: options.openLog, onFault: options.onFault },
      rules: this.#rules,
      now: () => performance.now(),
    });
  }

  /** The same pod with what the inventory says of it by now. Changes nothing in its namespace. */
  follow(pod: LocalPod): void {
    this.#pod = pod;
  }

  /** What stands. */
  get plan(): PodPlan {
    return this.#plan;
  }

  /** Some plan was put in place already; before that, an earlier life's rules may stand. */
  get brought(): boolean {
    return this.#brought;
  }

  /** Rules are being changed right now. */
  get changing(): boolean {
    return this.#changing;
  }

  get inlineStats(): ReturnType<PodInline['stats']> {
    return this.#inline.stats();
  }

  /** Brings the pod from what stands to `after`, and cuts what is newly to be cut. @throws AppError; then what stood stands. */
  async bring({ cuts }: Pick<PodChange, 'cuts'>, after: PodPlan): Promise<CutOutcome> {
    const before = this.#plan;
    this.#changing = true;
    try {
      await this.#exchange(before, after);
    } finally {
      this.#changing = false;
    }
    this.#plan = after;
    this.#brought = true;
    return await cutPairs(this.#options, cuts);
  }

  async #exchange(before: PodPlan, after: PodPlan): Promise<void> {
    await this.#options.lettingGo(this.#carriedBy(after));
    const ports = after.inline.map(({ port }) => port);
    if (ports.length > 0) this.#inline.prepare();
    try {
      this.#egress.prepare(after);
      this.#rules.put(before, after, this.#modeFor(ports));
      this.#egress.settle(before, after);
    } catch (error) {
      this.#inline.abandon();
      throw error;
    }
    try {
      await this.#inline.take(ports, handOverMs);
    } catch (error) {
      this.#rules.put(after, { ...after, inline: before.inline }, this.#modeFor(before.inline));
      this.#plan = { ...after, inline: before.inline };
      throw error;
    }
  }

  /** What new connections of every caller go through the worker, so that nothing else sees them pass by. */
  get carried(): CarriedPorts {
    return this.#carriedBy(this.#plan);
  }

  #carriedBy({ inline }: PodPlan): CarriedPorts {
    const { carries } = this.#inline;
    if (carries === undefined) return nothingCarried;
    const ports = inline.filter(({ sources }) => sources === undefined).map(({ port }) => port);
    return { ports, ipv6: carries.ipv6 && this.#options.ruleset.ipv6 !== false };
  }

  /** Routes and settings stay while connections need them. */
  #modeFor(ports: readonly unknown[]): InlineMode | 'none' {
    const { mode } = this.#options;
    return mode !== undefined && (ports.length > 0 || this.#inline.active) ? mode : 'none';
  }

  #settle(): void {
    if (this.#closed || this.#plan.inline.length > 0) return;
    try {
      this.#rules.settle();
    } catch (error) {
      this.#options.onFault(error);
    }
  }

  /** The rules, to be offered to an earlier start that waits for them. */
  get offering(): Pick<PodRules, 'offer' | 'isTaken' | 'reclaim'> {
    return this.#rules;
  }

  /** Whose the rules are now; see `PodRules.standing`. */
  standing(): ReturnType<PodRules['standing']> {
    return this.#rules.standing();
  }

  /** Somebody removed the rules: all of them anew, and what was opened meanwhile is cut. @throws AppError */
  restore(): Promise<CutOutcome> {
    this.#rules.restore(this.#plan, this.#modeFor(this.#plan.inline));
    return this.cutAnew();
  }

  /** Cuts all that the plan says is to be cut: connections may have been opened while nobody kept it. */
  cutAnew(): Promise<CutOutcome> {
    return cutPairs(this.#options, this.#plan.cuts);
  }

  /** Puts routes and settings back that somebody took away; true when some were missing. @throws AppError */
  mend(): boolean {
    return this.#rules.mend();
  }

  counters(): ReturnType<PodRules['counters']> {
    const { kernel, inline } = this.#plan;
    const names = [...kernel.inbound, ...kernel.outbound].map(({ policy }) => policy);
    return this.#rules.counters(new Set([...names, ...inline.flatMap(({ policies }) => policies)]));
  }

  /** What the rules have refused at the source since it was last asked; `counts` is what they count of it now. @throws AppError */
  refused(counts: readonly SourceCount[]): EgressReport {
    return this.#egress.read(counts);
  }

  /** As `refused`, for the last time. @throws AppError */
  lastRefused(): EgressReport {
    return this.#egress.finish();
  }

  /** Open connections that each policy does not reach. */
  outside(): ReadonlyMap<string, number> {
    return countOutside(this.#options, this.#plan);
  }

  /** Open connections that others have to the pod, by the caller's address. */
  callers(): ReadonlyMap<string, number> {
    return openToPod(this.#options);
  }

  /** Ports with open connections that are not inline; see `portsOutside`. */
  portsOutside(): ReadonlySet<number> {
    return portsOutside(this.#options);
  }

  /** New connections pass by from now on; what is carried is carried on until `release`. */
  async stepAside(): Promise<void> {
    await this.#options.lettingGo(nothingCarried);
    this.#rules.put(this.#plan, { ...this.#plan, inline: [] }, this.#modeFor(this.#plan.inline));
    this.#plan = { ...this.#plan, inline: [] };
  }

  /** What keeps us from it is met again, and told, when all rules go. */
  async #tryStepAside(): Promise<void> {
    try {
      if (this.#plan.inline.length > 0) await this.stepAside();
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
    }
  }

  /** Takes back everything that is ours, after connections had `withinMs` to end. */
  async release(withinMs: number): Promise<'released' | 'left to a newer agent'> {
    this.#closed = true;
    // Nobody new is sent to listeners that close now, nor refused for want of them.
    await this.#tryStepAside();
    this.#egress.close();
    await this.#inline.leave(withinMs);
    try {
      return this.#rules.release();
    } finally {
      closeNetns(this.netns);
    }
  }

  /** The namespace is gone, or a newer agent's: nothing is written into it any more. */
  async drop(withinMs: number): Promise<void> {
    this.#closed = true;
    this.#rules.drop();
    this.#egress.close();
    await this.#inline.leave(withinMs);
    closeNetns(this.netns);
  }
}
