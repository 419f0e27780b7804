// The loop of the data plane: waits in epoll, hands readiness to connections, and between two passes looks at deadlines, control and policy.
// Never yields to JavaScript's own event loop until it is told to stop. Knows neither HTTP nor policy.
import { AppError } from '../../core/model/app-error.ts';
import type { Connection } from './connection.ts';
import { onEvents, settle } from './connection-events.ts';
import { resetNow } from './connection-end.ts';
import { onDeadline } from './deadlines.ts';
import { epollEvent, eventfdFlag } from './linux.ts';
import { createAcceptor, createSpareDescriptor, type Listener } from './listener.ts';
import { count, type Plane } from './plane.ts';
import { counter } from './shared-stats.ts';

/** What the loop asks of its surroundings once per pass, or when something happened. */
export interface LoopHooks {
  /** Main rang: read the messages. Answers how long to drain when it said stop. */
  readonly control: () => { readonly stopWithinMs: number } | undefined;
  /** Once per pass, after all events. */
  readonly passed: () => void;
  /** One conversation threw: our bug; its connection was reset. */
  readonly fault: (error: unknown) => void;
}

export interface Loop {
  /** An eventfd; 8 bytes written to it make the loop call `control`. Not closed by the loop. */
  readonly controlFd: number;
  /** Judge every open connection again, a slice per pass. */
  rejudge(): void;
  /** Runs until stopped; then everything it opened is closed. */
  run(): void;
}

/** How often listeners without descriptors try again and the worker's CPU time is noted, ms. */
const choresEveryMs = 250;

/** Wires listening descriptors to the plane. */
export function createLoop(plane: Plane, listeningFds: readonly number[], hooks: LoopHooks): Loop {
  const { libc, epoll, limits } = plane;
  const spare = createSpareDescriptor(libc);
  const acceptor = createAcceptor(plane, spare);
  const controlFd = libc.eventfd(0, eventfdFlag.nonblock | eventfdFlag.closeOnExec);
  const listeners = listeningFds.map((fd, index): Listener => {
    plane.generation++;
    if (!epoll.add(fd, epollEvent.in, plane.generation)) throw cannotWatch(libc.errno());
    return { index, fd, generation: plane.generation, paused: false };
  });
  const listenerByFd = new Map(listeners.map((listener) => [listener.fd, listener]));
  if (controlFd < 0 || !epoll.add(controlFd, epollEvent.in, 0)) throw cannotWatch(libc.errno());

  /** Connections below this index are still to be re-judged; -1 when done. Counts down, so that removals skip none. */
  let rejudgeBelow = -1;
  let stopAt = Number.POSITIVE_INFINITY;
  let choresAt = 0;

  function readClock(): void {
    const monotonic = performance.now();
    plane.monotonicMs = monotonic;
    plane.nowMs = performance.timeOrigin + monotonic + clockShift;
  }

  /** Difference between the wall clock and Node's monotonic epoch clock, ms: follows steps of the wall clock. */
  let clockShift = 0;

  function guarded(connection: Connection, act: (connection: Connection) => void): void {
    try {
      act(connection);
    } catch (error) {
      count(plane, counter.faults);
      resetNow(connection);
      hooks.fault(error);
    }
  }

  function connectionEvent(connection: Connection, fd: number, index: number): void {
    const leg = connection.client.fd === fd ? connection.client : connection.upstream;
    if (leg.generation !== epoll.generationAt(index)) return;
    try {
      onEvents(connection, leg, epoll.eventsAt(index));
    } catch (error) {
      count(plane, counter.faults);
      resetNow(connection);
      hooks.fault(error);
    }
  }

  function controlled(): void {
    libc.read(controlFd, plane.scratch.address, 8);
    const order = hooks.control();
    if (order) stop(order.stopWithinMs);
  }

  function closeListeners(): void {
    for (const listener of listeners) {
      if (!listenerByFd.delete(listener.fd)) continue;
      // Whoever is through the handshake was promised a connection.
      acceptor.accept(listener);
      libc.close(listener.fd);
    }
  }

  function stop(withinMs: number): void {
    readClock();
    stopAt = Math.min(stopAt, plane.monotonicMs + withinMs);
    closeListeners();
    plane.stopping = true;
    for (const connection of [...plane.open]) guarded(connection, settle);
  }

  function dispatch(index: number): void {
    const fd = epoll.fdAt(index);
    readClock();
    const connection = plane.byFd[fd];
    if (connection) connectionEvent(connection, fd, index);
    else if (fd === controlFd) controlled();
    else {
      const listener = listenerByFd.get(fd);
      if (listener && listener.generation === epoll.generationAt(index)) acceptor.accept(listener);
    }
  }

  function rejudgeSlice(): void {
    rejudgeBelow = Math.min(rejudgeBelow, plane.open.length);
    for (let left = limits.rejudgedPerPass; left > 0 && rejudgeBelow > 0; left--) {
      const connection = plane.open[--rejudgeBelow];
      if (!connection) continue;
      count(plane, counter.rejudged);
      guarded(connection, judgeAgain);
    }
    if (rejudgeBelow <= 0) rejudgeBelow = -1;
  }

  function judgeAgain(connection: Connection): void {
    connection.conversation.rejudge(plane.nowMs);
    settle(connection);
  }

  function chores(): void {
    if (plane.monotonicMs < choresAt) return;
    choresAt = plane.monotonicMs + choresEveryMs;
    for (const listener of listeners) if (listenerByFd.has(listener.fd)) acceptor.rearm(listener);
    const drift = Date.now() - plane.nowMs;
    if (Math.abs(drift) > 50) clockShift += drift;
    const cpu = process.threadCpuUsage();
    plane.stats[counter.cpuMs] = (cpu.user + cpu.system) / 1000;
  }

  function pass(): void {
    const ready = epoll.wait(rejudgeBelow > 0 ? 0 : limits.waitMs);
    readClock();
    count(plane, counter.passes);
    plane.stats[counter.heartbeatAt] = plane.nowMs;
    for (let index = 0; index < ready; index++) dispatch(index);
    plane.wheel.advance(plane.monotonicMs, (connection) => guarded(connection, onDeadline));
    if (rejudgeBelow > 0) rejudgeSlice();
    chores();
    hooks.passed();
  }

  /** The deadline of the drain has come: tell each conversation, then reset what is left. */
  function cutRest(): void {
    for (const connection of [...plane.open]) {
      guarded(connection, (cut) => cut.conversation.aborted('client', 'stopped', plane.nowMs));
      resetNow(connection);
    }
  }

  function finish(): void {
    closeListeners();
    cutRest();
    spare.spend();
    epoll.close();
    hooks.passed();
  }

  return {
    controlFd,
    rejudge: () => (rejudgeBelow = plane.open.length),
    run() {
      try {
        while (plane.monotonicMs < stopAt && (stopAt === Number.POSITIVE_INFINITY || plane.open.length > 0))
          pass();
      } finally {
        finish();
      }
    },
  };
}

function cannotWatch(error: number): AppError {
  return new AppError({
    code: 'NO_DESCRIPTORS',
    family: 'cannotCreate',
    message: `The data plane cannot start: the kernel gave no descriptor (error ${error}).`,
    hint: 'Raise the limit of open files (ulimit -n).',
  });
}
