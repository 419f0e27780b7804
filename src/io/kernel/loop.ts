// The loop of the data plane: waits in epoll, hands readiness to connections, and between two passes looks at deadlines, control and policy.
// Never yields to JavaScript's own event loop until it is told to stop. Knows neither HTTP nor policy.
import { AppError } from '../../core/model/app-error.ts';
import type { Connection } from './connection.ts';
import { resetNow } from './connection-end.ts';
import { handleInput, hasRoom, takeInput } from './connection-input.ts';
import { settle } from './connection-settle.ts';
import { onDeadline } from './deadlines.ts';
import { isFatal } from './fatal.ts';
import { epollEvent, eventfdFlag } from './linux.ts';
import { createDepartures, type Departure, type Departures } from './departures.ts';
import { createHeartbeats, type Beat, type Heartbeats } from './heartbeats.ts';
import { createAcceptor, createSpareDescriptor, type Acceptor, type SpareDescriptor } from './listener.ts';
import { createListenerSet, type ListenerSet } from './listener-set.ts';
import type { LoopSource } from './loop-source.ts';
import { count, type Plane } from './plane.ts';
import { clear } from './read-batch.ts';
import type { Service } from './service.ts';
import { counter } from './shared-stats.ts';
import { noteUsage } from './worker-usage.ts';

/** What the loop asks of its surroundings once per pass, or when something happened. */
export interface LoopHooks {
  /** Main rang: read the messages. Answers how long to drain when it said stop. */
  readonly control: () => { readonly stopWithinMs: number } | undefined;
  /** Once per pass, after all events. */
  readonly passed: () => void;
  /** One conversation threw: our bug; its connection was reset. */
  readonly fault: (error: unknown) => void;
  /** The kernel refused a pod's sign of life with this error. */
  readonly beatFailed: (service: Service, error: number) => void;
}

/** What a loop begins with. */
export interface LoopOptions {
  /** Listening descriptors and what they belong to; the loop's from here on. */
  readonly listening: readonly { readonly service: Service; readonly fd: number }[];
  readonly hooks: LoopHooks;
}

/** The turning wheel of one worker. */
export interface Loop {
  /** An eventfd; 8 bytes written to it make the loop call `control`. Not closed by the loop. */
  readonly controlFd: number;
  /** Judge every open connection again, a slice per pass. */
  rejudge(): void;
  /** Takes over listening descriptors; `beat` is called every `heartbeatEveryMs` while passes happen. Throws AppError when the kernel does not watch them. */
  attach(service: Service, fds: readonly number[], beat: Beat | undefined): void;
  /** No more signs of life; accepts what waits and listens no longer. */
  detach(service: Service): void;
  /** Reads something else as well from now on, after the connections of each pass. Throws AppError when the kernel does not watch it. */
  host(source: LoopSource): void;
  /** Some of a service's connections are to go within `withinMs`. */
  depart(departure: Omit<Departure, 'cutAt'>, withinMs: number): void;
  /** Runs until stopped; then everything it opened is closed. */
  run(): void;
}

/** How often listeners without descriptors try again and the worker's CPU time and memory are noted, ms. */
const choresEveryMs = 250;

/** How often sources are told the time, ms. */
const tickEveryMs = 100;

/** Differences between the clocks smaller than this are not followed, ms. */
const clockToleranceMs = 50;

class EpollLoop implements Loop {
  readonly controlFd: number;
  readonly #plane: Plane;
  readonly #hooks: LoopHooks;
  readonly #spare: SpareDescriptor;
  readonly #acceptor: Acceptor;
  readonly #listeners: ListenerSet;
  readonly #departures: Departures;
  readonly #heartbeats: Heartbeats<Service> = createHeartbeats();
  readonly #sources = new Map<number, LoopSource>();
  /** Sources with input in this pass: read after the connections, which come first, and so that whoever was accepted is known to them. */
  readonly #readable: LoopSource[] = [];
  /** Connections below this index are still to be re-judged. Counts down, so that removals skip none. */
  #rejudgeBelow = 0;
  #stopAt = Number.POSITIVE_INFINITY;
  /** Passes (the one that read the order included) until idle connections are closed; 0 when no stop was asked, or it is done. */
  #passesToDrain = 0;
  #choresAt = 0;
  #ticksAt = 0;
  #longestWaitMs: number;
  /** The wall clock minus Node's epoch clock, ms: follows steps of the wall clock. */
  #clockShift = 0;

