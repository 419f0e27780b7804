// Where what takes long to make is kept between runs: outside of the checkout, so that every clone of a machine shares it.
import { mkdirSync, readdirSync, renameSync, rmSync, statSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';

/** The folder of caches, made when it is not there. `API_DEFENSE_CACHE` names another one. */
export function cacheFolder(): string {
  const base = process.env['XDG_CACHE_HOME'] ?? join(homedir(), '.cache');
  const folder = process.env['API_DEFENSE_CACHE'] ?? join(base, 'api-defense');
  mkdirSync(folder, { recursive: true });
  return folder;
}

/** How many versions of one thing stay: the newest of some branches. */
const keptVersions = 4;

function removeOld(prefix: string): void {
  const folder = cacheFolder();
  const versions = readdirSync(folder)
    .filter((name) => name.startsWith(`${prefix}-`))
    .map((name) => ({ path: join(folder, name), at: statSync(join(folder, name)).mtimeMs }))
    .toSorted((a, b) => b.at - a.at);
  for (const { path } of versions.slice(keptVersions)) rmSync(path, { recursive: true, force: true });
}

const isFolder = (path: string): boolean => statSync(path, { throwIfNoEntry: false })?.isDirectory() === true;

/**
 * The folder `PREFIX-KEY`, filled by `fill` when it is not there: under another name first, so that nobody sees half of it and of two
 * that fill it at once each may be the one.
 * @throws what `fill` throws; then nothing is left.
 */
export async function cached(
  { prefix, key }: { readonly prefix: string; readonly key: string },
  fill: (folder: string) => void | Promise<void>,
): Promise<string> {
  const folder = join(cacheFolder(), `${prefix}-${key}`);
  if (isFolder(folder)) return folder;
  const filled = join(cacheFolder(), `.${prefix}-${key}.${process.pid}`);
  rmSync(filled, { recursive: true, force: true });
  mkdirSync(filled);
  try {
    await fill(filled);
    renameSync(filled, folder);
  } catch (error) {
    if (!isFolder(folder)) throw error;
  } finally {
    rmSync(filled, { recursive: true, force: true });
  }
  removeOld(prefix);
  return folder;
}
