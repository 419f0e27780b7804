// The sockets in a pod's namespace that redirected connections arrive at: on the loopback addresses, so that nobody outside can dial them.
// Made by main inside the namespace, used by the worker from outside. Knows no rule and no connection.
import { AppError } from '../../core/model/app-error.ts';
import type { Libc } from './libc.ts';
import { duplicateCloseOnExec, errno, family, level, option, socketType } from './linux.ts';
import type { NetnsDoor } from './node/netns.ts';
import { toSocketAddress, type SocketAddress } from './socket-address.ts';

/** Where, and how many may wait to be accepted. */
export interface TransparentListenerOptions {
  readonly netnsFd: number;
  readonly port: number;
  readonly backlog: number;
}

/** Where tproxy sends redirected connections, by family. */
const addresses = ['127.0.0.1', '::1'] as const;
/** The family is switched off or not there: EADDRNOTAVAIL, EAFNOSUPPORT. */
const withoutFamily: readonly number[] = [99, 97];

/**
 * Listening descriptors get numbers from here on. The kernel closes those of a process that was killed from the highest down (since 4.3,
 * task_work_run), and a packet ring keeps it waiting for 25 ms: behind thirty rings a listener went on taking connections, which nobody
 * would answer, for 0.7 s. The table of descriptors grows to 128 KiB by it.
 */
const leastListeningFd = 8_192;

function cannotListen(port: number, error: number): AppError {
  const isTaken = error === errno.addressInUse;
  const why = isTaken
    ? `something in the pod listens on port ${port} already`
    : `the kernel answered error ${error}`;
  return new AppError({
    code: 'CANNOT_LISTEN_IN_POD',
    family: 'cannotCreate',
    message: `The agent cannot listen on port ${port} inside the pod: ${why}.`,
    hint: isTaken
      ? 'The agent needs that port for itself: give the program in the pod another. Its traffic goes on without the agent.'
      : 'The traffic of the pod goes on without the agent.',
  });
}

function open(
  { libc, door }: { readonly libc: Libc; readonly door: NetnsDoor },
  { netnsFd, backlog }: TransparentListenerOptions,
  address: SocketAddress,
): number {
  const type = socketType.stream | socketType.nonblock | socketType.closeOnExec;
  const fd = door.socketIn(netnsFd, address.family, type, 0);
  if (fd < 0) return fd;
  const on = libc.allocate(4);
  on.view.setInt32(0, 1, true);
  const set = (at: number, name: number): boolean => libc.setsockopt(fd, at, name, on.address, 4) === 0;
  const isIpv4 = address.family === family.inet;
  // Tells one connection of a client's port from the next (claims.ts); without it times have to.
  set(level.tcp, option.saveSyn);
  const ready =
    set(level.socket, option.reuseAddress) &&
    // A newer agent listens beside us before we go.
    set(level.socket, option.reusePort) &&
    (isIpv4 ? set(level.ip, option.transparent) : set(level.ipv6, option.transparent6)) &&
    (isIpv4 || set(level.ipv6, option.ipv6Only)) &&
    libc.bind(fd, address.memory.address, address.length) === 0 &&
    libc.listen(fd, backlog) === 0;
  if (ready) return raised(libc, fd);
  const error = libc.errno();
  libc.close(fd);
  return -error;
}

/** The same under a high number; as it is where so many may not be opened. */
function raised(libc: Libc, fd: number): number {
  const high = libc.fcntl(fd, duplicateCloseOnExec, leastListeningFd);
  if (high < 0) return fd;
  libc.close(fd);
  return high;
}

/** Listening descriptors for `InlinePod.listeningFds`, IPv4 and, where the namespace has it, IPv6. @throws AppError; then none is left open. */
export function openTransparentListeners(
  tools: { readonly libc: Libc; readonly door: NetnsDoor },
  options: TransparentListenerOptions,
): readonly number[] {
  const opened: number[] = [];
  for (const address of addresses) {
    const fd = open(tools, options, toSocketAddress(tools.libc, address, options.port));
    if (fd >= 0) opened.push(fd);
    else if (!withoutFamily.includes(-fd)) {
      for (const other of opened) tools.libc.close(other);
      throw cannotListen(options.port, -fd);
    }
  }
  if (opened.length === 0) throw cannotListen(options.port, 0);
  return opened;
}
