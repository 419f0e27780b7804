// One epoll instance with its event buffer. Each registration carries a generation, because the kernel reuses descriptors:
// an event whose generation is not the current one is about a connection that is gone. Knows no connection.
import { epollCloseOnExec, epollOperation } from './linux.ts';
import type { Libc } from './libc.ts';

/** struct epoll_event: packed to 12 bytes on x86-64, 16 elsewhere. */
const packed = process.arch === 'x64';
const eventBytes = packed ? 12 : 16;
const dataOffset = packed ? 4 : 8;

/** The set of watched descriptors and the events of the last wait. */
export interface Epoll {
  /** Readable while a descriptor of the set is ready: one epoll can watch another. */
  readonly fd: number;
  add(fd: number, events: number, generation: number): boolean;
  modify(fd: number, events: number, generation: number): boolean;
  /** Number of events ready, 0 after `timeoutMs` or an interruption. */
  wait(timeoutMs: number): number;
  /** Of the event at `index`, after `wait`. */
  fdAt(index: number): number;
  generationAt(index: number): number;
  eventsAt(index: number): number;
  close(): void;
}

/** Throws our own bug when the kernel gives no epoll instance (only descriptor exhaustion at start). */
export function createEpoll(libc: Libc, eventsPerPass: number): Epoll {
  const fd = libc.epollCreate(epollCloseOnExec);
  if (fd < 0) throw new Error(`epoll_create1 failed with errno ${libc.errno()}`);
  const memory = libc.allocate(eventBytes * eventsPerPass);
  const one = libc.allocate(eventBytes);
  const { view } = memory;

  function control(operation: number, target: number, events: number, generation: number): boolean {
    one.view.setUint32(0, events, true);
    one.view.setInt32(dataOffset, target, true);
    one.view.setUint32(dataOffset + 4, generation, true);
    return libc.epollControl(fd, operation, target, one.address) === 0;
  }

  return {
    fd,
    add: (target, events, generation) => control(epollOperation.add, target, events, generation),
    modify: (target, events, generation) => control(epollOperation.modify, target, events, generation),
    wait(timeoutMs) {
      const count = libc.epollWait(fd, memory.address, eventsPerPass, timeoutMs);
      return count < 0 ? 0 : count;
    },
    fdAt: (index) => view.getInt32(index * eventBytes + dataOffset, true),
    generationAt: (index) => view.getUint32(index * eventBytes + dataOffset + 4, true),
    eventsAt: (index) => view.getUint32(index * eventBytes, true),
    close: () => void libc.close(fd),
  };
}
