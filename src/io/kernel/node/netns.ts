// Network namespaces: opened by file, entered for the length of one synchronous call, and left again on the same thread. The only file
// that calls setns. Knows nothing of what is made inside.
import { closeSync, constants, fstatSync, openSync, statfsSync } from 'node:fs';
import { isMainThread } from 'node:worker_threads';
import { AppError } from '../../../core/model/app-error.ts';
import type { Libc } from '../libc.ts';
import { errno } from '../linux.ts';

/** CLONE_NEWNET (sched.h). */
const networkNamespace = 0x40000000;
/** NSFS_MAGIC (linux/magic.h): a file that stands for a namespace. */
const namespaceFilesystem = 0x6e736673;
/** Exit status of a worker whose thread could not come back (EX_OSERR). */
const strandedStatus = 71;

/** A network namespace held open: it lives at least as long as `fd`. */
export interface Netns {
  readonly fd: number;
  /** Two namespaces are the same exactly when their inodes are. */
  readonly inode: number;
  readonly path: string;
}

function notThere(path: string, cause: unknown): AppError {
  return new AppError({
    code: 'NETNS_NOT_FOUND',
    family: 'notFound',
    message: `The network namespace ${path} cannot be opened: ${cause instanceof Error ? cause.message : String(cause)}.`,
    hint: 'The pod may be gone. Otherwise see that the directory of namespaces is mounted with HostToContainer propagation.',
    cause,
  });
}

/** Opens the namespace behind a file of /run/netns or /proc/PID/ns/net. @throws AppError when there is none, or the file is not a namespace. */
export function openNetns(path: string): Netns {
  let fd: number;
  try {
    // Non-blocking: a pipe that lies there must not hold the agent.
    fd = openSync(path, constants.O_RDONLY | constants.O_NONBLOCK);
  } catch (cause) {
    throw notThere(path, cause);
  }
  if (statfsSync(`/proc/self/fd/${fd}`).type === namespaceFilesystem)
    return { fd, inode: fstatSync(fd).ino, path };
  closeSync(fd);
  throw notThere(path, new Error('the file is not (yet) a namespace'));
}

/** Lets go of it; sockets made inside keep it alive on their own. */
export const closeNetns = ({ fd }: Netns): void => closeSync(fd);

/** The way into namespaces and back, for one thread. */
export interface NetnsDoor {
  /** Inode of the namespace that the thread is at home in. */
  readonly homeInode: number;
  /**
   * Runs `work` inside and comes back. Synchronous code only: a promise would go on outside. Sockets, and processes started with
   * `spawnSync`, belong to the namespace; asynchronous file and FFI calls do not. May be nested.
   * @throws AppError when the namespace cannot be entered (CAP_SYS_ADMIN, or not a network namespace), and what `work` throws.
   */
  within<T>(netns: Pick<Netns, 'fd'>, work: () => T): T;
  /** As `within`, in a new empty namespace that is gone afterwards. */
  withinScratch<T>(work: (scratch: Netns) => T): T;
  /** A socket made inside, or minus the error; nothing is allocated. */
  socketIn(netnsFd: number, family: number, type: number, protocol: number): number;
  close(): void;
}

/**
 * Ends this thread at once: it is stuck in another's namespace, and all it did from here on would be done to a pod. A worker's end is
 * seen by its parent, which starts another one; the main thread takes the process along (`process.abort` is for it alone), without exit
 * handlers, which would clean up in the wrong place. Inline traffic goes on without us either way (in-pod.md, 4).
 */
function endThread(): never {
  if (isMainThread) process.abort();
  process.exit(strandedStatus);
}

function cannotEnter(error: number): AppError {
  return new AppError({
    code: 'NETNS_DENIED',
    family: 'denied',
    message:
      error === errno.notPermitted
        ? 'This process may not enter network namespaces.'
        : `The network namespace cannot be entered: the kernel answered error ${error}.`,
    hint: 'The agent needs the capability SYS_ADMIN for setns; `doctor --node` tells what else is missing.',
  });
}

class ThreadDoor implements NetnsDoor {
  readonly homeInode: number;
  readonly #libc: Pick<Libc, 'setns' | 'unshare' | 'socket' | 'errno'>;
  readonly #stranded: () => never;
  readonly #home: Netns;
  /** Descriptor of the namespace that the thread is in now; a scratch one has none. */
  #current: number;

  constructor(libc: Pick<Libc, 'setns' | 'unshare' | 'socket' | 'errno'>, stranded: () => never) {
    this.#libc = libc;
    this.#stranded = stranded;
    this.#home = openNetns('/proc/thread-self/ns/net');
    this.homeInode = this.#home.inode;
    this.#current = this.#home.fd;
  }

  within<T>(netns: Pick<Netns, 'fd'>, work: () => T): T {
    if (this.#libc.setns(netns.fd, networkNamespace) !== 0) throw cannotEnter(this.#libc.errno());
    return this.#thenBack(netns.fd, work);
  }

  withinScratch<T>(work: (scratch: Netns) => T): T {
    if (this.#libc.unshare(networkNamespace) !== 0) throw cannotEnter(this.#libc.errno());
    const inside = { ...openNetns('/proc/thread-self/ns/net'), path: 'a scratch namespace' };
    try {
      return this.#thenBack(inside.fd, () => work(inside));
    } finally {
      closeNetns(inside);
    }
  }

  socketIn(netnsFd: number, family: number, type: number, protocol: number): number {
    if (this.#libc.setns(netnsFd, networkNamespace) !== 0) return -this.#libc.errno();
    const fd = this.#libc.socket(family, type, protocol);
    const answer = fd < 0 ? -this.#libc.errno() : fd;
    if (this.#libc.setns(this.#current, networkNamespace) !== 0) this.#stranded();
    return answer;
  }

  close(): void {
    closeNetns(this.#home);
  }

  #thenBack<T>(fd: number, work: () => T): T {
    const back = this.#current;
    this.#current = fd;
    try {
      return work();
    } finally {
      this.#current = back;
      if (this.#libc.setns(back, networkNamespace) !== 0) this.#stranded();
    }
  }
}

/** For the thread that calls it, in the namespace that it is in now. `stranded` must not return; for tests. */
export const createNetnsDoor = (
  libc: Pick<Libc, 'setns' | 'unshare' | 'socket' | 'errno'>,
  stranded: () => never = endThread,
): NetnsDoor => new ThreadDoor(libc, stranded);
