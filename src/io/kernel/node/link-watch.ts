// Hears that interfaces or addresses of one namespace have changed: a netlink socket made inside that joins the kernel's groups, drained when somebody
// looks. What it was is for a listing to say: messages may be lost, and anybody with NET_ADMIN in the pod could send us some. Nothing waits.
import type { Libc, NativeBuffer } from '../libc.ts';
import { errno, messageFlag } from '../linux.ts';
import { netlinkError, netlinkProtocol, openNetlinkIn } from './netlink.ts';
import type { Netns } from './netns.ts';
import type { NodeKernel } from './node-kernel.ts';

/** A namespace that is listened to. */
export interface LinkWatch {
  /** Whether anything has changed since it was last asked, or since the beginning. */
  changed(): boolean;
  close(): void;
}

/** Begins to listen inside; what is listed afterwards is not older than the first change told. @throws AppError when the kernel gives no socket. */
export type WatchLinks = (netns: Pick<Netns, 'fd'>) => LinkWatch;

/** RTMGRP_LINK, RTMGRP_IPV4_IFADDR, RTMGRP_IPV6_IFADDR. */
const groups = 0x1 | 0x10 | 0x100;
/** Bytes of struct sockaddr_nl; where its groups are. */
const addressBytes = 12;
const groupsOffset = 8;
const netlinkFamily = 16;
/** The messages are not read: what a read cuts off is gone. */
const bufferBytes = 64;
/** Messages taken in one look; what is left says at the next that something changed. */
const mostMessages = 128;

class Watch implements LinkWatch {
  readonly #libc: Libc;
  readonly #memory: NativeBuffer;
  readonly #fd: number;

  constructor(libc: Libc, memory: NativeBuffer, fd: number) {
    this.#libc = libc;
    this.#memory = memory;
    this.#fd = fd;
  }

  /** 0, or the error. */
  begin(): number {
    const { view, bytes, address } = this.#memory;
    bytes.fill(0, 0, addressBytes);
    view.setUint16(0, netlinkFamily, true);
    view.setUint32(groupsOffset, groups, true);
    return this.#libc.bind(this.#fd, address, addressBytes) === 0 ? 0 : this.#libc.errno();
  }

  changed(): boolean {
    const { address } = this.#memory;
    let count = 0;
    while (count < mostMessages) {
      const length = this.#libc.recv(this.#fd, address, bufferBytes, messageFlag.dontWait);
      // Without room for a message the kernel says so once, in its place.
      if (length < 0 && this.#libc.errno() !== errno.noBuffers) break;
      count += 1;
    }
    return count > 0;
  }

  close(): void {
    this.#libc.close(this.#fd);
  }
}

/** Shares one buffer between the watches of one thread. */
export function createLinkWatches({ libc, door }: Pick<NodeKernel, 'libc' | 'door'>): WatchLinks {
  const memory = libc.allocate(bufferBytes);
  return (netns) => {
    const fd = openNetlinkIn(door, netns.fd, netlinkProtocol.route);
    if (fd < 0) throw netlinkError('open a netlink socket for interfaces', -fd);
    const watch = new Watch(libc, memory, fd);
    const error = watch.begin();
    if (error === 0) return watch;
    watch.close();
    throw netlinkError('tell of interfaces that come and go', error);
  };
}
