// Removes everything in a folder and leaves the folder itself, which may be a mount. Knows nothing of what is in it.
import { readdir, rm } from 'node:fs/promises';
import { join } from 'node:path';

/** What is not there is as good as removed. Never rejects: what stays is named in the answer. */
export async function emptyFolder(path: string): Promise<readonly string[]> {
  const names = await readdir(path).catch(() => []);
  const stayed: string[] = [];
  for (const name of names)
    await rm(join(path, name), { recursive: true, force: true }).catch(() => stayed.push(join(path, name)));
  return stayed;
}
