// The few libc calls of the data plane, bound through koffi: the only file that knows the FFI. Pointers are plain numbers (addresses of
// native buffers), because passing a number costs less than passing a Buffer and lets a call start anywhere in it. Linux only.
import type * as koffiModule from 'koffi';
import { AppError } from '../../core/model/app-error.ts';

/** Calls answer as in C: -1 and `errno()` on failure. `address` is that of a `NativeBuffer` plus an offset in bytes. */
export interface Libc {
  socket(family: number, type: number, protocol: number): number;
  bind(fd: number, address: number, length: number): number;
  listen(fd: number, backlog: number): number;
  accept4(fd: number, address: number, lengthAddress: number, flags: number): number;
  connect(fd: number, address: number, length: number): number;
  recv(fd: number, address: number, length: number, flags: number): number;
  send(fd: number, address: number, length: number, flags: number): number;
  shutdown(fd: number, how: number): number;
  close(fd: number): number;
  /** Closes in another thread, soon: for what keeps its closer waiting (a packet socket waits for two RCU grace periods, 30 ms). */
  closeElsewhere(fd: number): void;
  epollCreate(flags: number): number;
  epollControl(epollFd: number, operation: number, fd: number, eventAddress: number): number;
  epollWait(epollFd: number, eventsAddress: number, count: number, timeoutMs: number): number;
  eventfd(initial: number, flags: number): number;
  read(fd: number, address: number, length: number): number;
  open(pathAddress: number, flags: number): number;
  /** With commands that take a number. */
  fcntl(fd: number, command: number, argument: number): number;
  setsockopt(fd: number, level: number, option: number, address: number, length: number): number;
  getsockopt(fd: number, level: number, option: number, address: number, lengthAddress: number): number;
  getsockname(fd: number, address: number, lengthAddress: number): number;
  getpeername(fd: number, address: number, lengthAddress: number): number;
  getrlimit(resource: number, address: number): number;
  /** A call that libc does not name: its number, then what sched_getattr and sched_setattr take. */
  syscall(number: number, id: number, address: number, first: number, second: number): number;
  /** Moves this thread into the namespace behind `fd`; `kind` is CLONE_NEW*, 0 for any. */
  setns(fd: number, kind: number): number;
  /** Moves this thread into new namespaces of its own; `kinds` is CLONE_NEW*. */
  unshare(kinds: number): number;
  /** Index of an interface of the thread's namespace by its NUL-terminated name; 0: none. */
  interfaceIndex(nameAddress: number): number;
  /** Memory shared with the kernel through `fd`, readable and writable; undefined when refused (`errno()` says why). */
  mapShared(fd: number, bytes: number): MappedMemory | undefined;
  /** Error of the last failed call on this thread; ask before anything else is called. */
  errno(): number;
  /** Memory that calls may point into: it never moves, and lives as long as the object is referenced. */
  allocate(bytes: number): NativeBuffer;
}

/** Memory outside V8's moving heap, seen as bytes, as a view and as an address. */
export interface NativeBuffer {
  readonly bytes: Buffer;
  readonly view: DataView;
  /** Where `bytes[0]` is. Below 2^48, so exact as a number. */
  readonly address: number;
}

/** Memory that the kernel writes too. */
export interface MappedMemory {
  readonly bytes: Buffer;
  /** The same memory as words, for `Atomics`. */
  readonly words: Int32Array;
  /** Gives it back. `bytes` and `words` are empty from then on; nothing else may hold a view of their buffer. */
  unmap(): void;
}

function missing(cause: unknown): AppError {
  return new AppError({
    code: 'FFI_UNAVAILABLE',
    family: 'unavailable',
    message: `The data plane cannot call libc: koffi has no working binary for ${process.platform}-${process.arch}.`,
    hint: 'Run `npm ci` on this machine (Linux on x64 or arm64), or look at its traffic from here with --connect.',
    cause,
  });
}

/** Loads koffi and binds libc; rejects with AppError where there is no binary for this machine. */
export async function loadLibc(): Promise<Libc> {
  if (process.platform !== 'linux') throw missing(new Error('not Linux'));
  try {
    const { default: koffi } = await import('koffi');
    return bindLibc(koffi);
  } catch (cause) {
    throw missing(cause);
  }
}

type Koffi = typeof koffiModule;
/** What is used of koffi; its default export has the same functions as the module. */
type Bindings = Pick<Koffi, 'load' | 'address' | 'errno' | 'view'>;

