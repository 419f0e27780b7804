// The policy store over a watched folder of YAML files: lists, changes, undoes. Knows nothing of compilation or of who asks.
import { access, constants } from 'node:fs/promises';
import { policyName } from '../../core/model/brand.ts';
import type { PolicyStore } from '../../core/policy/store.ts';
import { createFolderEdits } from './folder-edits.ts';
import { setAsideExpired } from './expired-files.ts';
import { unkept, type LastGood } from './last-good.ts';
import { expiryMs, listEntries } from './merge-files.ts';
import { createPolicyFolder } from './policy-folder.ts';
import type { PolicyFolder } from './policy-folder.ts';
import type { PolicyLimits } from './policy-limits.ts';
import { policyLimits } from './policy-limits.ts';
import { storeErrors } from './store-errors.ts';
import { openUndoJournal } from './undo-journal.ts';
import { watchFolder } from './watch-folder.ts';
import { createQueue } from '../in-turn.ts';
import { makeFolder } from '../make-folder.ts';

/** Which folder, by which clock, within which bounds. */
export interface FolderStoreOptions {
  /** Made when it does not exist. */
  readonly directory: string;
  /** Epoch ms. */
  readonly now: () => number;
  readonly limits?: Partial<PolicyLimits>;
  /** Keeps last good versions for the next start: for whoever enforces; without it this store knows what the files say. */
  readonly lastGood?: LastGood;
}

/** An open folder: its policies, those who are told of changes, and the queue that all work waits in. */
interface OpenFolder {
  readonly directory: string;
  readonly limits: PolicyLimits;
  readonly now: () => number;
  readonly folder: PolicyFolder;
  readonly listeners: Set<() => void>;
  readonly inTurn: <T>(work: () => Promise<T>) => Promise<T>;
  readonly tell: () => void;
  /** Reads what changed of these files, or of all, and tells. */
  readonly refresh: (names?: ReadonlySet<string>) => Promise<void>;
}

function createOpenFolder({ directory, now, ...options }: FolderStoreOptions): OpenFolder {
  const limits = { ...policyLimits, ...options.limits };
  const folder = createPolicyFolder({ directory, limits, now, lastGood: options.lastGood });
  const listeners = new Set<() => void>();
  const tell = (): void => listeners.forEach((listener) => listener());
  const refresh = async (names?: ReadonlySet<string>): Promise<void> => {
    if (await folder.refresh(names)) tell();
  };
  return { directory, limits, now, folder, listeners, inTurn: createQueue(), tell, refresh };
}

/** Reads the folder when it changes, tells when a lifetime ends, and puts aside what has been expired for long. */
function watchOver(open: OpenFolder): ReturnType<typeof watchFolder> {
  const { directory, limits, now, folder, inTurn, tell, refresh } = open;
  const lifetimes = createLifetimes(folder, limits, now);
  const clearAside = async (): Promise<void> => {
    if (await setAsideExpired(folder, { directory, limits, nowMs: now() })) await refresh();
  };
  return watchFolder({
    directory,
    limits,
    fileCount: () => folder.fileCount(),
    onDirty: (names) => void inTurn(() => refresh(names)),
    onTick() {
      if (!lifetimes.passed()) return;
      tell();
      void inTurn(clearAside).catch(() => undefined);
    },
  });
}

/**
 * Opens the folder and has read it when it resolves.
 * @throws AppError when the folder cannot be read or made.
 */
export async function openFolderStore(options: FolderStoreOptions): Promise<PolicyStore> {
  await ensureFolder(options.directory);
  const open = createOpenFolder(options);
  const { directory, limits, now, folder, listeners, inTurn, refresh } = open;
  const journal = openUndoJournal(directory, limits.undoSteps);
  const edits = createFolderEdits({ directory, folder, journal, limits, now, refresh });
  const watch = watchOver(open);
  // After the watch began: a change between the two would otherwise show only at the next slow look.
  await inTurn(() => refresh());
  return {
    entries: () => listEntries(folder.merged(), now()),
    onChange(listener) {
      listeners.add(listener);
      return () => listeners.delete(listener);
    },
    apply: (policy, how = {}) => inTurn(() => edits.apply(policy, how)),
    remove: (name, how = {}) => inTurn(() => edits.remove(policyName(name), how)),
    undo: (how = {}) => inTurn(() => edits.undo(how)),
    unkept: () => unkept(options.lastGood),
    close: () => {
      watch.close();
      listeners.clear();
      return inTurn(() => options.lastGood?.settled() ?? Promise.resolve());
    },
  };
}

async function ensureFolder(directory: string): Promise<void> {
  try {
    await makeFolder(directory);
    await access(directory, constants.R_OK | constants.X_OK);
  } catch (cause) {
    throw storeErrors.noFolder(directory, cause);
  }
}

interface Lifetimes {
  /** True when a lifetime has ended, or an expired file has become due, since the last call. */
  passed(): boolean;
}

function createLifetimes(folder: PolicyFolder, limits: PolicyLimits, now: () => number): Lifetimes {
  // The first call looks at everything: files may have come due while nobody watched.
  let checkedMs = -Infinity;
  return {
    passed() {
      const beforeMs = checkedMs;
      checkedMs = now();
      for (const { policy } of folder.merged().held.values()) {
        const ends = expiryMs(policy);
        const due = ends + limits.expiredKeepMs;
        if ((ends > beforeMs && ends <= checkedMs) || (due > beforeMs && due <= checkedMs)) return true;
      }
      return false;
    },
  };
}
