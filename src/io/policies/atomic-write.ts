// Files that are whole or not there: written beside their place, synced, renamed. Knows no policy.
import { randomBytes } from 'node:crypto';
import { open, rename, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';

/** Survives a crash at any moment: readers see the old text or the new one. */
export async function writeAtomically(path: string, text: string, mode: number): Promise<void> {
  const directory = dirname(path);
  const temporary = join(directory, `.apidefense-${process.pid}-${randomBytes(6).toString('hex')}.tmp`);
  const handle = await open(temporary, 'wx', mode);
  try {
    await handle.writeFile(text);
    await handle.sync();
  } catch (error) {
    await unlink(temporary).catch(() => undefined);
    throw error;
  } finally {
    await handle.close();
  }
  await rename(temporary, path).catch(async (error: unknown) => {
    await unlink(temporary).catch(() => undefined);
    throw error;
  });
  await syncDirectory(directory);
}

/** Removes a file for good. */
export async function removeDurably(path: string): Promise<void> {
  await unlink(path);
  await syncDirectory(dirname(path));
}

/** Makes renames and removals in a folder last (fsync of the folder itself). */
export async function syncDirectory(directory: string): Promise<void> {
  const handle = await open(directory, 'r');
  await handle.sync().finally(() => handle.close());
}
