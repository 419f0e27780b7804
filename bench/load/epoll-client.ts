// The sockets of the fixed-rate client: libc by FFI, because a timer of Node is 1 ms coarse and its streams cost more than
// the peers measured with them. `epoll_pwait2` sleeps to the microsecond.
import koffi from 'koffi';

export interface EpollClient {
  /** A connected, non-blocking socket that is watched for input. */
  open(port: number): number;
  /** Sends the whole request; false when the socket did not take it all. */
  send(fd: number, bytes: Buffer): boolean;
  /** Bytes read into `input`, 0 at the end of the stream, -1 for nothing now, -2 for an error. */
  receive(fd: number): number;
  readonly input: Buffer;
  close(fd: number): void;
  /** Waits at most so long for input; the ready sockets are `ready(0 … n-1)`. */
  wait(timeoutUs: number): number;
  ready(index: number): number;
}

const AF_INET = 2;
const SOCK_STREAM = 1;
const IPPROTO_TCP = 6;
const TCP_NODELAY = 1;
const EPOLL_CTL_ADD = 1;
const EPOLLIN = 1;
const MSG_DONTWAIT = 0x40;
const MSG_NOSIGNAL = 0x4000;
const EAGAIN = 11;
const eventBytes = 12;
const mostEvents = 256;

type Libc = Readonly<
  Record<
    'socket' | 'connect' | 'setsockopt' | 'control' | 'wait' | 'send' | 'receive' | 'close' | 'epoll',
    (...values: readonly unknown[]) => number
  >
>;

function loadLibc(): Libc {
  const libc = koffi.load('libc.so.6');
  const bind = (prototype: string): ((...values: readonly unknown[]) => number) => libc.func(prototype);
  return {
    socket: bind('int socket(int, int, int)'),
    connect: bind('int connect(int, const void*, uint)'),
    setsockopt: bind('int setsockopt(int, int, int, const void*, uint)'),
    epoll: bind('int epoll_create1(int)'),
    control: bind('int epoll_ctl(int, int, int, void*)'),
    wait: bind('int epoll_pwait2(int, void*, int, const void*, const void*)'),
    send: bind('int send(int, const void*, int, int)'),
    receive: bind('int recv(int, void*, int, int)'),
    close: bind('int close(int)'),
  };
}

const one = Buffer.from([1, 0, 0, 0]);

/** Where the client connects: an IPv4 address in text. */
interface Target {
  readonly host: string;
  readonly port: number;
}

/** A connected socket that is watched by `epoll`. */
function openWatched(libc: Libc, epoll: number, { host, port }: Target): number {
  const fd = libc.socket(AF_INET, SOCK_STREAM, 0);
  const address = Buffer.alloc(16);
  address.writeUInt16LE(AF_INET, 0);
  address.writeUInt16BE(port, 2);
  address.set(host.split('.').map(Number), 4);
  if (fd < 0 || libc.connect(fd, address, 16) < 0) throw new Error(`cannot connect to ${host}:${port}`);
  libc.setsockopt(fd, IPPROTO_TCP, TCP_NODELAY, one, 4);
  const event = Buffer.alloc(eventBytes);
  event.writeUInt32LE(EPOLLIN, 0);
  event.writeUInt32LE(fd, 4);
  libc.control(epoll, EPOLL_CTL_ADD, fd, event);
  return fd;
}

/** With no socket yet; loads the FFI. */
export function createEpollClient(host = '127.0.0.1'): EpollClient {
  const libc = loadLibc();
  const epoll = libc.epoll(0);
  const events = Buffer.alloc(eventBytes * mostEvents);
  const view = new DataView(events.buffer, events.byteOffset, events.length);
  const timeout = Buffer.alloc(16);
  const input = Buffer.alloc(64 * 1024);
  return {
    input,
    open: (port) => openWatched(libc, epoll, { host, port }),
    send: (fd, bytes) => libc.send(fd, bytes, bytes.length, MSG_DONTWAIT | MSG_NOSIGNAL) === bytes.length,
    receive: (fd) => {
      const got = libc.receive(fd, input, input.length, MSG_DONTWAIT);
      if (got >= 0) return got;
      return koffi.errno() === EAGAIN ? -1 : -2;
    },
    close: (fd) => void libc.close(fd),
    wait: (timeoutUs) => {
      timeout.writeBigInt64LE(BigInt(Math.floor(timeoutUs / 1e6)), 0);
      timeout.writeBigInt64LE(BigInt(Math.floor((timeoutUs % 1e6) * 1000)), 8);
      return Math.max(0, libc.wait(epoll, events, mostEvents, timeout, null));
    },
    ready: (index) => view.getUint32(index * eventBytes + 4, true),
  };
}
