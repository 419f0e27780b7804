// Numbers of the Linux ABI that the data plane uses (the same on x86-64 and arm64). Data only.

/** AF_*. */
export const family = { inet: 2, inet6: 10 } as const;
/** SOCK_*. */
export const socketType = { stream: 1, nonblock: 0o4000, closeOnExec: 0o2000000 } as const;
/** SOL_* and IPPROTO_*, for socket options. */
export const level = { ip: 0, ipv6: 41, socket: 1, tcp: 6 } as const;
/** SO_*, TCP_*, IP_* and IPV6_*, by the level they belong to. */
export const option = {
  reuseAddress: 2,
  error: 4,
  receiveBuffer: 8,
  linger: 13,
  mark: 36,
  noDelay: 1,
  saveSyn: 27,
  savedSyn: 28,
  reusePort: 15,
  transparent: 19,
  ipv6Only: 26,
  transparent6: 75,
} as const;
/** SHUT_*. */
export const shutdownHow = { write: 1 } as const;
/** MSG_*. */
export const messageFlag = { noSignal: 0x4000, dontWait: 0x40 } as const;

/** EPOLL_CTL_*. */
export const epollOperation = { add: 1, modify: 3 } as const;
/** EPOLL*; `edge` is the sign bit, so that all stay small integers. */
export const epollEvent = {
  in: 0x1,
  out: 0x4,
  error: 0x8,
  hangUp: 0x10,
  readHangUp: 0x2000,
  edge: -0x80000000,
} as const;
/** EPOLL_CLOEXEC. */
export const epollCloseOnExec = 0o2000000;
/** EFD_*. */
export const eventfdFlag = { nonblock: 0o4000, closeOnExec: 0o2000000 } as const;
/** RLIMIT_NOFILE. */
export const openFilesResource = 7;
/** F_DUPFD_CLOEXEC. */
export const duplicateCloseOnExec = 1030;
/** O_RDONLY | O_CLOEXEC. */
export const openCloseOnExec = 0o2000000;

/** Errors that are told apart. */
export const errno = {
  notPermitted: 1,
  notFound: 2,
  interrupted: 4,
  again: 11,
  noMemory: 12,
  accessDenied: 13,
  noDevice: 19,
  tableFull: 23,
  tooManyFiles: 24,
  brokenPipe: 32,
  addressInUse: 98,
  addressNotAvailable: 99,
  connectionAborted: 103,
  connectionReset: 104,
  noBuffers: 105,
  timedOut: 110,
  refused: 111,
  inProgress: 115,
} as const;

/** True when the process or the machine has no file descriptor (or socket memory) left. */
export function isExhausted(error: number): boolean {
  return error === errno.tooManyFiles || error === errno.tableFull || error === errno.noBuffers;
}
