// The folder as last read: refreshes it, merges its files, and says whether anything changed. One at a time; knows no undo. What was last
// good of a file is kept for the next start where there is a keeper.
import { setImmediate } from 'node:timers/promises';
import { createHash } from 'node:crypto';
import { nameOf } from '../../core/policy/policy-name.ts';
import type { GoodVersion, LastGood } from './last-good.ts';
import type { FolderLook, FolderWork, SeenFile } from './read-folder.ts';
import { noLook, readFolder } from './read-folder.ts';
import type { FileReading, FileState, MergedFiles } from './merge-files.ts';
import { fileState, mergeFiles } from './merge-files.ts';
import type { FilePolicy, PolicyFileRead } from './parse-policy-file.ts';
import { parsePolicyFile, rejectionAt } from './parse-policy-file.ts';
import type { PolicyLimits } from './policy-limits.ts';

/** The folder as it was last read. */
export interface PolicyFolder {
  /** Reads what changed of these files, or of all; true when the merged result may differ. Never rejects after the first time. */
  refresh(names?: ReadonlySet<string>): Promise<boolean>;
  merged(): MergedFiles;
  /** The file as last read. */
  file(
    name: string,
  ): (FileState & { readonly text: string | undefined; readonly isLink: boolean }) | undefined;
  fileCount(): number;
  /** Work done since it was made. */
  readonly work: Readonly<FolderWork & ParseWork>;
}

interface ParseWork {
  /** Files whose text was parsed. */
  parsed: number;
}

interface Known extends FileState {
  readonly seen: SeenFile;
}

/** What was read last, and what it comes to. */
interface Held {
  readonly directory: string;
  readonly limits: PolicyLimits;
  readonly lastGood: LastGood | undefined;
  readonly work: FolderWork & ParseWork;
  look: FolderLook;
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
    work: { looked: 0, read: 0, parsed: 0 },
    look: noLook,
    known: new Map(),
    merged: mergeFiles([], limits.policies),
    trouble: undefined,
  };
  return {
    refresh: (names) => refresh(held, names, now()),
    merged: () => held.merged,
    file(name) {
      const one = held.known.get(name);
      if (one === undefined) return undefined;
      const { look } = one.seen;
      const text = look.type === 'text' ? look.text : undefined;
      return { ...one, text, isLink: look.type === 'text' && look.isLink };
    },
    fileCount: () => held.known.size,
    work: held.work,
  };
}

async function refresh(held: Held, names: ReadonlySet<string> | undefined, nowMs: number): Promise<boolean> {
  const { limits, work } = held;
  let fresh: FolderLook;
  try {
    // What came while the folder could not be read was told to nobody.
    const few = held.trouble === undefined ? names : undefined;
    fresh = await readFolder(held.directory, held.look, { limits, nowMs, names: few, work });
  } catch (error) {
    return isNewTrouble(held, error instanceof Error ? error.message : String(error));
  }
  const { known } = held;
  const next = await knowAll(held, fresh, nowMs);
  const changed =
    held.trouble !== undefined ||
    next.size !== known.size ||
    [...next].some(([file, one]) => known.get(file)?.read !== one.read);
  held.look = fresh;
  held.known = next;
  held.trouble = undefined;
  forgetGone(held.lastGood, known, next);
  if (changed) rebuild(held);
  return changed;
}

function forgetGone(
  lastGood: LastGood | undefined,
  before: ReadonlyMap<string, Known>,
  next: ReadonlyMap<string, Known>,
): void {
  // At the first look nobody knows what went while nobody ran.
  if (before.size === 0) lastGood?.retain(next);
  else for (const file of before.keys()) if (!next.has(file)) lastGood?.forget(file);
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
  for (const [file, seen] of fresh.files) {
    const before = held.known.get(file);
    const one =
      before?.seen === seen
        ? before
        : know(file, seen, { before, lastGood: held.lastGood, work: held.work, nowMs });
    next.set(file, one);
    if (one.read !== before?.read && next.size % filesPerTurn === 0) await setImmediate();
  }
  return next;
}

interface Knowing {
  readonly before: Known | undefined;
  readonly lastGood: LastGood | undefined;
  readonly work: ParseWork;
  readonly nowMs: number;
}

/** Parses only when the text is another one; keeps the objects of the last valid text. */
function know(file: string, seen: SeenFile, knowing: Knowing): Known {
  const { before } = knowing;
  if (before !== undefined && sameLook(before.seen, seen)) return { ...before, seen };
  const { look } = seen;
  if (look.type === 'text') knowing.work.parsed += 1;
  const read: PolicyFileRead =
    look.type === 'text'
      ? parsePolicyFile(file, look.text)
      : { ok: false, rejection: rejectionAt(file, { code: look.code, reason: look.reason }) };
  if (!read.ok) return { ...fileState({ file, read, ...standIn(file, knowing) }), seen };
  if (look.type === 'text') keep(knowing.lastGood, file, { text: look.text, policies: read.policies });
  return { ...fileState({ file, read, lastGood: read.policies }), seen };
}

/** What stands in for a file that is invalid: its objects from before, in this life or in an earlier one. */
function standIn(
  file: string,
  { before, lastGood, nowMs }: Knowing,
): Pick<FileReading, 'lastGood' | 'since'> {
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
