// Makes, configures and closes TCP sockets over libc; answers descriptors or negative errors, throws only where a listener cannot be made.
// Knows no connection and no loop.
import { AppError } from '../../core/model/app-error.ts';
import {
  addressText,
  portOf,
  socketAddressBytes,
  toSocketAddress,
  type SocketAddress,
} from './socket-address.ts';
import { errno, level, openFilesResource, option, shutdownHow, socketType } from './linux.ts';
import type { Libc, NativeBuffer } from './libc.ts';

/** The system calls on sockets with their structs filled in. */
export interface Sockets {
  /** A listening descriptor and its real port. Throws AppError when the address cannot be had. */
  listen(host: string, port: number, backlog: number): { readonly fd: number; readonly port: number };
  /** The next waiting connection, or minus the error. */
  accept(listenFd: number): number;
  /** Peer of the last accepted connection, as text. */
  lastPeer(): string;
  /** A stream that is connected or connecting, or minus the error. */
  connect(address: SocketAddress): number;
  /** How many files this process may open. */
  openFilesLimit(): number;
  /** The pending error of a socket (0: none), cleared by asking. */
  takeError(fd: number): number;
  /** True once the handshake is complete. */
  isConnected(fd: number): boolean;
  /** First sequence number of who called, of a listener that keeps SYNs (TCP_SAVE_SYN). Answers once; -1: the kernel does not say. */
  firstSequence(fd: number): number;
  shutdownWrite(fd: number): void;
  close(fd: number): void;
  /** Close with RST instead of FIN. */
  abort(fd: number): void;
}

function cannotListen(host: string, port: number, error: number): AppError {
  const why =
    error === errno.addressInUse
      ? 'another program already listens there'
      : error === errno.accessDenied
        ? 'this user may not use that port'
        : error === errno.addressNotAvailable
          ? 'no interface of this machine has that address'
          : `the kernel answered error ${error}`;
  return new AppError({
    code: 'CANNOT_LISTEN',
    family: 'cannotCreate',
    message: `Cannot listen on ${host}:${port}: ${why}.`,
    hint: 'Choose another --listen address; port 0 takes any free port.',
  });
}

function intMemory(libc: Libc, ...values: readonly number[]): NativeBuffer {
  const memory = libc.allocate(values.length * 4);
  for (const [index, value] of values.entries()) memory.view.setInt32(index * 4, value, true);
  return memory;
}

/** The structs that calls share, so that none is made per call. */
interface Structs {
  readonly libc: Libc;
  /** int 1. */
  readonly on: NativeBuffer;
  /** struct linger: on, 0 s. */
  readonly lingerNow: NativeBuffer;
  /** struct sockaddr of the last peer, or of a socket of ours. */
  readonly peer: NativeBuffer;
  /** socklen_t, in and out. */
  readonly length: NativeBuffer;
  /** An int that the kernel answers. */
  readonly value: NativeBuffer;
  /** IP and TCP headers of a SYN. */
  readonly syn: NativeBuffer;
}

const streamFlags = socketType.nonblock | socketType.closeOnExec;

type Listens = Pick<Sockets, 'listen' | 'accept' | 'lastPeer'>;
type Asks = Pick<Sockets, 'openFilesLimit' | 'takeError' | 'isConnected' | 'firstSequence'>;
type Acts = Pick<Sockets, 'connect' | 'shutdownWrite' | 'close' | 'abort'>;

/** The kernel's reason for giving no listener. */
interface Refusal {
  readonly error: number;
}

/** A bound, listening descriptor, or why there is none. */
function openListener({ libc, on }: Structs, address: SocketAddress, backlog: number): number | Refusal {
  const fd = libc.socket(address.family, socketType.stream | streamFlags, 0);
  if (fd < 0) return { error: libc.errno() };
  libc.setsockopt(fd, level.socket, option.reuseAddress, on.address, 4);
  if (libc.bind(fd, address.memory.address, address.length) === 0 && libc.listen(fd, backlog) === 0)
    return fd;
  const error = libc.errno();
  libc.close(fd);
  return { error };
}

