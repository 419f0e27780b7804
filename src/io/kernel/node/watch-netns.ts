// Watches a directory of namespaces: tells when one can be used, which is when its interfaces have an address, and when its file is
// gone. The file comes first, then the mount that makes it a namespace (no event), then the address (40 ms later under containerd). So
// a new file is looked at again and again, ever more seldom. Knows no pod.
import { statSync, watch, type FSWatcher } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../../../core/model/app-error.ts';
import { globalAddresses, namespaceFiles, sameAsHost, type Finder } from './find-netns.ts';
import { closeNetns, openNetns } from './netns.ts';

/** First and last distance of two looks at a namespace that has no address yet. */
const firstLookMs = 2;
const lastLookMs = 1_000;
/** Where the directory itself is not there, or events were lost, a look at the names so often finds out. */
const resyncMs = 5_000;

/** A namespace with an address. */
export interface SeenNetns {
  readonly name: string;
  readonly path: string;
  /** A file that is replaced by another namespace of the same name is told as gone and as ready. */
  readonly inode: number;
  readonly addresses: readonly string[];
}

/** What happens in the directory. */
export interface NetnsWatcher {
  readonly ready: (seen: SeenNetns) => void;
  readonly gone: (seen: SeenNetns) => void;
}

/** The namespace behind the file, if it can be used by now; a reason to look again otherwise. */
function look(finder: Finder, directory: string, name: string): SeenNetns | undefined {
  const path = join(directory, name);
  try {
    const netns = openNetns(path);
    try {
      if (sameAsHost(finder, netns)) return undefined;
      const addresses = globalAddresses(finder, netns);
      return addresses.length === 0 ? undefined : { name, path, inode: netns.inode, addresses };
    } finally {
      closeNetns(netns);
    }
  } catch (error) {
    if (error instanceof AppError) return undefined;
    throw error;
  }
}

class DirectoryWatch {
  readonly #finder: Finder;
  readonly #directory: string;
  readonly #told: NetnsWatcher;
  readonly #seen = new Map<string, SeenNetns>();
  readonly #pending = new Map<string, NodeJS.Timeout>();
  readonly #resync: NodeJS.Timeout;
  #events: FSWatcher | undefined;

  constructor(finder: Finder, directory: string, told: NetnsWatcher) {
    this.#finder = finder;
    this.#directory = directory;
    this.#told = told;
    this.#resync = setInterval(() => this.sync(), resyncMs).unref();
    this.sync();
  }

  /** Compares the names with what is known. Bounded by the number of files. */
  sync(): void {
    this.#events ??= this.#watch();
    const names = new Set(namespaceFiles(this.#directory));
    for (const [name, seen] of this.#seen) if (!names.has(name) || this.#replaced(seen)) this.#drop(seen);
    for (const [name, timer] of this.#pending)
      if (!names.has(name)) {
        clearTimeout(timer);
        this.#pending.delete(name);
      }
    for (const name of names)
      if (!this.#seen.has(name) && !this.#pending.has(name)) this.#look(name, firstLookMs);
  }

  close(): void {
    clearInterval(this.#resync);
    this.#events?.close();
    for (const timer of this.#pending.values()) clearTimeout(timer);
    this.#pending.clear();
  }

  #watch(): FSWatcher | undefined {
    try {
      const events = watch(this.#directory, () => this.sync());
      const again = (): void => {
        events.close();
        this.#events = undefined;
      };
      events.on('error', again);
      return events.unref();
    } catch {
      // Not there yet: the next round tries again.
      return undefined;
    }
  }

  #replaced({ path, inode }: SeenNetns): boolean {
    return statSync(path, { throwIfNoEntry: false })?.ino !== inode;
  }

  #drop(seen: SeenNetns): void {
    this.#seen.delete(seen.name);
    this.#told.gone(seen);
  }

  #look(name: string, againMs: number): void {
    this.#pending.delete(name);
    const seen = look(this.#finder, this.#directory, name);
    if (seen !== undefined) {
      this.#seen.set(name, seen);
      this.#told.ready(seen);
      return;
    }
    const timer = setTimeout(() => this.#look(name, Math.min(againMs * 2, lastLookMs)), againMs).unref();
    this.#pending.set(name, timer);
  }
}

/** A running watch. */
export interface NetnsWatch {
  close(): void;
}

/** Tells what is there (before it returns) and what comes and goes; holds no namespace open. A directory that is not there is waited for. */
export const watchNetns = (finder: Finder, directory: string, told: NetnsWatcher): NetnsWatch =>
  new DirectoryWatch(finder, directory, told);
