// The last snapshot of who is who, as an agent keeps it on its node for a start without a hub. Its time of change is when it was last known to
// be true. Owner-only: it names every workload of the cluster. Knows no frame.
import { chmod, readFile, rename, stat, utimes, writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { AppError } from '../../core/model/app-error.ts';
import { frameLimits } from '../../core/identity/identity-frame.ts';
import { makeFolder } from '../make-folder.ts';

/** What was kept, and when it was last true, epoch ms. */
export interface KeptIdentity {
  readonly bytes: Buffer;
  readonly heardMs: number;
}

/** One file. */
export interface IdentityFile {
  readonly path: string;
  /** Undefined when there is none, or it cannot be one. */
  read(): Promise<KeptIdentity | undefined>;
  /** Whole or not at all. @throws AppError */
  write(bytes: Uint8Array): Promise<void>;
  /** It is still true. */
  touch(nowMs: number): Promise<void>;
}

const cannotKeep = (path: string, cause: unknown): AppError =>
  new AppError({
    code: 'IDENTITY_NOT_KEPT',
    family: 'cannotCreate',
    message: `Who is who cannot be kept in ${path}: ${cause instanceof Error ? cause.message : String(cause)}.`,
    hint: 'Give the agent a directory of its own on the node with --state DIR; without it, it knows no other node when it starts without a hub.',
    cause,
  });

async function read(path: string): Promise<KeptIdentity | undefined> {
  try {
    const { size, mtimeMs } = await stat(path);
    return size > frameLimits.bytes ? undefined : { bytes: await readFile(path), heardMs: mtimeMs };
  } catch {
    return undefined;
  }
}

async function write(directory: string, path: string, bytes: Uint8Array): Promise<void> {
  try {
    await makeFolder(directory, 0o700);
    const beside = `${path}.${process.pid}.new`;
    await writeFile(beside, bytes, { mode: 0o600 });
    await chmod(beside, 0o600);
    await rename(beside, path);
  } catch (error) {
    throw cannotKeep(path, error);
  }
}

/** The file of a state directory; nothing is opened yet. */
export function identityFile(directory: string): IdentityFile {
  const path = join(directory, 'identity.adid');
  return {
    path,
    read: () => read(path),
    write: (bytes) => write(directory, path, bytes),
    touch: (nowMs) => utimes(path, nowMs / 1_000, nowMs / 1_000).catch(() => undefined),
  };
}