function listening(structs: Structs): Listens {
  const { libc, on, peer, length } = structs;
  return {
    listen(host, port, backlog) {
      const opened = openListener(structs, toSocketAddress(libc, host, port), backlog);
      if (typeof opened !== 'number') throw cannotListen(host, port, opened.error);
      length.view.setInt32(0, socketAddressBytes, true);
      libc.getsockname(opened, peer.address, length.address);
      return { fd: opened, port: portOf(peer.view) };
    },
    accept(listenFd) {
      length.view.setInt32(0, socketAddressBytes, true);
      const fd = libc.accept4(listenFd, peer.address, length.address, streamFlags);
      if (fd < 0) return -libc.errno();
      libc.setsockopt(fd, level.tcp, option.noDelay, on.address, 4);
      return fd;
    },
    lastPeer: () => addressText(peer.view),
  };
}

function acting({ libc, on, lingerNow }: Structs): Acts {
  return {
    connect(address) {
      const fd = libc.socket(address.family, socketType.stream | streamFlags, 0);
      if (fd < 0) return -libc.errno();
      libc.setsockopt(fd, level.tcp, option.noDelay, on.address, 4);
      if (libc.connect(fd, address.memory.address, address.length) === 0) return fd;
      const error = libc.errno();
      if (error === errno.inProgress) return fd;
      libc.close(fd);
      return -error;
    },
    shutdownWrite: (fd) => void libc.shutdown(fd, shutdownHow.write),
    close: (fd) => void libc.close(fd),
    abort(fd) {
      libc.setsockopt(fd, level.socket, option.linger, lingerNow.address, 8);
      libc.close(fd);
    },
  };
}

/** IPv4 with all options and TCP with all of them; IPv6 with extension headers may be longer, and is not told. */
const mostSynBytes = 120;
const tcpProtocol = 6;

/** Of headers from IP on; -1 when TCP does not follow at once. */
function sequenceIn({ view }: NativeBuffer, bytes: number): number {
  const isIpv4 = view.getUint8(0) >>> 4 === 4;
  const tcpAt = isIpv4 ? (view.getUint8(0) & 0x0f) * 4 : 40;
  const isTcp = view.getUint8(isIpv4 ? 9 : 6) === tcpProtocol;
  return isTcp && bytes >= tcpAt + 8 ? view.getUint32(tcpAt + 4) : -1;
}

function asking({ libc, peer, length, value, syn }: Structs): Asks {
  return {
    openFilesLimit() {
      const limit = libc.allocate(16);
      if (libc.getrlimit(openFilesResource, limit.address) < 0) return Number.MAX_SAFE_INTEGER;
      return Number(limit.view.getBigUint64(0, true));
    },
    takeError(fd) {
      length.view.setInt32(0, 4, true);
      value.view.setInt32(0, 0, true);
      return libc.getsockopt(fd, level.socket, option.error, value.address, length.address) === 0
        ? value.view.getInt32(0, true)
        : libc.errno();
    },
    firstSequence(fd) {
      length.view.setInt32(0, mostSynBytes, true);
      const asked = libc.getsockopt(fd, level.tcp, option.savedSyn, syn.address, length.address);
      return asked === 0 ? sequenceIn(syn, length.view.getInt32(0, true)) : -1;
    },
    isConnected(fd) {
      length.view.setInt32(0, socketAddressBytes, true);
      return libc.getpeername(fd, peer.address, length.address) === 0;
    },
  };
}

/** Shares a few small structs between its calls: for one thread only. */
export function createSockets(libc: Libc): Sockets {
  const structs: Structs = {
    libc,
    on: intMemory(libc, 1),
    lingerNow: intMemory(libc, 1, 0),
    peer: libc.allocate(socketAddressBytes),
    length: intMemory(libc, socketAddressBytes),
    value: intMemory(libc, 0),
    syn: libc.allocate(mostSynBytes),
  };
  return { ...listening(structs), ...acting(structs), ...asking(structs) };
}
