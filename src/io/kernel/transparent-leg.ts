// Opens the agent's own leg inside a pod's namespace, from the client's own address: the server sees the client, not us (in-pod.md, 2).
// Mode fwmark keeps the client's port too, and goes to a loopback address of ours, or directly to the pod's address from another port
// (leg-way.ts); mode ct always goes directly.
import { errno, level, option, socketType } from './linux.ts';
import type { Libc, NativeBuffer } from './libc.ts';
import { legPort, portTries } from './leg-port.ts';
import { legWay, type LegWay } from './leg-way.ts';
import type { NetnsDoor } from './node/netns.ts';
import type { Redirected } from './redirected.ts';
import { toSocketAddress, type SocketAddress } from './socket-address.ts';
import { family } from './linux.ts';

/** How the leg of one pod is made. */
export interface LegTerms {
  readonly netnsFd: number;
  readonly mode: 'fwmark' | 'ct';
  /** SO_MARK of the leg; the ruleset in the namespace knows it. */
  readonly mark: number;
  /** Where mode fwmark connects to, instead of the pod's own address, unless the way is direct. */
  readonly loopback: { readonly ipv4: string; readonly ipv6: string };
}

/** What a dial came to: a connecting descriptor, or minus the error. */
export interface Dialled {
  fd: number;
  /** The client's port was in use here: the server sees another one (always when the way is direct). */
  portChanged: boolean;
}

/** Opens legs for one pod. */
export interface TransparentLeg {
  /** From `ends.client`, towards what `ends.target` names; mode ct knows one way only. The answer is reused. */
  dial(ends: Redirected, way: LegWay): Readonly<Dialled>;
}

const streamFlags = socketType.stream | socketType.nonblock | socketType.closeOnExec;

/** Errors that another local port may get round. */
const isTaken = (error: number): boolean =>
  error === errno.addressInUse || error === errno.addressNotAvailable;

/** What the legs of one thread share. */
export interface LegTools {
  readonly libc: Libc;
  readonly door: NetnsDoor;
}

class Leg implements TransparentLeg {
  readonly #libc: Libc;
  readonly #door: NetnsDoor;
  readonly #terms: LegTerms;
  readonly #on: NativeBuffer;
  readonly #mark: NativeBuffer;
  readonly #ipv4: SocketAddress;
  readonly #ipv6: SocketAddress;
  readonly #dialled: Dialled = { fd: -1, portChanged: false };
  #step = 0;

  constructor({ libc, door }: LegTools, terms: LegTerms) {
    this.#libc = libc;
    this.#door = door;
    this.#terms = terms;
    this.#on = libc.allocate(4);
    this.#on.view.setInt32(0, 1, true);
    this.#mark = libc.allocate(4);
    this.#mark.view.setUint32(0, terms.mark, true);
    this.#ipv4 = toSocketAddress(libc, terms.loopback.ipv4, 0);
    this.#ipv6 = toSocketAddress(libc, terms.loopback.ipv6, 0);
  }

  dial(ends: Redirected, way: LegWay): Readonly<Dialled> {
    const dialled = this.#dialled;
    dialled.portChanged = this.#terms.mode === 'ct' || way === legWay.direct;
    if (dialled.portChanged) {
      dialled.fd = this.#fromFreePort(ends);
      return dialled;
    }
    const goal = this.#loopbackOf(ends);
    dialled.fd = this.#open(ends.client, goal);
    if (dialled.fd >= 0 || !isTaken(-dialled.fd)) return dialled;
    // An earlier leg of the same client port is still in the kernel's table: better another port than no connection. None of the
    // client's own connections goes to this address, so any port will do.
    dialled.portChanged = true;
    ends.client.memory.view.setUint16(2, 0);
    dialled.fd = this.#open(ends.client, goal);
    return dialled;
  }

  #loopbackOf({ target }: Redirected): SocketAddress {
    const goal = target.family === family.inet ? this.#ipv4 : this.#ipv6;
    goal.memory.view.setUint16(2, target.memory.view.getUint16(2));
    return goal;
  }

  #fromFreePort({ client, target }: Redirected): number {
    let fd = -errno.addressInUse;
    for (let tries = 0; tries < portTries && isTaken(-fd); tries++) {
      client.memory.view.setUint16(2, legPort(this.#step++));
      fd = this.#open(client, target);
    }
    return fd;
  }

  #open(from: SocketAddress, to: SocketAddress): number {
    const libc = this.#libc;
    const fd = this.#door.socketIn(this.#terms.netnsFd, from.family, streamFlags, 0);
    if (fd < 0) return fd;
    const ready =
      this.#configure(fd, from.family) &&
      libc.bind(fd, from.memory.address, from.length) === 0 &&
      (libc.connect(fd, to.memory.address, to.length) === 0 || libc.errno() === errno.inProgress);
    if (ready) return fd;
    const error = libc.errno();
    libc.close(fd);
    return -error;
  }

  #configure(fd: number, of: number): boolean {
    const { address } = this.#on;
    const set = (at: number, name: number, value = address): boolean =>
      this.#libc.setsockopt(fd, at, name, value, 4) === 0;
    return (
      (of === family.inet ? set(level.ip, option.transparent) : set(level.ipv6, option.transparent6)) &&
      set(level.socket, option.mark, this.#mark.address) &&
      set(level.socket, option.reuseAddress) &&
      set(level.tcp, option.noDelay)
    );
  }
}

/** @throws AppError when a loopback address is not a literal one. */
export const createTransparentLeg = (tools: LegTools, terms: LegTerms): TransparentLeg =>
  new Leg(tools, terms);
