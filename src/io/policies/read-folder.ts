// Looks through the policy folder: which files there are, and the text of those that changed since the last look.
// Follows no link out of the folder and reads no file beyond its limit. Knows no YAML. A look at a few names costs what they cost, however many
// others there are; only a look at all finds what nobody told.
import type { BigIntStats } from 'node:fs';
import { lstat, open, readdir, realpath, stat, type FileHandle } from 'node:fs/promises';
import { join, sep } from 'node:path';
import type { PolicyLimits } from './policy-limits.ts';
import { isPolicyFileName } from './policy-limits.ts';

/** The text of a file, or why it is not read. */
export type FileLook =
  | { readonly type: 'text'; readonly text: string; readonly isLink: boolean }
  | { readonly type: 'refused'; readonly code: string; readonly reason: string };

/** A file with what identifies this state of it. */
export interface SeenFile {
  /** Size, inode and time stamps. */
  readonly stamp: string;
  /** True when a change right after this look might leave the stamp as it is. */
  readonly racy: boolean;
  readonly look: FileLook;
}

/** A folder as it was looked at. */
export interface FolderLook {
  /** Which folder its name stood for; '' before the first look. */
  readonly identity: string;
  /** Name to file, in file-name order. */
  readonly files: ReadonlyMap<string, SeenFile>;
  /** Links to what is not there: as if they were not there themselves, until it comes. */
  readonly dangling: ReadonlySet<string>;
}

/** Before the first look. */
export const noLook: FolderLook = { identity: '', files: new Map(), dangling: new Set() };

/** Work done since it was made: for the tests that show what it grows with. */
export interface FolderWork {
  /** Files asked for their stamp. */
  looked: number;
  /** Files whose text was read. */
  read: number;
}

/** Within which bounds, and what is to be looked at. */
export interface ReadFolderOptions {
  readonly limits: PolicyLimits;
  readonly nowMs: number;
  /** What may have changed; undefined: anything. Links are always looked at: what they lead to may have any name. */
  readonly names: ReadonlySet<string> | undefined;
  readonly work: FolderWork;
}

/** Reads anew only what changed since `before`. Rejects when the folder itself cannot be read. */
export async function readFolder(
  directory: string,
  before: FolderLook,
  options: ReadFolderOptions,
): Promise<FolderLook> {
  const identity = identityOf(await stat(directory, { bigint: true }));
  const { limits, names } = options;
  const few = identity === before.identity && names !== undefined ? doubtful(before, names) : undefined;
  if (few === undefined || before.files.size + few.length > limits.files) {
    const all = (await readdir(directory)).filter(isPolicyFileName).sort().slice(0, limits.files);
    return { identity, ...(await lookAtAll(directory, all, { ...options, before })) };
  }
  const seen = await lookAtAll(directory, few, { ...options, before });
  // Files that are gone with their folder are not gone from it.
  if (seen.files.size < few.length && identityOf(await stat(directory, { bigint: true })) !== identity)
    throw new Error('it was replaced while it was looked at');
  const dangling = new Set([...before.dangling].filter((name) => !few.includes(name)));
  for (const name of seen.dangling) dangling.add(name);
  return { identity, files: withThose(before.files, few, seen.files), dangling };
}

/** An inode number may be given out again at once: its birth tells two apart. */
const identityOf = ({ dev, ino, birthtimeNs }: BigIntStats): string => `${dev} ${ino} ${birthtimeNs}`;

/** Names given, and those of which the stamp need not tell. */
function doubtful({ files, dangling }: FolderLook, names: ReadonlySet<string>): readonly string[] {
  const all = new Set([...names, ...dangling].filter(isPolicyFileName));
  for (const [name, { racy, look }] of files)
    if (racy || look.type === 'refused' || look.isLink) all.add(name);
  return [...all].sort();
}

function withThose(
  before: FolderLook['files'],
  names: readonly string[],
  seen: ReadonlyMap<string, SeenFile>,
): FolderLook['files'] {
  const files = new Map(before);
  for (const name of names) {
    const file = seen.get(name);
    if (file === undefined) files.delete(name);
    else files.set(name, file);
  }
  return names.every((name) => before.has(name)) ? files : inNameOrder(files);
}

const inNameOrder = (files: FolderLook['files']): FolderLook['files'] =>
  new Map([...files].sort(([one], [other]) => (one < other ? -1 : 1)));

interface LookAtAll extends ReadFolderOptions {
  readonly before: FolderLook;
}

