// When the agent's process is killed, started again or given up: what happened comes in, with times; what is to be done goes out. Pure, knows
// no process and no clock.
//
// Silence is counted in the supervisor's own waking time: a look that comes late adds no more than `creditMs`. A machine that was suspended,
// a frozen container and a supervisor that got no processor for seconds thus condemn nobody; a kill takes several looks without a sign.
import { exitCodes } from '../../../core/model/app-error.ts';
import { assertNever } from '../../../core/model/assert-never.ts';
import type { SupervisorLimits, Watched } from './supervisor-limits.ts';

/** What the supervisor sees. `nowMs` is monotonic. */
export type SupervisorEvent =
  /** A thread has given a sign of life. */
  | { readonly type: 'sign'; readonly of: Watched }
  /** The supervisor looks. */
  | { readonly type: 'tick'; readonly nowMs: number }
  /** The process is gone. `status` is as a shell has it: 128 and more for a signal; `how` completes "it …". */
  | { readonly type: 'ended'; readonly status: number; readonly how: string; readonly nowMs: number }
  /** Somebody wants the supervisor to end. */
  | { readonly type: 'stopAsked' };

/** Why a process is killed. */
export type KillReason = Watched | 'start' | 'stop' | 'impatience';

/** Ends that were not asked for, so far. */
export interface Restarts {
  /** Killed, because it did not answer. */
  readonly hung: number;
  /** By itself: a crash, memory, somebody's SIGKILL. */
  readonly died: number;
}

/** What is to be done, in this order. */
export type SupervisorCommand =
  | { readonly type: 'start'; readonly restarts: Restarts }
  | { readonly type: 'kill'; readonly why: KillReason; readonly silentMs: number }
  /** Tell the process to drain and end. */
  | { readonly type: 'drain' }
  /** It ended by itself, or was killed, and is started again after `waitMs`. */
  | {
      readonly type: 'tellRestart';
      readonly how: string;
      readonly waitMs: number;
      readonly restarts: Restarts;
    }
  /** The supervisor's own end. */
  | { readonly type: 'end'; readonly status: number };

/** The memory of one supervisor. */
export interface Supervision {
  /** The first process. */
  begin(nowMs: number): readonly SupervisorCommand[];
  hear(event: SupervisorEvent): readonly SupervisorCommand[];
}

/** One thread's silence. */
interface Silence {
  heard: boolean;
  ms: number;
}

type Phase =
  | {
      readonly type: 'running';
      readonly sinceMs: number;
      readonly silence: Readonly<Record<Watched, Silence>>;
      killed: boolean;
    }
  | { readonly type: 'waiting'; readonly untilMs: number }
  | { readonly type: 'stopping'; forMs: number; killed: boolean }
  | { readonly type: 'over' };

/**
 * Ends that a new start would only repeat: an ordered one, and what a person must mend. Not `internal` (a bug, a dead worker) nor `refused`,
 * which is also Node's status after an exception that nobody caught.
 */
const finalStatuses: ReadonlySet<number> = new Set([
  0,
  exitCodes.usage,
  exitCodes.data,
  exitCodes.notFound,
  exitCodes.unavailable,
  exitCodes.denied,
  exitCodes.cannotCreate,
]);

/** The thread whose end traffic feels comes first. */
const watched: readonly Watched[] = ['data', 'main'];

const nothing: readonly SupervisorCommand[] = [];

class OneSupervision implements Supervision {
  readonly #limits: SupervisorLimits;
  #phase: Phase = { type: 'over' };
  #restarts: Restarts = { hung: 0, died: 0 };
  /** Ends in a row of processes that did not run long. */
  #quickEnds = 0;
  #lookedAtMs = 0;
  /** A process before this one carried traffic. */
  #hasWorked = false;

  constructor(limits: SupervisorLimits) {
    this.#limits = limits;
  }

