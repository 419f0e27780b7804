// Looks through the policy folder: which files there are, and the text of those that changed since the last look.
// Follows no link out of the folder and reads no file beyond its limit. Knows no YAML.
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

/** Name to file, in file-name order. */
export type FolderLook = ReadonlyMap<string, SeenFile>;

/** Reads anew only what changed since `before`. Rejects when the folder itself cannot be read. */
export async function readFolder(
  directory: string,
  before: FolderLook,
  { limits, nowMs }: { readonly limits: PolicyLimits; readonly nowMs: number },
): Promise<FolderLook> {
  const names = (await readdir(directory)).filter(isPolicyFileName).sort().slice(0, limits.files);
  const root = await realpath(directory);
  const found = new Map<string, SeenFile>();
  for (let at = 0; at < names.length; at += limits.parallelReads) {
    const group = names.slice(at, at + limits.parallelReads);
    const seen = await Promise.all(
      group.map((name) => lookAt(join(directory, name), { root, before: before.get(name), limits, nowMs })),
    );
    group.forEach((name, position) => {
      const file = seen[position];
      if (file !== undefined) found.set(name, file);
    });
  }
  return found;
}

interface LookOptions {
  readonly root: string;
  readonly before: SeenFile | undefined;
  readonly limits: PolicyLimits;
  readonly nowMs: number;
}

/** Undefined when the file went away meanwhile. */
async function lookAt(path: string, options: LookOptions): Promise<SeenFile | undefined> {
  const { before, limits, nowMs } = options;
  try {
    const link = await lstat(path, { bigint: true });
    const isLink = link.isSymbolicLink();
    const stats = isLink ? await stat(path, { bigint: true }) : link;
    const stamp = stampOf(stats);
    if (before?.stamp === stamp && !before.racy) return before;
    const racy = nowMs - Number(stats.mtimeMs) < limits.racyMs;
    return { stamp, racy, look: await readLook(path, { isLink, stats, root: options.root, limits }) };
  } catch (error) {
    if (error instanceof Error && 'code' in error && error.code === 'ENOENT') return undefined;
    const reason = error instanceof Error ? error.message : String(error);
    return {
      stamp: '',
      racy: true,
      look: refused('POLICY_FILE_UNREADABLE', `it cannot be read (${reason})`),
    };
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