/** In the order of the names; without those that are not there. */
async function lookAtAll(
  directory: string,
  names: readonly string[],
  { before, ...options }: LookAtAll,
): Promise<Pick<FolderLook, 'files' | 'dangling'>> {
  const { limits, nowMs, work } = options;
  const root = await realpath(directory);
  const files = new Map<string, SeenFile>();
  const dangling = new Set<string>();
  work.looked += names.length;
  for (let at = 0; at < names.length; at += limits.parallelReads) {
    const group = names.slice(at, at + limits.parallelReads);
    const seen = await Promise.all(
      group.map((name) =>
        lookAt(join(directory, name), { root, before: before.files.get(name), limits, nowMs, work }),
      ),
    );
    group.forEach((name, position) => {
      const file = seen[position];
      if (file === 'dangling') dangling.add(name);
      else if (file !== undefined) files.set(name, file);
    });
  }
  return { files, dangling };
}

interface LookOptions {
  readonly root: string;
  readonly before: SeenFile | undefined;
  readonly limits: PolicyLimits;
  readonly nowMs: number;
  readonly work: FolderWork;
}

/** Undefined when the file went away meanwhile. */
async function lookAt(path: string, options: LookOptions): Promise<SeenFile | 'dangling' | undefined> {
  const { before, limits, nowMs, work } = options;
  try {
    const link = await lstat(path, { bigint: true });
    const isLink = link.isSymbolicLink();
    const stats = isLink ? await targetOf(path) : link;
    if (stats === undefined) return 'dangling';
    const stamp = stampOf(stats);
    if (before?.stamp === stamp && !before.racy) return before;
    work.read += 1;
    const racy = nowMs - Number(stats.mtimeMs) < limits.racyMs;
    return { stamp, racy, look: await readLook(path, { isLink, stats, root: options.root, limits }) };
  } catch (error) {
    if (isMissing(error)) return undefined;
    const reason = error instanceof Error ? error.message : String(error);
    return {
      stamp: '',
      racy: true,
      look: refused('POLICY_FILE_UNREADABLE', `it cannot be read (${reason})`),
    };
  }
}

const isMissing = (error: unknown): boolean =>
  error instanceof Error && 'code' in error && error.code === 'ENOENT';

/** Undefined when it leads to nothing. */
async function targetOf(path: string): Promise<BigIntStats | undefined> {
  try {
    return await stat(path, { bigint: true });
  } catch (error) {
    if (isMissing(error)) return undefined;
    throw error;
  }
}

const stampOf = (stats: BigIntStats): string =>
  `${stats.dev} ${stats.ino} ${stats.size} ${stats.mtimeNs} ${stats.ctimeNs}`;

async function readLook(
  path: string,
  file: {
    readonly isLink: boolean;
    readonly stats: BigIntStats;
    readonly root: string;
    readonly limits: PolicyLimits;
  },
): Promise<FileLook> {
  const { isLink, stats, root, limits } = file;
  if (isLink && !(await realpath(path)).startsWith(root + sep))
    return refused('POLICY_FILE_LINK', 'it is a link that leads out of the policy folder');
  if (!stats.isFile()) return refused('POLICY_FILE_KIND', 'it is not a regular file');
  if (stats.size > limits.fileBytes)
    return refused('POLICY_FILE_TOO_LARGE', `it is larger than ${limits.fileBytes} bytes`);
  const text = await readBounded(path, { sizeBytes: Number(stats.size), limitBytes: limits.fileBytes });
  return text === undefined
    ? refused('POLICY_FILE_TOO_LARGE', `it is larger than ${limits.fileBytes} bytes`)
    : { type: 'text', text, isLink };
}

/** As large as it was looked at; one that has grown since is read again, with room for the largest. */
async function readBounded(
  path: string,
  { sizeBytes, limitBytes }: { readonly sizeBytes: number; readonly limitBytes: number },
): Promise<string | undefined> {
  const handle = await open(path, 'r');
  try {
    return (await readWhole(handle, sizeBytes)) ?? (await readWhole(handle, limitBytes));
  } finally {
    await handle.close();
  }
}

/** Undefined when there is more. */
async function readWhole(handle: FileHandle, mostBytes: number): Promise<string | undefined> {
  const buffer = Buffer.alloc(mostBytes + 1);
  let filled = 0;
  while (filled < buffer.length) {
    const { bytesRead } = await handle.read(buffer, filled, buffer.length - filled, filled);
    if (bytesRead === 0) return buffer.toString('utf8', 0, filled);
    filled += bytesRead;
  }
  return undefined;
}

const refused = (code: string, reason: string): FileLook => ({ type: 'refused', code, reason });
