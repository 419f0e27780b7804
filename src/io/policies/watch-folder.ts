// Says when the folder may have changed: the kernel's word, debounced, and a slow look as a net under it. Knows no file format.
import { statSync, watch } from 'node:fs';
import type { FSWatcher } from 'node:fs';
import type { PolicyLimits } from './policy-limits.ts';
import { isPolicyFileName } from './policy-limits.ts';

/** A running watch. */
export interface FolderWatch {
  close(): void;
}

/** Which folder, and whom to tell. */
export interface WatchOptions {
  readonly directory: string;
  readonly limits: PolicyLimits;
  /** These files should be read again; undefined: all of the folder. */
  readonly onDirty: (names: ReadonlySet<string> | undefined) => void;
  /** Every `tickMs`. */
  readonly onTick: () => void;
  /** How many files the last look found: many make the slow look slower. */
  readonly fileCount: () => number;
}

/** Changes in a row that may each put a look off. */
const postponeLimit = 20;

/** Calls `fire` once things are quiet for `debounceMs`, but not later than after a number of calls in a row. */
function createDebounce(debounceMs: number, fire: () => void): { soon(): void; cancel(): void } {
  let timer: NodeJS.Timeout | undefined;
  let postponed = 0;
  return {
    soon() {
      // A file that is rewritten all the time must not keep the folder from being read.
      if (postponed > postponeLimit) return;
      postponed += 1;
      clearTimeout(timer);
      timer = setTimeout(() => {
        postponed = 0;
        fire();
      }, debounceMs).unref();
    },
    cancel: () => clearTimeout(timer),
  };
}

/** More at once, and words of the kernel may have been lost: then all is looked at. */
const mostNames = 1_000;

/** Names since the last `take`; undefined stands for all there are. */
function createNames(): {
  add(name: string | undefined): void;
  take(): ReadonlySet<string> | undefined;
} {
  let names: Set<string> | undefined = new Set();
  return {
    add(name) {
      if (name === undefined || (names?.size ?? 0) >= mostNames) names = undefined;
      else names?.add(name);
    },
    take() {
      const taken = names;
      names = new Set();
      return taken;
    },
  };
}

/** The kernel watches the folder, not its name: `follow` starts anew on one that was removed or replaced. */
function watchNames(
  directory: string,
  changed: (name: string | undefined) => void,
): { follow(): void; close(): void } {
  const onName = (name: string | null): void => {
    // `..data` is how mounted ConfigMaps are switched.
    if (name === null || name === '..data') changed(undefined);
    else if (isPolicyFileName(name)) changed(name);
  };
  let identity = identityOf(directory);
  let watcher = startWatcher(directory, onName);
  return {
    follow() {
      const found = identityOf(directory);
      if (found === identity) return;
      identity = found;
      watcher?.close();
      watcher = found === undefined ? undefined : startWatcher(directory, onName);
      changed(undefined);
    },
    close: () => watcher?.close(),
  };
}

/** Holds no process alive by itself. */
export function watchFolder(options: WatchOptions): FolderWatch {
  const { directory, limits, onDirty, onTick, fileCount } = options;
  const dirty = createNames();
  const debounce = createDebounce(limits.debounceMs, () => onDirty(dirty.take()));
  const names = watchNames(directory, (name) => {
    dirty.add(name);
    debounce.soon();
  });
  let ticksSinceLook = 0;
  const tick = setInterval(() => {
    onTick();
    names.follow();
    ticksSinceLook += 1;
    const pollMs = Math.max(limits.pollMs, fileCount() * limits.pollMsPerFile);
    if (ticksSinceLook * limits.tickMs < pollMs) return;
    ticksSinceLook = 0;
    onDirty(undefined);
  }, limits.tickMs).unref();
  return {
    close() {
      debounce.cancel();
      clearInterval(tick);
      names.close();
    },
  };
}

/** Which folder the name stands for now; undefined when for none. */
function identityOf(directory: string): string | undefined {
  try {
    const found = statSync(directory, { bigint: true });
    // An inode number may be given out again at once: its birth tells two apart.
    return `${found.dev} ${found.ino} ${found.birthtimeNs}`;
  } catch {
    return undefined;
  }
}

/** Without inotify (limits, odd file systems) the slow look alone remains. */
function startWatcher(directory: string, onName: (name: string | null) => void): FSWatcher | undefined {
  try {
    const watcher = watch(directory, { persistent: false }, (_event, name) => onName(name));
    watcher.on('error', () => watcher.close());
    return watcher;
  } catch {
    return undefined;
  }
}
