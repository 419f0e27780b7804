// What an image holds, as a list: where each file of it comes from and where it goes. Lists are data; tar, archive and the
// layers of deploy/Containerfile are made from them.
import { lstatSync, readdirSync, readFileSync, readlinkSync, realpathSync, statSync } from 'node:fs';
import { spawnSync } from 'node:child_process';
import { dirname, join } from 'node:path';
import type { TarEntry } from './tar.ts';

/** One line of a list. `to` is the absolute path in the image; a folder is taken with everything in it. */
export interface Item {
  readonly to: string;
  readonly from: string;
  /** Names left out of a folder, at any depth. */
  readonly without?: readonly string[];
  /** Ends of names left out as well. */
  readonly withoutEndings?: readonly string[];
}

/** A layer: what changes together. */
export type Layer = readonly Item[];

const executableBits = 0o111;

/** Only two modes, so that the umask of whoever checked out the sources does not show. */
const modeOf = (mode: number): number => ((mode & executableBits) === 0 ? 0o644 : 0o755);

const inside = (path: string): string => path.replace(/^\/+/, '');

const isLeftOut = ({ without = [], withoutEndings = [] }: Item, name: string): boolean =>
  without.includes(name) || withoutEndings.some((ending) => name.endsWith(ending));

function entriesOf(item: Item): TarEntry[] {
  const found = lstatSync(item.from);
  const path = inside(item.to);
  if (found.isSymbolicLink())
    return [{ path, mode: 0o777, content: { type: 'link', target: readlinkSync(item.from) } }];
  if (found.isFile())
    return [
      { path, mode: modeOf(found.mode), content: { type: 'file', path: item.from, sizeBytes: found.size } },
    ];
  if (!found.isDirectory())
    throw new Error(`${item.from} is no file, folder or link: an image cannot hold it.`);
  const names = readdirSync(item.from).filter((name) => !isLeftOut(item, name));
  const below = names.flatMap((name) =>
    entriesOf({ ...item, from: join(item.from, name), to: join(item.to, name) }),
  );
  return [{ path, mode: 0o755, content: { type: 'folder' } }, ...below];
}

function parentsOf(path: string): string[] {
  const parent = dirname(path);
  return parent === '.' ? [] : [...parentsOf(parent), parent];
}

/** The entries of a layer, each path once, sorted, with the folders that lead to it. @throws Error when two items give one path different files. */
export function layerEntries(layer: Layer): TarEntry[] {
  const byPath = new Map<string, TarEntry>();
  for (const entry of layer.flatMap(entriesOf)) {
    for (const path of parentsOf(entry.path))
      if (!byPath.has(path)) byPath.set(path, { path, mode: 0o755, content: { type: 'folder' } });
    const before = byPath.get(entry.path);
    if (before !== undefined && before.content.type !== 'folder')
      throw new Error(`Two items of one image layer are /${entry.path}: leave one out.`);
    byPath.set(entry.path, entry);
  }
  return [...byPath.values()].toSorted((a, b) => (a.path < b.path ? -1 : 1));
}

/**
 * The shared libraries that programs and libraries of this machine load, as its dynamic linker finds them, at the same places in the
 * image; none twice. @throws Error when one is missing on this machine.
 */
export function librariesOf(...files: readonly string[]): Item[] {
  const found = new Set<string>();
  for (const file of files) {
    const { status, stdout, stderr } = spawnSync('ldd', [file], { encoding: 'utf8' });
    const missing = /^\s*(\S+) => not found/m.exec(stdout);
    if (status !== 0 || missing !== null)
      throw new Error(
        `The libraries of ${file} cannot be listed: ${missing === null ? stderr.trim() : `${missing[1] ?? ''} is not installed`}.`,
      );
    for (const [, path] of stdout.matchAll(/(?:=>\s+|^\s+)(\/\S+) \(0x/gm))
      if (path !== undefined) found.add(path);
  }
  return [...found].map((path) => ({ from: realpathSync(path), to: path }));
}

/**
 * A library by the name that programs load it by, which is a link to its file, from the folders of Debian's architectures.
 * @throws Error naming the package that brings it.
 */
export function findLibrary(name: string, debianPackage: string): Item {
  for (const folder of [
    '/usr/lib/x86_64-linux-gnu',
    '/usr/lib/aarch64-linux-gnu',
    '/usr/lib64',
    '/usr/lib',
  ]) {
    const path = join(folder, name);
    if (statSync(path, { throwIfNoEntry: false })?.isFile() === true)
      return { to: path, from: realpathSync(path) };
  }
  throw new Error(`${name} is not on this machine: install Debian's ${debianPackage}.`);
}

interface LockedPackage {
  readonly dev?: boolean;
  readonly devOptional?: boolean;
}

function lockedPackages(root: string): Readonly<Record<string, LockedPackage>> {
  const lock: unknown = JSON.parse(readFileSync(join(root, 'package-lock.json'), 'utf8'));
  const isLock = (value: unknown): value is { readonly packages: Readonly<Record<string, LockedPackage>> } =>
    typeof value === 'object' && value !== null && 'packages' in value;
  if (!isLock(lock)) throw new Error(`${root}/package-lock.json lists no packages.`);
  return lock.packages;
}

/** What only compilers and debuggers read: of the Kubernetes client it is three quarters. */
const notForRunning = ['.d.ts', '.d.mts', '.d.cts', '.map'];

/** The packages that the program needs when it runs, as they are installed in `root`, at `to`. */
export function productionPackages(root: string, to: string): Item[] {
  return Object.entries(lockedPackages(root))
    .filter(([path, { dev, devOptional }]) => path !== '' && dev !== true && devOptional !== true)
    .filter(([path]) => !path.includes('node_modules/@types/'))
    .map(([path]) => ({
      from: join(root, path),
      to: join(to, path),
      without: ['node_modules'],
      withoutEndings: notForRunning,
    }))
    .filter(({ from }) => statSync(from, { throwIfNoEntry: false }) !== undefined);
}