function loadLibrary(koffi: Bindings): ReturnType<Koffi['load']> {
  try {
    return koffi.load('libc.so.6');
  } catch {
    return koffi.load('libc.so');
  }
}

/** PROT_READ | PROT_WRITE. */
const readWrite = 3;
/** MAP_SHARED. */
const sharedMapping = 1;

/** `mmap` and `munmap` of a descriptor's memory: not in the hot path, and an address may not be an int. */
function bindMapping(koffi: Bindings, library: ReturnType<Koffi['load']>): Libc['mapShared'] {
  const map = library.func('mmap', 'uintptr_t', ['uintptr_t', 'size_t', 'int', 'int', 'int', 'int64_t']);
  const unmap = library.func('munmap', 'int', ['uintptr_t', 'size_t']);
  return (fd, bytes) => {
    const address: unknown = map(0, bytes, readWrite, sharedMapping, fd, 0);
    // MAP_FAILED is 2^64 - 1, which comes as a BigInt.
    if (typeof address !== 'number') return undefined;
    const memory = koffi.view(address, bytes);
    return {
      bytes: Buffer.from(memory),
      words: new Int32Array(memory),
      unmap() {
        // A view of memory that is gone would crash the process: detach first.
        memory.transfer(0);
        unmap(address, bytes);
      },
    };
  };
}

/** What takes numbers and answers with one, under the name that libc has for it. */
function bindCalls(
  library: ReturnType<Koffi['load']>,
): Omit<Libc, 'closeElsewhere' | 'mapShared' | 'errno' | 'allocate'> {
  // Lengths fit an int by our limits, and an int comes back as a small integer: no BigInt, no heap number.
  const bindTo = (
    name: string,
    ...parameters: readonly string[]
  ): ((...values: readonly number[]) => number) => library.func(name, 'int', [...parameters]);
  const pointer = 'uintptr_t';
  return {
    socket: bindTo('socket', 'int', 'int', 'int'),
    bind: bindTo('bind', 'int', pointer, 'uint'),
    listen: bindTo('listen', 'int', 'int'),
    accept4: bindTo('accept4', 'int', pointer, pointer, 'int'),
    connect: bindTo('connect', 'int', pointer, 'uint'),
    recv: bindTo('recv', 'int', pointer, 'size_t', 'int'),
    send: bindTo('send', 'int', pointer, 'size_t', 'int'),
    shutdown: bindTo('shutdown', 'int', 'int'),
    close: bindTo('close', 'int'),
    epollCreate: bindTo('epoll_create1', 'int'),
    epollControl: bindTo('epoll_ctl', 'int', 'int', 'int', pointer),
    epollWait: bindTo('epoll_wait', 'int', pointer, 'int', 'int'),
    eventfd: bindTo('eventfd', 'uint', 'int'),
    read: bindTo('read', 'int', pointer, 'size_t'),
    open: bindTo('open', pointer, 'int'),
    fcntl: bindTo('fcntl', 'int', 'int', 'int'),
    setsockopt: bindTo('setsockopt', 'int', 'int', 'int', pointer, 'uint'),
    getsockopt: bindTo('getsockopt', 'int', 'int', 'int', pointer, pointer),
    getsockname: bindTo('getsockname', 'int', pointer, pointer),
    getpeername: bindTo('getpeername', 'int', pointer, pointer),
    getrlimit: bindTo('getrlimit', 'int', pointer),
    syscall: bindTo('syscall', 'long', 'long', pointer, 'ulong', 'ulong'),
    setns: bindTo('setns', 'int', 'int'),
    unshare: bindTo('unshare', 'int'),
    interfaceIndex: bindTo('if_nametoindex', pointer),
  };
}

function bindLibc(koffi: Bindings): Libc {
  const library = loadLibrary(koffi);
  const closing = library.func('close', 'int', ['int']);
  return {
    ...bindCalls(library),
    closeElsewhere(fd) {
      closing.async(fd, () => undefined);
    },
    mapShared: bindMapping(koffi, library),
    errno: () => koffi.errno(),
    allocate(bytes) {
      // An explicit ArrayBuffer: small typed arrays live on V8's moving heap.
      const memory = new ArrayBuffer(bytes);
      const buffer = Buffer.from(memory);
      return { bytes: buffer, view: new DataView(memory), address: Number(koffi.address(buffer)) };
    },
  };
}
