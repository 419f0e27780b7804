// Every listening socket of a worker: watched, found by descriptor, rearmed, and closed without breaking a promise to those who are
// through the handshake. Knows no connection.
import { epollEvent } from './linux.ts';
import type { Acceptor, Listener } from './listener.ts';
import type { Plane } from './plane.ts';
import type { Service } from './service.ts';

/** Listeners come and go while the loop turns; what is closed is no longer in it. */
export interface ListenerSet {
  /** False when the kernel does not watch it. The descriptor is the set's from here on, either way. */
  watch(service: Service, fd: number): boolean;
  find(fd: number): Listener | undefined;
  /** Listens again where descriptors had run out. */
  rearm(): void;
  /** Accepts what waits, then closes: those of one service, or all. */
  close(service?: Service): void;
  /** Closes without accepting. */
  abandon(service?: Service): void;
}

class Listeners implements ListenerSet {
  readonly #plane: Plane;
  readonly #acceptor: Acceptor;
  readonly #byFd = new Map<number, Listener>();

  constructor(plane: Plane, acceptor: Acceptor) {
    this.#plane = plane;
    this.#acceptor = acceptor;
  }

  watch(service: Service, fd: number): boolean {
    const generation = ++this.#plane.generation;
    this.#plane.shares.serve(service);
    this.#byFd.set(fd, { service, fd, generation, paused: false });
    return this.#plane.epoll.add(fd, epollEvent.in, generation);
  }

  find(fd: number): Listener | undefined {
    return this.#byFd.get(fd);
  }

  rearm(): void {
    for (const listener of this.#byFd.values()) this.#acceptor.rearm(listener);
  }

  close(service?: Service): void {
    const { limits } = this.#plane;
    for (const listener of this.#byFd.values()) {
      if (service !== undefined && listener.service !== service) continue;
      // Whoever is through the handshake was promised a connection.
      let taken = 0;
      while (taken < limits.backlog && this.#acceptor.accept(listener)) taken += limits.acceptsPerPass;
    }
    this.abandon(service);
  }

  abandon(service?: Service): void {
    for (const listener of this.#byFd.values()) {
      if (service !== undefined && listener.service !== service) continue;
      this.#plane.libc.close(listener.fd);
      this.#byFd.delete(listener.fd);
      this.#plane.shares.unserve(listener.service);
    }
  }
}

/** An empty set. */
export const createListenerSet = (plane: Plane, acceptor: Acceptor): ListenerSet =>
  new Listeners(plane, acceptor);