  begin(nowMs: number): readonly SupervisorCommand[] {
    this.#lookedAtMs = nowMs;
    return [this.#start(nowMs)];
  }

  hear(event: SupervisorEvent): readonly SupervisorCommand[] {
    switch (event.type) {
      case 'sign':
        this.#sign(event.of);
        return nothing;
      case 'tick':
        return this.#tick(event.nowMs);
      case 'ended':
        return this.#ended(event);
      case 'stopAsked':
        return this.#stopAsked();
      default:
        return assertNever(event);
    }
  }

  #start(nowMs: number): SupervisorCommand {
    const silence = { data: { heard: false, ms: 0 }, main: { heard: false, ms: 0 } };
    this.#phase = { type: 'running', sinceMs: nowMs, silence, killed: false };
    return { type: 'start', restarts: this.#restarts };
  }

  #sign(of: Watched): void {
    if (this.#phase.type !== 'running') return;
    const silence = this.#phase.silence[of];
    silence.heard = true;
    silence.ms = 0;
  }

  #tick(nowMs: number): readonly SupervisorCommand[] {
    const phase = this.#phase;
    const awakeMs = Math.min(nowMs - this.#lookedAtMs, this.#limits.creditMs);
    this.#lookedAtMs = nowMs;
    switch (phase.type) {
      case 'running':
        return this.#look(phase, awakeMs);
      case 'waiting':
        return nowMs < phase.untilMs ? nothing : [this.#start(nowMs)];
      case 'stopping':
        phase.forMs += awakeMs;
        return phase.forMs < this.#limits.stopMs ? nothing : kill(phase, 'stop', phase.forMs);
      case 'over':
        return nothing;
      default:
        return assertNever(phase);
    }
  }

  #look(phase: Extract<Phase, { type: 'running' }>, awakeMs: number): readonly SupervisorCommand[] {
    const { silentMs, startMs } = this.#limits;
    for (const of of watched) phase.silence[of].ms += awakeMs;
    for (const of of watched) {
      const { heard, ms } = phase.silence[of];
      if (ms >= (heard ? silentMs[of] : startMs)) return kill(phase, heard ? of : 'start', ms);
    }
    return nothing;
  }

  #ended({ status, how, nowMs }: Extract<SupervisorEvent, { type: 'ended' }>): readonly SupervisorCommand[] {
    const phase = this.#phase;
    if (phase.type === 'stopping') return this.#end(status);
    if (phase.type !== 'running') return nothing;
    if (!phase.killed && this.#isFinal(status)) return this.#end(status);
    this.#hasWorked ||= phase.silence.data.heard;
    const { hung, died } = this.#restarts;
    this.#restarts = phase.killed ? { hung: hung + 1, died } : { hung, died: died + 1 };
    const waitMs = this.#nextWait(nowMs - phase.sinceMs);
    const told: SupervisorCommand = { type: 'tellRestart', how, waitMs, restarts: this.#restarts };
    if (waitMs === 0) return [told, this.#start(nowMs)];
    this.#phase = { type: 'waiting', untilMs: nowMs + waitMs };
    return [told];
  }

  /**
   * What a new start would only repeat. But where an agent has worked, its rules stand, and what the next one meets (a file in the middle of
   * being edited, a port of the one before) was tolerated or is over soon: it is tried again, for as long as it takes.
   */
  #isFinal(status: number): boolean {
    return status === 0 || (finalStatuses.has(status) && !this.#hasWorked);
  }

  /** None for the first end in a row: a node is not to be left undefended for one crash. */
  #nextWait(ranMs: number): number {
    const { firstWaitMs, longestWaitMs, wellMs } = this.#limits;
    const before = ranMs >= wellMs ? 0 : this.#quickEnds;
    this.#quickEnds = before + 1;
    return before === 0 ? 0 : Math.min(firstWaitMs * 2 ** (before - 1), longestWaitMs);
  }

  #stopAsked(): readonly SupervisorCommand[] {
    const phase = this.#phase;
    switch (phase.type) {
      case 'running':
        this.#phase = { type: 'stopping', forMs: 0, killed: phase.killed };
        return [{ type: 'drain' }];
      case 'waiting':
        return this.#end(0);
      case 'stopping':
        return kill(phase, 'impatience', phase.forMs);
      case 'over':
        return nothing;
      default:
        return assertNever(phase);
    }
  }

  #end(status: number): readonly SupervisorCommand[] {
    this.#phase = { type: 'over' };
    return [{ type: 'end', status }];
  }
}

/** Once: a process that a SIGKILL does not end waits in the kernel, and a second one would not help. */
function kill(phase: { killed: boolean }, why: KillReason, silentMs: number): readonly SupervisorCommand[] {
  if (phase.killed) return nothing;
  phase.killed = true;
  return [{ type: 'kill', why, silentMs }];
}

/** Nothing has been started yet. */
export const createSupervision = (limits: SupervisorLimits): Supervision => new OneSupervision(limits);
