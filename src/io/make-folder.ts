// Makes a folder and what is missing above it. Used in place of mkdir's own `recursive`, which never ends (and takes a core) where
// the kernel says of a folder that is there that it is not, as it does for every new name below /proc. Knows no purpose of any folder.
import { mkdir, stat } from 'node:fs/promises';
import { dirname } from 'node:path';

async function isFolder(path: string): Promise<boolean> {
  return (await stat(path).catch(() => undefined))?.isDirectory() === true;
}

async function makeOne(path: string, mode: number): Promise<void> {
  try {
    await mkdir(path, { mode });
  } catch (error) {
    if (!(await isFolder(path))) throw error;
  }
}

/**
 * Makes `path`, and the folders above it that are missing, with `mode`; one that is there stays as it is.
 * @throws the error of the file system for the first one that cannot be made.
 */
export async function makeFolder(path: string, mode = 0o777): Promise<void> {
  const above = dirname(path);
  if (above !== path && !(await isFolder(above))) await makeFolder(above, mode);
  await makeOne(path, mode);
}
