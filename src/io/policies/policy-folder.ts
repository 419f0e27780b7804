// The folder as last read: refreshes it, merges its files, and says whether anything changed. One at a time; knows no undo. What was last
// good of a file is kept for the next start where there is a keeper.
import { setImmediate } from 'node:timers/promises';
import { createHash } from 'node:crypto';
import { nameOf } from '../../core/policy/policy-name.ts';
import type { GoodVersion, LastGood } from './last-good.ts';
import type { FolderLook, SeenFile } from './read-folder.ts';
import { readFolder } from './read-folder.ts';
import type { FileState, MergedFiles } from './merge-files.ts';
import { mergeFiles } from './merge-files.ts';
import type { FilePolicy, PolicyFileRead } from './parse-policy-file.ts';
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

/** What was read last, and what it comes to. */
interface Held {
  readonly directory: string;
  readonly limits: PolicyLimits;
  readonly lastGood: LastGood | undefined;
  looks: FolderLook;
  known: ReadonlyMap<string, Known>;
  merged: MergedFiles;
  /** Why the folder itself could not be read the last time. */
  trouble: string | undefined;
}

/** Which folder, within which bounds, by which clock, and who keeps what was last good for the next start. */
export interface PolicyFolderOptions {
  readonly directory: string;
  readonly limits: PolicyLimits;
  /** Epoch ms. */
  readonly now: () => number;
  readonly lastGood: LastGood | undefined;
}

/** Knows nothing until the first refresh. */
export function createPolicyFolder({ now, ...options }: PolicyFolderOptions): PolicyFolder {
  const { limits } = options;
  const held: Held = {
    ...options,
    looks: new Map(),
    known: new Map(),
    merged: mergeFiles([], limits.policies),
    trouble: undefined,
  };
  return {
    refresh: () => refresh(held, now()),
    merged: () => held.merged,
    file(name) {
      const one = held.known.get(name);
      if (one === undefined) return undefined;
      const { look } = one.seen;
      const text = look.type === 'text' ? look.text : undefined;
      return { ...one, text, isLink: look.type === 'text' && look.isLink };
    },
    fileCount: () => held.known.size,
  };
}

async function refresh(held: Held, nowMs: number): Promise<boolean> {
  let fresh: FolderLook;
  try {
    fresh = await readFolder(held.directory, held.looks, { limits: held.limits, nowMs });
  } catch (error) {
    return isNewTrouble(held, error instanceof Error ? error.message : String(error));
  }
  const { known } = held;
  const next = await knowAll(held, fresh, nowMs);
  const changed =
    held.trouble !== undefined ||
    next.size !== known.size ||
    [...next].some(([file, one]) => known.get(file)?.read !== one.read);
  held.looks = fresh;
  held.known = next;
  held.trouble = undefined;
  held.lastGood?.retain(next);
  if (changed) rebuild(held);
  return changed;
}

/** What was read before stays, with the trouble beside it. */
function isNewTrouble(held: Held, message: string): boolean {
  if (held.trouble === message) return false;
  held.trouble = message;
  rebuild(held);
  return true;
}

function rebuild(held: Held): void {
  const { known, limits, trouble } = held;
  held.merged = mergeFiles([...known.values()], limits.policies);
  if (trouble !== undefined)
    complain(held, 'POLICY_FOLDER', `the folder cannot be read (${trouble}); its policies stay as they were`);
  if (known.size >= limits.files)
    complain(
      held,
      'TOO_MANY_FILES',
      `the folder holds ${limits.files} files or more; those beyond are not read`,
    );
}

function complain(held: Held, code: string, reason: string): void {
  const rejection = rejectionAt('.', { code, reason });
  held.merged = { ...held.merged, rejected: [...held.merged.rejected, { type: 'rejected', rejection }] };
}

/** Files judged between two turns of the event loop: parsing 10,000 at once would hold everything else up for seconds. */
const filesPerTurn = 100;

async function knowAll(held: Held, fresh: FolderLook, nowMs: number): Promise<Map<string, Known>> {
  const next = new Map<string, Known>();
  for (const [file, seen] of fresh) {
    const before = held.known.get(file);
    const one = know(file, seen, { before, lastGood: held.lastGood, nowMs });
    next.set(file, one);
    if (one.read !== before?.read && next.size % filesPerTurn === 0) await setImmediate();
  }
  return next;
}

interface Knowing {
  readonly before: Known | undefined;
  readonly lastGood: LastGood | undefined;
  readonly nowMs: number;
}

/** Parses only when the text is another one; keeps the objects of the last valid text. */
function know(file: string, seen: SeenFile, knowing: Knowing): Known {
  const { before } = knowing;
  if (before !== undefined && sameLook(before.seen, seen)) return { ...before, seen };
  const { look } = seen;
  const read: PolicyFileRead =
    look.type === 'text'
      ? parsePolicyFile(file, look.text)
      : { ok: false, rejection: rejectionAt(file, { code: look.code, reason: look.reason }) };
  if (!read.ok) return { file, seen, read, ...standIn(file, knowing) };
  if (look.type === 'text') keep(knowing.lastGood, file, { text: look.text, policies: read.policies });
  return { file, seen, read, lastGood: read.policies };
}

/** What stands in for a file that is invalid: its objects from before, in this life or in an earlier one. */
function standIn(file: string, { before, lastGood, nowMs }: Knowing): Pick<FileState, 'lastGood' | 'since'> {
  const kept = before === undefined ? lastGood?.find(file) : undefined;
  const policies = kept === undefined ? (before?.lastGood ?? []) : kept.policies.map(objectOf);
  if (policies.length === 0) return { lastGood: [] };
  const since = before?.since ?? kept?.since ?? new Date(nowMs).toISOString();
  lastGood?.since(file, since);
  return { lastGood: policies, since };
}

/** Where it stood in the file is not known any more. */
const objectOf = (policy: GoodVersion['policies'][number], document: number): FilePolicy => ({
  ...{ name: nameOf(policy), policy, document },
  line: 1,
});

function keep(
  lastGood: LastGood | undefined,
  file: string,
  { text, policies }: { readonly text: string; readonly policies: readonly FilePolicy[] },
): void {
  if (policies.length === 0) lastGood?.forget(file);
  else
    lastGood?.keep(file, {
      version: createHash('sha256').update(text).digest('base64url'),
      policies: policies.map(({ policy }) => policy),
    });
}

function sameLook({ look: one }: SeenFile, { look: other }: SeenFile): boolean {
  if (one === other) return true;
  if (one.type === 'text') return other.type === 'text' && one.text === other.text;
  return other.type === 'refused' && one.code === other.code && one.reason === other.reason;
}
