// The folder as last read: refreshes it, merges its files, and says whether anything changed. One at a time; knows no undo.
import { setImmediate } from 'node:timers/promises';
import type { FolderLook, SeenFile } from './read-folder.ts';
import { readFolder } from './read-folder.ts';
import type { FileState, MergedFiles } from './merge-files.ts';
import { mergeFiles } from './merge-files.ts';
import type { PolicyFileRead } from './parse-policy-file.ts';
import { parsePolicyFile, rejectionAt } from './parse-policy-file.ts';
import type { PolicyLimits } from './policy-limits.ts';

/** The folder as it was last read. */
export interface PolicyFolder {
  /** Reads what changed; true when the merged result may differ. Never rejects after the first time. */
  refresh(): Promise<boolean>;
  merged(): MergedFiles;
  /** The file as last read. */
  file(
    name: string,
  ): (FileState & { readonly text: string | undefined; readonly isLink: boolean }) | undefined;
  fileCount(): number;
}

interface Known extends FileState {
  readonly seen: SeenFile;
}

/** Knows nothing until the first refresh; `now` is epoch ms. */
export function createPolicyFolder(directory: string, limits: PolicyLimits, now: () => number): PolicyFolder {
  let looks: FolderLook = new Map();
  let known = new Map<string, Known>();
  let merged = mergeFiles([], limits.policies);
  let trouble: string | undefined;

  const rebuild = (): void => {
    merged = mergeFiles([...known.values()], limits.policies);
    if (trouble !== undefined)
      complain('POLICY_FOLDER', `the folder cannot be read (${trouble}); its policies stay as they were`);
    if (known.size >= limits.files)
      complain('TOO_MANY_FILES', `the folder holds ${limits.files} files or more; those beyond are not read`);
  };
  const complain = (code: string, reason: string): void => {
    const rejection = rejectionAt('.', code, reason);
    merged = { ...merged, rejected: [...merged.rejected, { type: 'rejected', rejection }] };
  };
  return {
    async refresh() {
      let fresh: FolderLook;
      try {
        fresh = await readFolder(directory, looks, limits, now());
      } catch (error) {
        const message = error instanceof Error ? error.message : String(error);
        const news = trouble !== message;
        trouble = message;
        if (news) rebuild();
        return news;
      }
      const next = await knowAll(fresh, known);
      const changed =
        trouble !== undefined ||
        next.size !== known.size ||
        [...next].some(([file, one]) => known.get(file)?.read !== one.read);
      looks = fresh;
      known = next;
      trouble = undefined;
      if (changed) rebuild();
      return changed;
    },
    merged: () => merged,
    file(name) {
      const one = known.get(name);
      if (one === undefined) return undefined;
      const { look } = one.seen;
      const text = look.type === 'text' ? look.text : undefined;
      return { ...one, text, isLink: look.type === 'text' && look.isLink };
    },
    fileCount: () => known.size,
  };
}

/** Files judged between two turns of the event loop: parsing 10,000 at once would hold everything else up for seconds. */
const filesPerTurn = 100;

async function knowAll(fresh: FolderLook, known: ReadonlyMap<string, Known>): Promise<Map<string, Known>> {
  const next = new Map<string, Known>();
  for (const [file, seen] of fresh) {
    const before = known.get(file);
    const one = know(file, seen, before);
    next.set(file, one);
    if (one.read !== before?.read && next.size % filesPerTurn === 0) await setImmediate();
  }
  return next;
}

/** Parses only when the text is another one; keeps the objects of the last valid text. */
function know(file: string, seen: SeenFile, before: Known | undefined): Known {
  if (before !== undefined && sameLook(before.seen, seen)) return { ...before, seen };
  const { look } = seen;
  const read: PolicyFileRead =
    look.type === 'text'
      ? parsePolicyFile(file, look.text)
      : { ok: false, rejection: rejectionAt(file, look.code, look.reason) };
  return { file, seen, read, lastGood: read.ok ? read.policies : (before?.lastGood ?? []) };
}

function sameLook({ look: one }: SeenFile, { look: other }: SeenFile): boolean {
  if (one === other) return true;
  if (one.type === 'text') return other.type === 'text' && one.text === other.text;
  return other.type === 'refused' && one.code === other.code && one.reason === other.reason;
}
