// What one pod's rules refuse at the source, as attempts: heard from the kernel's log while the plan refuses anything there, given the policy
// that refused it, told once each; what was not heard is told as a number. Knows no event.
//
// Each start counts in a counter of its own, and notes beside it in the kernel how much of that it has told: what a start that was killed had
// not told, the next tells as a number. Of one that is there still, and was overtaken, it waits for the last word. Whoever sets that counter to
// 0 tells the rest of it, so nothing is told by both.
import { AppError } from '../../../core/model/app-error.ts';
import { refusalLogGroup } from '../../../core/plan/node-constants.ts';
import type { KernelEntry, KernelRules, PodPlan } from '../../../core/plan/node-plan.ts';
import type { SourceCount } from '../../../core/plan/read-counters.ts';
import { createRefusedOpenings, type RefusedOpenings } from '../../../core/plan/refused-openings.ts';
import { createRefusalSums, type RefusalSums } from '../../../core/plan/refusal-sums.ts';
import { createRefusingPolicy, type RefusingPolicy } from '../../../core/plan/refusing-policy.ts';
import type { Netns } from '../../../io/kernel/node/netns.ts';
import type { HeardRefusals, OpenRefusalLog, RefusalLog } from '../../../io/kernel/node/refusal-log.ts';
import type { RefusedPacket } from '../../../io/kernel/node/refusal-message.ts';
import { reasonOf } from './places.ts';
import type { PodRules } from './pod-rules.ts';

/** One attempt that never left the pod. */
export interface RefusedAttempt extends RefusedPacket {
  readonly policy: string;
  readonly answer: KernelEntry['answer'];
}

/** What is new. */
export interface EgressReport {
  readonly attempts: readonly RefusedAttempt[];
  /** Refused packets of which nothing more is known. */
  readonly lost: number;
}

/** Whose egress, and how it is heard. */
export interface PodEgressOptions {
  readonly netns: Pick<Netns, 'fd'>;
  readonly generation: number;
  /** Undefined where the kernel cannot log: then nothing is ever told here. */
  readonly openLog: OpenRefusalLog | undefined;
  /** The rules that refuse. */
  readonly rules: Pick<PodRules, 'atSource' | 'takeSource' | 'noteTold' | 'untold'>;
  /** Milliseconds that never jump. */
  readonly now: () => number;
  /** It cannot be heard now: why, without a full stop. Told once, until it can. */
  readonly onFault: (sentence: string) => void;
}

/** The refusals at the source of one pod. */
export interface PodEgress {
  /** Before the rules of `after` are written: hears from their first moment, and what is heard by now was refused by those before. */
  prepare(after: PodPlan): void;
  /** They stand in place of those of `before`. */
  settle(before: PodPlan, after: PodPlan): void;
  /** What is new. `counts`: of all refusals at the source, read just before. @throws AppError; then the next reading tells it. */
  read(counts: readonly SourceCount[]): EgressReport;
  /** The last, also where a newer start has the rules: nothing is listened to from here on. @throws AppError */
  finish(): EgressReport;
  /** Lets go without a word. */
  close(): void;
}

/** Attempts kept between two readings, which only changes of rules do: no more than one look brings. */
const mostKept = 2_048;
/** So long an earlier start that is there still has to tell its own, ms; it looks every half second, or second where pods are many. */
const lastWordMs = 3_000;

const refuses = ({ kernel }: PodPlan): boolean => kernel.outbound.length > 0;

/** While somebody listens, or ought to. */
interface Hearing {
  log: RefusalLog | undefined;
  readonly sums: RefusalSums;
  readonly openings: RefusedOpenings;
}

class LoggedEgress implements PodEgress {
  readonly #options: PodEgressOptions;
  #hearing: Hearing | undefined;
  /** Of the rules that stand, and of those before them. */
  #rules: readonly KernelRules[] = [];
  /** Made of them when a packet asks first: ten thousand entries take a while. */
  #refusing: readonly RefusingPolicy[] | undefined;
  /** Just before the rules went that counted. */
  #lastCounter: number | undefined;
  #attempts: RefusedAttempt[] = [];
  #lost = 0;
  #faultTold = false;
  /** Starts whose counters stand beside ours, and since when we know. */
  readonly #others = new Map<number, number>();

  constructor(options: PodEgressOptions) {
    this.#options = options;
  }

