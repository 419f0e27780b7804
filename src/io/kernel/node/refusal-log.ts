// Hears what is refused at the source of one namespace: a socket of nfnetlink_log made inside, drained when somebody looks. Nothing waits,
// everything is bounded, and with the socket goes all that the kernel keeps for it. What it misses the rules have counted. Knows no policy.
import { AppError } from '../../../core/model/app-error.ts';
import type { Libc, NativeBuffer } from '../libc.ts';
import { errno, level, messageFlag, option } from '../linux.ts';
import { messageType, readMessages } from './netlink-message.ts';
import { netlinkError, netlinkProtocol, openNetlinkIn } from './netlink.ts';
import type { Netns } from './netns.ts';
import type { NodeKernel } from './node-kernel.ts';
import { leaveMessage, listenMessage, readRefusals, type RefusedPacket } from './refusal-message.ts';

/** What a look brought. */
export interface HeardRefusals {
  readonly packets: readonly RefusedPacket[];
  /** Nothing was left in the socket; false: the look has ended at its bound. */
  readonly drained: boolean;
}

/** A group that is listened to. */
export interface RefusalLog {
  read(): HeardRefusals;
  /** Leaves the group, and answers what was still on its way. */
  finish(): HeardRefusals;
  /** As `finish`, without asking: the namespace may be gone. */
  close(): void;
}

/** Begins to listen inside. @throws AppError when the kernel gives no socket, or the group is somebody else's. */
export type OpenRefusalLog = (netns: Pick<Netns, 'fd'>, group: number) => RefusalLog;

/** The kernel's messages are a page each; more than that is none of them. */
const bufferBytes = 16 * 1024;
/**
 * SO_RCVBUF; the kernel doubles it. Some seven hundred packets of 128 bytes, and their messages: what the rules let through between two looks
 * a second apart. A hundred pods that flood take 25 MiB of the kernel's memory.
 */
const receiveBytes = 128 * 1024;
/** Messages read in one look: more than the socket holds, so that only a flood that goes on meanwhile ends a look early. */
const mostMessages = 128;
/** struct sockaddr_nl of the kernel itself: AF_NETLINK, no port, no groups. */
const kernelAddress = Buffer.from([16, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0, 0]);
const nothing: HeardRefusals = { packets: [], drained: true };

function cannotListen(group: number, error: number): AppError {
  // Of a group that has a listener the kernel says the same as to who may not listen at all.
  if (error !== errno.notPermitted) return netlinkError('log refused packets to us', error);
  return new AppError({
    code: 'LOG_GROUP_TAKEN',
    family: 'unavailable',
    message: `The group ${group} of nfnetlink_log is listened to by somebody else, or NET_ADMIN is missing.`,
    hint: 'See in the pod who reads it (/proc/net/netfilter/nfnetlink_log); it is tried again.',
  });
}

class GroupLog implements RefusalLog {
  readonly #libc: Libc;
  readonly #memory: NativeBuffer;
  readonly #fd: number;
  readonly #group: number;

  constructor(libc: Libc, memory: NativeBuffer, { fd, group }: { fd: number; group: number }) {
    this.#libc = libc;
    this.#memory = memory;
    this.#fd = fd;
    this.#group = group;
  }

  /** 0, or the error. Only the kernel is heard from here on: anybody with NET_ADMIN in the pod could send us packets that never were. */
  begin(copyBytes: number): number {
    const { view, bytes, address } = this.#memory;
    const libc = this.#libc;
    view.setInt32(0, receiveBytes, true);
    // Less room, where the kernel allows no more, is no reason to hear nothing.
    libc.setsockopt(this.#fd, level.socket, option.receiveBuffer, address, 4);
    kernelAddress.copy(bytes);
    if (libc.connect(this.#fd, address, kernelAddress.length) !== 0) return libc.errno();
    return this.#request(listenMessage(this.#group, copyBytes)).error;
  }

  read(): HeardRefusals {
    const packets: RefusedPacket[] = [];
    for (let count = 0; count < mostMessages; count += 1) {
      const received = this.#receive();
      if (received === 'empty') return { packets, drained: true };
      if (received !== 'overrun') packets.push(...readRefusals(received, this.#group));
    }
    return { packets, drained: false };
  }

  finish(): HeardRefusals {
    const { packets, error } = this.#request(leaveMessage(this.#group));
    const rest = error === 0 ? this.read() : nothing;
    this.close();
    return { packets: [...packets, ...rest.packets], drained: rest.drained };
  }

  close(): void {
    this.#libc.close(this.#fd);
  }

  /** The answer stands behind what was logged before it. */
  #request(request: Buffer): { readonly error: number; readonly packets: readonly RefusedPacket[] } {
    const { bytes, address } = this.#memory;
    const packets: RefusedPacket[] = [];
    request.copy(bytes);
    if (this.#libc.send(this.#fd, address, request.length, 0) < 0)
      return { error: this.#libc.errno(), packets };
    for (let count = 0; count < mostMessages; count += 1) {
      const received = this.#receive();
      if (received === 'empty') break;
      if (received === 'overrun') continue;
      packets.push(...readRefusals(received, this.#group));
      const answer = readMessages(received).find(({ type }) => type === messageType.error);
      if (answer !== undefined && answer.body.length >= 4)
        return { error: -answer.body.readInt32LE(0), packets };
    }
    return { error: errno.again, packets };
  }

  /** `overrun`: the socket had no room for a while. What was missed is in the rules' counter, so it is not counted here again. */
  #receive(): Buffer | 'empty' | 'overrun' {
    const { bytes, address } = this.#memory;
    const length = this.#libc.recv(this.#fd, address, bufferBytes, messageFlag.dontWait);
    if (length >= 0) return Buffer.from(bytes.subarray(0, length));
    return this.#libc.errno() === errno.noBuffers ? 'overrun' : 'empty';
  }
}

/** Shares one buffer between the logs of one thread. `copyBytes`: of each packet. */
export function createRefusalLogs(
  { libc, door }: Pick<NodeKernel, 'libc' | 'door'>,
  copyBytes: number,
): OpenRefusalLog {
  const memory = libc.allocate(bufferBytes);
  return (netns, group) => {
    const fd = openNetlinkIn(door, netns.fd, netlinkProtocol.netfilter);
    if (fd < 0) throw netlinkError('open a netlink socket for what is refused', -fd);
    const log = new GroupLog(libc, memory, { fd, group });
    const error = log.begin(copyBytes);
    if (error === 0) return log;
    log.close();
    throw cannotListen(group, error);
  };
}
