// What one pod's rules refuse at the source, as attempts: heard from the kernel's log while the plan refuses anything there, given the policy
// that refused it, told once each; what was not heard is told as a number. Knows no event.
import { AppError } from '../../../core/model/app-error.ts';
import { refusalLogGroup } from '../../../core/plan/node-constants.ts';
import type { KernelEntry, KernelRules, PodPlan } from '../../../core/plan/node-plan.ts';
import { createRefusedOpenings, type RefusedOpenings } from '../../../core/plan/refused-openings.ts';
import { createRefusalSums, type RefusalSums } from '../../../core/plan/refusal-sums.ts';
import { createRefusingPolicy, type RefusingPolicy } from '../../../core/plan/refusing-policy.ts';
import type { Netns } from '../../../io/kernel/node/netns.ts';
import type { HeardRefusals, OpenRefusalLog, RefusalLog } from '../../../io/kernel/node/refusal-log.ts';
import type { RefusedPacket } from '../../../io/kernel/node/refusal-message.ts';
import { reasonOf } from './places.ts';

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
  /** That counter as it is now. */
  readonly refusedAtSource: () => number | undefined;
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
  /** What is new. `counter`: of all refusals at the source, read just before; undefined where there is none. */
  read(counter: number | undefined): EgressReport;
  /** The last: nothing is listened to from here on. */
  finish(): EgressReport;
  /** Lets go without a word. */
  close(): void;
}

/** Attempts kept between two readings, which only changes of rules do: no more than one look brings. */
const mostKept = 2_048;

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

  constructor(options: PodEgressOptions) {
    this.#options = options;
  }

  prepare(after: PodPlan): void {
    if (this.#hearing !== undefined) this.#hear(this.#hearing, this.#hearing.log?.read());
    else if (refuses(after)) this.#begin();
    this.#lastCounter =
      this.#hearing === undefined || refuses(after) ? undefined : this.#options.refusedAtSource();
  }

  settle(before: PodPlan, after: PodPlan): void {
    this.#rules = [after, before].filter(refuses).map(({ kernel }) => kernel);
    this.#refusing = undefined;
    if (!refuses(after)) this.#end();
  }

  read(counter: number | undefined): EgressReport {
    const hearing = this.#hearing;
    if (hearing !== undefined) {
      hearing.log ??= this.#open();
      const isDrained = this.#hear(hearing, hearing.log?.read());
      if (isDrained && counter !== undefined)
        this.#lost += hearing.sums.counted(counter, this.#options.now());
    }
    return this.#take();
  }

  finish(): EgressReport {
    this.#end();
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

  #end(): void {
    const hearing = this.#hearing;
    if (hearing === undefined) return;
    this.#hearing = undefined;
    const counter = this.#lastCounter ?? this.#options.refusedAtSource();
    this.#hear(hearing, hearing.log?.finish());
    if (counter !== undefined) this.#lost += hearing.sums.last(counter);
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
