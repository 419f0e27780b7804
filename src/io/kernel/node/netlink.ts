// Netlink sockets inside a namespace: one request and its answer, or a listing. The kernel answers while it takes the request, so
// nothing here ever waits. Knows no family of messages.
import { AppError } from '../../../core/model/app-error.ts';
import type { Libc, NativeBuffer } from '../libc.ts';
import { errno, messageFlag } from '../linux.ts';
import {
  dumpInterrupted,
  headerBytes,
  messageType,
  netlinkFlag,
  netlinkMessage,
  readMessages,
  type NetlinkAnswer,
} from './netlink-message.ts';
import type { Netns, NetnsDoor } from './netns.ts';

/** AF_NETLINK, SOCK_RAW | SOCK_CLOEXEC. */
const netlinkFamily = 16;
const rawCloseOnExec = 3 | 0o2000000;
/** NETLINK_*. */
export const netlinkProtocol = { route: 0, socketDiagnosis: 4, netfilter: 12 } as const;
/** MSG_TRUNC: recv tells the whole length. */
const tellLength = 0x20;
/** The kernel fills at most 32 KiB a read (netlink_recvmsg), and no request of ours is longer. */
const bufferBytes = 64 * 1024;
/** A listing that changes under every one of so many tries is told as it is. */
const listingTries = 5;

/** A request that the kernel refused. */
export interface Refusal {
  /** errno, positive. */
  readonly error: number;
}

/** One netlink socket. */
export interface NetlinkSocket {
  /** Sends a request that asks for an acknowledgement; 0, or the error (positive). */
  request(message: Buffer): number;
  /** Every message that answers a request which asks for an acknowledgement. */
  ask(message: Buffer): readonly NetlinkAnswer[] | Refusal;
  /** Every message of a listing; the bodies are copies. */
  list(message: Buffer): readonly NetlinkAnswer[] | Refusal;
}

/** Makes short-lived netlink sockets for one thread. */
export interface Netlink {
  /** Opens a socket of `protocol` inside, lends it to `work`, closes it. @throws AppError when the kernel gives none. */
  withSocket<T>(netns: Pick<Netns, 'fd'>, protocol: number, work: (socket: NetlinkSocket) => T): T;
}

/** The kernel's answers in words where they say something to a person. */
const reasons: ReadonlyMap<number, string> = new Map([
  [errno.notPermitted, 'it is not permitted'],
  [errno.accessDenied, 'it is not permitted'],
]);

/** A sentence for a request that was refused. */
export function netlinkError(doing: string, error: number): AppError {
  return new AppError({
    code: 'NETLINK_REFUSED',
    family: error === errno.notPermitted ? 'denied' : 'unavailable',
    message: `The kernel refused to ${doing}: ${reasons.get(error) ?? `error ${error}`}.`,
    hint: 'The agent needs the capability NET_ADMIN in the namespace; `doctor --node` tells what this node can do.',
  });
}

/** Throws unless `answer` is 0. */
export function mustSucceed(doing: string, answer: number): void {
  if (answer !== 0) throw netlinkError(doing, answer);
}

/** Everything of one kind. `head` is the family's own header. @throws AppError saying what could not be done. */
export function listAll(
  socket: NetlinkSocket,
  doing: string,
  { type, head }: { readonly type: number; readonly head: Buffer },
): readonly NetlinkAnswer[] {
  const found = socket.list(netlinkMessage({ type, flags: netlinkFlag.dump, head }));
  if ('error' in found) throw netlinkError(doing, found.error);
  return found;
}

class OpenSocket implements NetlinkSocket {
  readonly #libc: Libc;
  readonly #memory: NativeBuffer;
  readonly #fd: number;

  constructor(libc: Libc, memory: NativeBuffer, fd: number) {
    this.#libc = libc;
    this.#memory = memory;
    this.#fd = fd;
  }

  request(message: Buffer): number {
    const sent = this.#send(message);
    if (sent !== 0) return sent;
    const received = this.#receive();
    if ('error' in received) return received.error;
    const answer = received.find(({ type }) => type === messageType.error);
    return answer === undefined ? errno.again : -answer.body.readInt32LE(0);
  }

  ask(message: Buffer): readonly NetlinkAnswer[] | Refusal {
    const sent = this.#send(message);
    if (sent !== 0) return { error: sent };
    const found: NetlinkAnswer[] = [];
    for (;;) {
      const received = this.#receive();
      if ('error' in received) return received;
      for (const answer of received) {
        if (answer.type !== messageType.error) found.push(answer);
        else {
          const error = -answer.body.readInt32LE(0);
          return error === 0 ? found : { error };
        }
      }
    }
  }

  list(message: Buffer): readonly NetlinkAnswer[] | Refusal {
    for (let tries = 1; ; tries++) {
      const listed = this.#listOnce(message);
      if ('error' in listed) return listed;
      if (tries === listingTries || !listed.some(({ flags }) => (flags & dumpInterrupted) !== 0))
        return listed.filter(({ type }) => type !== messageType.done);
    }
  }

  /** With the closing message, which may tell that the list changed meanwhile. */
  #listOnce(message: Buffer): readonly NetlinkAnswer[] | Refusal {
    const sent = this.#send(message);
    if (sent !== 0) return { error: sent };
    const found: NetlinkAnswer[] = [];
    for (;;) {
      const received = this.#receive();
      if ('error' in received) return received;
      for (const answer of received) {
        if (answer.type === messageType.error) return { error: -answer.body.readInt32LE(0) };
        found.push(answer);
        if (answer.type === messageType.done) return found;
      }
    }
  }

  #send(message: Buffer): number {
    message.copy(this.#memory.bytes);
    const { address } = this.#memory;
    return this.#libc.send(this.#fd, address, message.length, 0) < 0 ? this.#libc.errno() : 0;
  }

  #receive(): readonly NetlinkAnswer[] | Refusal {
    const flags = messageFlag.dontWait | tellLength;
    const length = this.#libc.recv(this.#fd, this.#memory.address, bufferBytes, flags);
    if (length < 0) return { error: this.#libc.errno() };
    if (length < headerBytes || length > bufferBytes) return { error: errno.noBuffers };
    return readMessages(Buffer.from(this.#memory.bytes.subarray(0, length)));
  }
}

/** Shares one buffer between its sockets: for one thread only. */
export function createNetlink(libc: Libc, door: NetnsDoor): Netlink {
  const memory = libc.allocate(bufferBytes);
  return {
    withSocket(netns, protocol, work) {
      const fd = door.socketIn(netns.fd, netlinkFamily, rawCloseOnExec, protocol);
      if (fd < 0) throw netlinkError('open a netlink socket', -fd);
      try {
        return work(new OpenSocket(libc, memory, fd));
      } finally {
        libc.close(fd);
      }
    },
  };
}

/** A descriptor of a netlink socket inside that outlives the call, or minus the error. */
export const openNetlinkIn = (door: NetnsDoor, netnsFd: number, protocol: number): number =>
  door.socketIn(netnsFd, netlinkFamily, rawCloseOnExec, protocol);
