// The supervisor: a process that starts the agent's process and does nothing but see that it lives. A thin shell around `supervision.ts`.
//
// Why a process of its own: a hung agent keeps its listeners, and the kernel goes on handing it connections until the ports' heartbeat lapses
// (2 s); killed, its listeners are gone and traffic passes by at once. Why the agent is the child: in a container the first process is PID 1,
// which no SIGKILL from inside its PID namespace reaches, so the one to be killed must not be it. Why nothing else is done here: what is to
// outlive every fault of the agent must share none of its code, memory and libraries (no FFI, no policies, no feed).
//
// What the kernel kills for memory is the largest process, which is the agent. Nothing here reaps strangers' children: the agent starts none.
import { spawn, type ChildProcess } from 'node:child_process';
import type { Socket } from 'node:net';
import { constants } from 'node:os';
import { exitCodes } from '../../../core/model/app-error.ts';
import { assertNever } from '../../../core/model/assert-never.ts';
import { markerName, markerOf } from './marker.ts';
import { createSupervision, type Restarts, type Supervision, type SupervisorCommand } from './supervision.ts';
import type { SupervisorLimits, Watched } from './supervisor-limits.ts';
import { killSentence, restartSentence } from './supervisor-words.ts';

/** What is supervised, and who hears of it. */
export interface SuperviseOptions {
  /** Words of the command line after Node's own: script and arguments. */
  readonly argv: readonly string[];
  readonly env: NodeJS.ProcessEnv;
  readonly limits: SupervisorLimits;
  /** A sentence for whoever runs the agent. */
  readonly say: (sentence: string) => void;
}

/** Descriptors of the child, after its standard three. */
const lifelineFd = 3;
const signOfLifeFd = 4;

const stopSignals = ['SIGINT', 'SIGTERM', 'SIGHUP'] as const;

/** As a shell has it. */
const signalStatus = (signal: NodeJS.Signals): number => 128 + constants.signals[signal];

class Supervisor {
  readonly #options: SuperviseOptions;
  readonly #supervision: Supervision;
  readonly #done: (status: number) => void;
  readonly #timer: NodeJS.Timeout;
  #child: ChildProcess | undefined;

  constructor(options: SuperviseOptions, done: (status: number) => void) {
    this.#options = options;
    this.#done = done;
    this.#supervision = createSupervision(options.limits);
    // After the poll phase: signs that wait to be read, say after we were stopped, are heard before the look that would miss them.
    const tick = (): void =>
      void setImmediate(() => this.#obey(this.#supervision.hear({ type: 'tick', nowMs: performance.now() })));
    this.#timer = setInterval(tick, options.limits.tickMs);
    for (const signal of stopSignals) process.on(signal, this.#asked);
    this.#obey(this.#supervision.begin(performance.now()));
  }

  readonly #asked = (): void => this.#obey(this.#supervision.hear({ type: 'stopAsked' }));

  #obey(commands: readonly SupervisorCommand[]): void {
    for (const command of commands) this.#perform(command);
  }

  #perform(command: SupervisorCommand): void {
    switch (command.type) {
      case 'start':
        this.#start(command.restarts);
        return;
      case 'kill':
        this.#options.say(killSentence(command.why, command.silentMs));
        this.#child?.kill('SIGKILL');
        return;
      case 'drain':
        lineOf(this.#child, lifelineFd)?.end();
        return;
      case 'tellRestart':
        this.#options.say(restartSentence(command));
        return;
      case 'end':
        this.#end(command.status);
        return;
      default:
        assertNever(command);
    }
  }

  #start(restarts: Restarts): void {
    const child = this.#spawn(restarts);
    if (child instanceof Error) {
      this.#ended(undefined, exitCodes.internal, unstartable(child));
      return;
    }
    this.#child = child;
    this.#listen(child, lifelineFd, 'main');
    this.#listen(child, signOfLifeFd, 'data');
    // Not `close`: what a process of the agent's own might keep open is not waited for.
    child.once('exit', (code, signal) => {
      const status = signal === null ? (code ?? exitCodes.internal) : signalStatus(signal);
      this.#ended(child, status, signal === null ? `ended with status ${status}` : `was ended by ${signal}`);
    });
    child.once('error', (error) => {
      if (child.pid === undefined) this.#ended(child, exitCodes.internal, unstartable(error));
    });
  }

  /** Some refusals of the kernel are told by an event, others (memory) are thrown. */
  #spawn(restarts: Restarts): ChildProcess | Error {
    const { argv, env } = this.#options;
    try {
      return spawn(process.execPath, [...process.execArgv, ...argv], {
        stdio: ['inherit', 'inherit', 'inherit', 'pipe', 'pipe'],
        env: { ...env, [markerName]: markerOf({ lifelineFd, signOfLifeFd, restarts }) },
      });
    } catch (error) {
      return error instanceof Error ? error : new Error(String(error));
    }
  }

  #listen(child: ChildProcess, fd: number, of: Watched): void {
    lineOf(child, fd)
      ?.on('data', () => {
        if (this.#child === child) this.#supervision.hear({ type: 'sign', of });
      })
      // The other end is gone: the process's end is told by `exit`.
      .on('error', () => undefined);
  }

  #ended(child: ChildProcess | undefined, status: number, how: string): void {
    this.#child = undefined;
    for (const fd of [lifelineFd, signOfLifeFd]) lineOf(child, fd)?.destroy();
    this.#obey(this.#supervision.hear({ type: 'ended', status, how, nowMs: performance.now() }));
  }

  #end(status: number): void {
    clearInterval(this.#timer);
    for (const signal of stopSignals) process.off(signal, this.#asked);
    this.#done(status);
  }
}

const unstartable = (error: Error): string => `could not be started (${error.message})`;

/** Node makes socket pairs of what it calls pipes. */
const lineOf = (child: ChildProcess | undefined, fd: number): Socket | undefined =>
  (child?.stdio[fd] as Socket | null | undefined) ?? undefined;

/** Runs the agent's process, and again when it hangs or dies; resolves with the status to end with. Takes SIGINT, SIGTERM and SIGHUP meanwhile. */
export function supervise(options: SuperviseOptions): Promise<number> {
  return new Promise((resolve) => {
    new Supervisor(options, resolve);
  });
}