  constructor(plane: Plane, { listening, hooks }: LoopOptions) {
    const { libc, epoll } = plane;
    this.#plane = plane;
    this.#hooks = hooks;
    this.#spare = createSpareDescriptor(libc);
    this.#acceptor = createAcceptor(plane, this.#spare);
    this.#listeners = createListenerSet(plane, this.#acceptor);
    this.#departures = createDepartures(plane);
    this.#longestWaitMs = plane.limits.waitMs;
    for (const { service, fd } of listening)
      if (!this.#listeners.watch(service, fd)) throw cannotWatch(libc.errno());
    this.controlFd = libc.eventfd(0, eventfdFlag.nonblock | eventfdFlag.closeOnExec);
    if (this.controlFd < 0 || !epoll.add(this.controlFd, epollEvent.in, 0)) throw cannotWatch(libc.errno());
  }

  rejudge(): void {
    this.#rejudgeBelow = this.#plane.open.length;
  }

  attach(service: Service, fds: readonly number[], beat: Beat | undefined): void {
    const watched = fds.filter((fd) => this.#listeners.watch(service, fd));
    if (watched.length < fds.length) {
      const error = this.#plane.libc.errno();
      this.#listeners.abandon(service);
      throw cannotWatch(error);
    }
    if (beat) this.#heartbeats.start(service, beat, this.#plane.monotonicMs);
  }

  detach(service: Service): void {
    this.#heartbeats.stop(service);
    this.#listeners.close(service);
  }

  host(source: LoopSource): void {
    const { epoll, libc, limits } = this.#plane;
    if (!epoll.add(source.fd, epollEvent.in, 0)) throw cannotWatch(libc.errno());
    this.#sources.set(source.fd, source);
    this.#longestWaitMs = Math.min(tickEveryMs, limits.waitMs);
    this.#ticksAt = 0;
  }

  depart(departure: Omit<Departure, 'cutAt'>, withinMs: number): void {
    this.#departures.add({ ...departure, cutAt: this.#plane.monotonicMs + withinMs });
  }

  run(): void {
    try {
      while (this.#goesOn()) this.#pass();
    } finally {
      this.#finish();
    }
  }

  #goesOn(): boolean {
    const { monotonicMs, open } = this.#plane;
    if (this.#stopAt === Number.POSITIVE_INFINITY) return true;
    return monotonicMs < this.#stopAt && open.length > 0;
  }

  #pass(): void {
    const plane = this.#plane;
    const busy = this.#rejudgeBelow > 0 || this.#passesToDrain > 0 || this.#departures.hurry;
    const ready = plane.epoll.wait(busy ? 0 : this.#longestWaitMs);
    this.#readClock();
    count(plane, counter.passes);
    plane.stats[counter.heartbeatAt] = plane.nowMs;
    for (let index = 0; index < ready; index++) this.#dispatch(index);
    if (plane.batch.count > 0) this.#handleBatch();
    if (this.#readable.length > 0) this.#readSources();
    plane.wheel.advance(plane.monotonicMs, this.#due);
    if (this.#rejudgeBelow > 0) this.#rejudgeSlice();
    if (this.#passesToDrain > 0 && --this.#passesToDrain === 0) this.#drain();
    this.#departures.pass(this.#guardedAct);
    this.#heartbeats.pass(plane.monotonicMs, this.#hooks.beatFailed);
    if (plane.monotonicMs >= this.#choresAt) this.#chores();
    if (plane.monotonicMs >= this.#ticksAt) this.#tick();
    this.#hooks.passed();
  }

  #readClock(): void {
    const plane = this.#plane;
    plane.monotonicMs = performance.now();
    plane.nowMs = performance.timeOrigin + plane.monotonicMs + this.#clockShift;
  }

  #dispatch(index: number): void {
    const { epoll, byFd } = this.#plane;
    const fd = epoll.fdAt(index);
    const connection = byFd[fd];
    if (connection) this.#connectionEvent(connection, fd, index);
    else if (fd === this.controlFd) this.#controlled();
    else {
      const listener = this.#listeners.find(fd);
      if (listener?.generation === epoll.generationAt(index)) this.#acceptor.accept(listener);
      else this.#noteSource(fd);
    }
  }

  #noteSource(fd: number): void {
    const source = this.#sources.get(fd);
    if (source) this.#readable.push(source);
  }

  #readSources(): void {
    for (const source of this.#readable) source.onReadable();
    this.#readable.length = 0;
    // What they were away for is not a delay of the next answers.
    this.#readClock();
  }

  #connectionEvent(connection: Connection, fd: number, index: number): void {
    const { epoll } = this.#plane;
    const leg = connection.client.fd === fd ? connection.client : connection.upstream;
    if (leg.generation !== epoll.generationAt(index)) return;
    try {
      takeInput(connection, leg, epoll.eventsAt(index));
    } catch (error) {
      this.#fault(connection, error);
    }
    if (!hasRoom(this.#plane)) this.#handleBatch();
  }

  /** Hand over everything that was read, then write and close: no descriptor is closed between two reads of a batch. */
  #handleBatch(): void {
    const { batch } = this.#plane;
    for (let index = 0; index < batch.count; index++) {
      // Four take about 10 µs: precise enough for latencies, and cheaper than asking each time.
      if ((index & 3) === 0) this.#readClock();
      this.#handle(index);
    }
    for (let index = 0; index < batch.count; index++) {
      const connection = batch.connections[index];
      if (connection) this.#guarded(connection, settle);
    }
    clear(batch);
  }

  #handle(index: number): void {
    try {
      handleInput(this.#plane, index);
    } catch (error) {
      const connection = this.#plane.batch.connections[index];
      if (connection) this.#fault(connection, error);
    }
  }

  #fault(connection: Connection, error: unknown): void {
    if (isFatal(error)) throw error;
    count(this.#plane, counter.faults);
    resetNow(connection);
    this.#hooks.fault(error);
  }

  #guarded(connection: Connection, act: (connection: Connection) => void): void {
    try {
      act(connection);
    } catch (error) {
      this.#fault(connection, error);
    }
  }

  readonly #guardedAct = (connection: Connection, act: (connection: Connection) => void): void =>
    this.#guarded(connection, act);

  readonly #due = (connection: Connection): void => this.#guarded(connection, onDeadline);

  readonly #judgeAgain = (connection: Connection): void => {
    connection.conversation.rejudge(this.#plane.nowMs);
    settle(connection);
  };

  #rejudgeSlice(): void {
    const plane = this.#plane;
    this.#rejudgeBelow = Math.min(this.#rejudgeBelow, plane.open.length);
    for (let left = plane.limits.rejudgedPerPass; left > 0 && this.#rejudgeBelow > 0; left--) {
      const connection = plane.open[--this.#rejudgeBelow];
      if (!connection) continue;
      count(plane, counter.rejudged);
      this.#guarded(connection, this.#judgeAgain);
    }
  }

  #controlled(): void {
    const { libc, scratch } = this.#plane;
    libc.read(this.controlFd, scratch.address, 8);
    const order = this.#hooks.control();
    if (!order || this.#stopAt !== Number.POSITIVE_INFINITY) return;
    this.#readClock();
    this.#stopAt = this.#plane.monotonicMs + order.stopWithinMs;
    this.#listeners.close();
    this.#passesToDrain = 2;
  }

  /** From here on what is idle is closed; requests that had arrived when stop was asked were read by now. */
  #drain(): void {
    this.#plane.stopping = true;
    for (const connection of [...this.#plane.open]) this.#guarded(connection, settle);
  }

  #tick(): void {
    const { monotonicMs, nowMs } = this.#plane;
    this.#ticksAt = this.#sources.size > 0 ? monotonicMs + tickEveryMs : Number.POSITIVE_INFINITY;
    for (const source of this.#sources.values()) source.tick(nowMs);
  }

  #chores(): void {
    const plane = this.#plane;
    this.#choresAt = plane.monotonicMs + choresEveryMs;
    this.#listeners.rearm();
    const drift = Date.now() - plane.nowMs;
    if (Math.abs(drift) > clockToleranceMs) this.#clockShift += drift;
    noteUsage(plane.stats);
  }

  /** Tell each conversation that is left that it is over, reset it, and close everything but the control descriptor. */
  #finish(): void {
    const plane = this.#plane;
    this.#listeners.abandon();
    for (const connection of [...plane.open]) {
      this.#guarded(connection, (cut) => cut.conversation.aborted('client', 'stopped', plane.nowMs));
      resetNow(connection);
    }
    for (const source of this.#sources.values()) source.close();
    this.#spare.spend();
    plane.epoll.close();
    this.#hooks.passed();
  }
}

/** Wires listening descriptors to the plane. Throws AppError when the kernel gives no descriptor for it. */
export function createLoop(plane: Plane, options: LoopOptions): Loop {
  return new EpollLoop(plane, options);
}

function cannotWatch(error: number): AppError {
  return new AppError({
    code: 'NO_DESCRIPTORS',
    family: 'cannotCreate',
    message: `The data plane cannot start: the kernel gave no descriptor (error ${error}).`,
    hint: 'Raise the limit of open files (ulimit -n).',
  });
}
