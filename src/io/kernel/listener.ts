// A listening socket: accepts in bounded bursts, and refuses visibly when descriptors run out instead of spinning on what it cannot accept.
// Knows connections only as something to be opened.
import { Connection } from './connection.ts';
import { settle } from './connection-settle.ts';
import { patienceMs } from './deadlines.ts';
import { epollEvent, errno, isExhausted, openCloseOnExec } from './linux.ts';
import type { Libc } from './libc.ts';
import { count, type Plane } from './plane.ts';
import { callerOf, type Service } from './service.ts';
import { counter, serviceCounter, serviceSlot } from './shared-stats.ts';

/** A watched listening socket; a service may have several. */
export interface Listener {
  readonly service: Service;
  readonly fd: number;
  readonly generation: number;
  /** Out of descriptors and without a spare one: not asked until `rearm`. */
  paused: boolean;
}

/** One descriptor kept in hand, so that a connection can be taken and refused when there is no other. */
export interface SpareDescriptor {
  /** Gives the descriptor up; false when there is none. */
  spend(): boolean;
  /** Takes one back; false when others were faster. */
  restore(): boolean;
}

/** Opens /dev/null to have something to give up. */
export function createSpareDescriptor(libc: Libc): SpareDescriptor {
  const path = libc.allocate(16);
  path.bytes.write('/dev/null\0', 'latin1');
  const take = (): number => libc.open(path.address, openCloseOnExec);
  let fd = take();
  return {
    spend() {
      if (fd < 0) return false;
      libc.close(fd);
      fd = -1;
      return true;
    },
    restore() {
      if (fd < 0) fd = take();
      return fd >= 0;
    },
  };
}

/** Opens connections of all listeners of a loop. */
export interface Acceptor {
  /** Takes what waits, at most `acceptsPerPass` connections. False when nothing waits any more (or nothing can be taken). */
  accept(listener: Listener): boolean;
  /** Listens again where descriptors had run out. */
  rearm(listener: Listener): void;
}

class ListenerAcceptor implements Acceptor {
  readonly #plane: Plane;
  readonly #spare: SpareDescriptor;

  constructor(plane: Plane, spare: SpareDescriptor) {
    this.#plane = plane;
    this.#spare = spare;
  }

  accept(listener: Listener): boolean {
    const { sockets, limits, lastFd } = this.#plane;
    for (let taken = 0; taken < limits.acceptsPerPass; taken++) {
      const fd = sockets.accept(listener.fd);
      if (fd > lastFd) this.#reject(listener, fd, counter.refusedFull);
      else if (fd >= 0) this.#open(listener, fd);
      else if (isExhausted(-fd)) {
        if (this.#refuse(listener)) continue;
        if (!this.#spare.restore()) this.#pause(listener);
        return false;
      } else if (-fd !== errno.connectionAborted && -fd !== errno.interrupted) return false;
    }
    return true;
  }

  rearm(listener: Listener): void {
    if (!listener.paused || !this.#spare.restore()) return;
    listener.paused = false;
    this.#plane.epoll.modify(listener.fd, epollEvent.in, listener.generation);
  }

  #open(listener: Listener, fd: number): void {
    const plane = this.#plane;
    const { service } = listener;
    const clientAddress = plane.sockets.lastPeer();
    const welcome = service.welcome(fd, clientAddress);
    if (welcome === undefined) {
      this.#reject(listener, fd);
      return;
    }
    const refusal = plane.shares.enter(service, callerOf(service, clientAddress));
    if (refusal !== undefined) {
      this.#reject(listener, fd, refusal === 'full' ? counter.refusedFull : counter.refusedShare);
      return;
    }
    const connection = new Connection(plane, { service, ends: welcome.ends, fd, clientAddress });
    plane.byFd[fd] = connection;
    connection.place = plane.open.push(connection) - 1;
    plane.claims.open(connection);
    count(plane, counter.accepted);
    count(plane, counter.open);
    count(plane, serviceSlot(service.place, serviceCounter.accepted));
    count(plane, serviceSlot(service.place, serviceCounter.open));
    plane.wheel.schedule(connection, plane.monotonicMs + patienceMs(connection));
    connection.conversation.start(plane.nowMs);
    settle(connection);
  }

  /**
   * Not welcome, beyond a share, or there would be no descriptor left for others (`why` is counted): the kernel hands out the lowest free one, so its number tells how many
   * are used.
   */
  #reject({ service }: Listener, fd: number, why?: number): void {
    // Counted first: who sees the reset may look.
    count(this.#plane, counter.refused);
    if (why !== undefined) count(this.#plane, why);
    count(this.#plane, serviceSlot(service.place, serviceCounter.refused));
    this.#plane.sockets.abort(fd);
  }

  /** Takes one waiting connection with the spare descriptor and resets it. False when there is nothing to take or to take it with. */
  #refuse(listener: Listener): boolean {
    if (!this.#spare.spend()) return false;
    const fd = this.#plane.sockets.accept(listener.fd);
    if (fd >= 0) this.#reject(listener, fd, counter.refusedFull);
    return this.#spare.restore() && fd >= 0;
  }

  /** Level-triggered: what cannot be taken would wake us for ever. */
  #pause(listener: Listener): void {
    listener.paused = true;
    this.#plane.epoll.modify(listener.fd, 0, listener.generation);
  }
}

/** Connections it opens are in `plane.open` and started. */
export function createAcceptor(plane: Plane, spare: SpareDescriptor): Acceptor {
  return new ListenerAcceptor(plane, spare);
}