  prepare(after: PodPlan): void {
    if (this.#hearing !== undefined) this.#hear(this.#hearing, this.#hearing.log?.read());
    else if (refuses(after)) this.#begin();
    this.#lastCounter =
      this.#hearing === undefined || refuses(after)
        ? undefined
        : this.#ownOf(this.#options.rules.atSource())?.refused;
  }

  settle(before: PodPlan, after: PodPlan): void {
    this.#rules = [after, before].filter(refuses).map(({ kernel }) => kernel);
    this.#refusing = undefined;
    if (!refuses(after)) this.#end(this.#lastCounter);
  }

  read(counts: readonly SourceCount[]): EgressReport {
    const hearing = this.#hearing;
    if (hearing !== undefined) {
      hearing.log ??= this.#open();
      const isDrained = this.#hear(hearing, hearing.log?.read());
      const own = this.#ownOf(counts);
      if (isDrained && own !== undefined)
        this.#lost += hearing.sums.counted(own.refused, this.#options.now());
      if (own !== undefined && own.told !== hearing.sums.told) this.#note(hearing.sums.told);
    }
    this.#lost += this.#options.rules.untold() + this.#untoldBy(counts);
    return this.#take();
  }

  finish(): EgressReport {
    const hearing = this.#hearing;
    if (hearing !== undefined) {
      const counter = this.#options.rules.takeSource(this.#options.generation) ?? 0;
      // A newer start has waited for us in vain, and told what we had not.
      const isTold = counter === 0 || counter < hearing.sums.counter;
      if (isTold) this.close();
      else {
        this.#note(0);
        this.#end(counter);
      }
    }
    return this.#take();
  }

  close(): void {
    this.#hearing?.log?.close();
    this.#hearing = undefined;
  }

  #begin(): void {
    if (this.#options.openLog === undefined) return;
    this.#hearing = { log: this.#open(), sums: createRefusalSums(), openings: createRefusedOpenings() };
  }

  #open(): RefusalLog | undefined {
    const { openLog, netns, generation, onFault } = this.#options;
    try {
      const log = openLog?.(netns, refusalLogGroup(generation));
      this.#faultTold = false;
      return log;
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
      if (!this.#faultTold)
        onFault(`what is refused at the source is told as a number only: ${reasonOf(error)}`);
      this.#faultTold = true;
      return undefined;
    }
  }

  /** `counter`: as it was last. */
  #end(counter: number | undefined): void {
    const hearing = this.#hearing;
    if (hearing === undefined) return;
    this.#hearing = undefined;
    this.#hear(hearing, hearing.log?.finish());
    if (counter !== undefined) this.#lost += hearing.sums.last(counter);
  }

  #ownOf(counts: readonly SourceCount[]): SourceCount | undefined {
    return counts.find(({ generation }) => generation === this.#options.generation);
  }

  /** Where it cannot be noted now, the next look does it; should we be killed before, the next start tells some of it again. */
  #note(packets: number): void {
    try {
      this.#options.rules.noteTold(packets);
    } catch (error) {
      if (!(error instanceof AppError)) throw error;
    }
  }

  /** How much the rules of earlier starts have refused that nobody tells any more. */
  #untoldBy(counts: readonly SourceCount[]): number {
    const { rules, generation: self, now } = this.#options;
    let untold = 0;
    for (const { generation, refused, told } of counts) {
      if (generation === self || refused === 0) continue;
      const since = this.#others.get(generation);
      if (since === undefined) this.#others.set(generation, now());
      else if (now() - since >= lastWordMs) untold += Math.max(0, (rules.takeSource(generation) ?? 0) - told);
    }
    return untold;
  }

  /** Whether all was heard that there was to hear. */
  #hear({ sums, openings }: Hearing, heard: HeardRefusals | undefined): boolean {
    if (heard === undefined) return true;
    const nowMs = this.#options.now();
    for (const packet of heard.packets) {
      const entry = this.#entryOf(packet);
      // Then it is as good as not heard, and the counter says so.
      if (entry === undefined || this.#attempts.length >= mostKept) continue;
      sums.heard(1);
      if (openings.isNew(packet, nowMs))
        this.#attempts.push({ ...packet, policy: entry.policy, answer: entry.answer });
    }
    return heard.drained;
  }

  /**
   * The log says what was refused, not by whom: a prefix that names the policy would take a rule for each. So the plan is asked, of which the
   * maps were made, in the maps' own order. What was refused while rules changed may be of those before.
   */
  #entryOf({ destination, destinationPort }: RefusedPacket): KernelEntry | undefined {
    const opening = { inbound: false, remote: destination, port: destinationPort };
    this.#refusing ??= this.#rules.map((rules) => createRefusingPolicy({ ...rules, inbound: [] }));
    for (const refusing of this.#refusing) {
      const entry = refusing.entryOf(opening);
      if (entry !== undefined) return entry;
    }
    return undefined;
  }

  #take(): EgressReport {
    const report = { attempts: this.#attempts, lost: this.#lost };
    this.#attempts = [];
    this.#lost = 0;
    return report;
  }
}

/** Nothing is listened to yet. */
export const createPodEgress = (options: PodEgressOptions): PodEgress => new LoggedEgress(options);
