// Which namespace is a pod's: the file of the namespace directory whose interfaces have the pod's address, or, as the fallback, that of a
// process of the pod. Nothing is taken for the pod's before its inode is not ours or the node's and its address is the pod's: a process
// that is just starting can still be in the node's namespace (in-pod.md, 1). Changes nothing.
import { readdirSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../../../core/model/app-error.ts';
import { addressesIn } from './interfaces.ts';
import { closeNetns, openNetns, type Netns } from './netns.ts';
import type { NodeKernel } from './node-kernel.ts';

/** Files looked at in one pass; a node has at most a few hundred pods. */
const filesLimit = 4096;

/** What is used of the tools. */
export type Finder = Pick<NodeKernel, 'door' | 'netlink'>;

/** Inodes that are never a pod's: the agent's own namespace, and that of process 1 where it can be seen. */
export function foreignInodes({ door }: Pick<Finder, 'door'>, proc = '/proc'): ReadonlySet<number> {
  const inodes = new Set([door.homeInode]);
  for (const pid of ['self', '1'])
    try {
      inodes.add(statSync(join(proc, pid, 'ns', 'net')).ino);
    } catch {
      // Not to be seen without hostPID; the directory of namespaces has no such file then.
    }
  return inodes;
}

/** True when it is the agent's own namespace or the node's. */
export const sameAsHost = (
  finder: Pick<Finder, 'door'>,
  { inode }: Pick<Netns, 'inode'>,
  proc?: string,
): boolean => foreignInodes(finder, proc).has(inode);

/** Addresses of the namespace that others can reach it by. */
export const globalAddresses = ({ netlink }: Pick<Finder, 'netlink'>, netns: Pick<Netns, 'fd'>): string[] =>
  addressesIn(netlink, netns).flatMap(({ address, global }) => (global ? [address] : []));

/** What a pod's namespace is known by. */
interface WantedPod {
  readonly addresses: readonly string[];
  /** The node's /proc where it is mounted; default: ours. */
  readonly proc?: string | undefined;
}

/** Why a namespace is not the pod's; undefined when it is. */
export function whyNotThePods(
  finder: Finder,
  netns: Netns,
  { addresses, proc }: WantedPod,
): string | undefined {
  if (sameAsHost(finder, netns, proc)) return `${netns.path} is the node's own network namespace`;
  const there = globalAddresses(finder, netns);
  if (there.some((address) => addresses.includes(address))) return undefined;
  return `${netns.path} has ${there.length === 0 ? 'no address yet' : `the addresses ${there.join(', ')}`}, not ${addresses.join(' or ')}`;
}

/** @throws AppError naming the difference, unless the namespace is a pod's with one of `addresses`. */
export function requireThePods(finder: Finder, netns: Netns, addresses: readonly string[]): void {
  const why = whyNotThePods(finder, netns, { addresses });
  if (why === undefined) return;
  throw new AppError({
    code: 'NETNS_NOT_THE_PODS',
    family: 'refused',
    message: `Nothing was written: ${why}.`,
    hint: 'The pod may have been replaced; the next change of the inventory tries again.',
  });
}

/** The first of `paths` that passes, held open; the others are closed again. */
function firstOf(finder: Finder, paths: Iterable<string>, pod: WantedPod): Netns | undefined {
  for (const path of paths) {
    const netns = tryOpen(path);
    if (netns === undefined) continue;
    if (tryWhy(finder, netns, pod) === undefined) return netns;
    closeNetns(netns);
  }
  return undefined;
}

function tryOpen(path: string): Netns | undefined {
  try {
    return openNetns(path);
  } catch (error) {
    // Gone since it was listed, or another kind of file.
    if (error instanceof AppError) return undefined;
    throw error;
  }
}

/** A file of the directory may be of another kind of namespace, which cannot be entered. */
function tryWhy(finder: Finder, netns: Netns, pod: WantedPod): string | undefined {
  try {
    return whyNotThePods(finder, netns, pod);
  } catch (error) {
    if (error instanceof AppError && error.code === 'NETNS_DENIED') return error.message;
    throw error;
  }
}

/** Names in the directory; none when it is not there. */
export function namespaceFiles(directory: string): string[] {
  try {
    return readdirSync(directory).slice(0, filesLimit);
  } catch {
    return [];
  }
}

/** The pod's namespace by its addresses, held open; undefined when no file has one of them. */
export const findNetns = (
  finder: Finder,
  { directory, addresses }: { readonly directory: string; readonly addresses: readonly string[] },
): Netns | undefined =>
  firstOf(
    finder,
    namespaceFiles(directory).map((name) => join(directory, name)),
    { addresses },
  );

function* processPaths(proc: string, podUid: string): Iterable<string> {
  // The systemd driver writes the uid with underscores.
  const spellings = [podUid, podUid.replaceAll('-', '_')];
  for (const pid of readdirSync(proc)) {
    if (!/^\d+$/.test(pid)) continue;
    let cgroup = '';
    try {
      cgroup = readFileSync(join(proc, pid, 'cgroup'), 'latin1');
    } catch {
      continue;
    }
    if (spellings.some((uid) => cgroup.includes(uid))) yield join(proc, pid, 'ns', 'net');
  }
}

/** The fallback where there is no directory of namespaces (needs hostPID and SYS_PTRACE): by a process in a cgroup of the pod. */
export const findNetnsByProcess = (
  finder: Finder,
  pod: { readonly uid: string; readonly addresses: readonly string[]; readonly proc?: string },
): Netns | undefined => firstOf(finder, processPaths(pod.proc ?? '/proc', pod.uid), pod);
