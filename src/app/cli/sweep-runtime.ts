// Removes from the runtime directory what programs that were killed left behind: tokens of ports where nobody listens, sockets nobody
// holds, policy folders of processes that are gone. What cannot be told for sure stays. Knows names and /proc, no feed.
import { lstatSync, readFileSync, readdirSync, rmSync } from 'node:fs';
import { userInfo } from 'node:os';
import { join } from 'node:path';
import { runtimeDirectory } from './session-paths.ts';

/** State of a listening socket in /proc/net/tcp. */
const listenState = '0A';

/** Ports on which anything listens, on whatever address; undefined when the kernel does not tell. */
function listeningPorts(): ReadonlySet<number> | undefined {
  const ports = new Set<number>();
  for (const [file, required] of [
    ['/proc/net/tcp', true],
    ['/proc/net/tcp6', false],
  ] as const) {
    const text = textOf(file);
    if (text === undefined && required) return undefined;
    for (const line of (text ?? '').split('\n').slice(1)) {
      const [, local = '', , state] = line.trim().split(/\s+/);
      if (state === listenState) ports.add(parseInt(local.slice(local.lastIndexOf(':') + 1), 16));
    }
  }
  return ports;
}

function textOf(file: string): string | undefined {
  try {
    return readFileSync(file, 'utf8');
  } catch {
    return undefined;
  }
}

/** True when the process is surely gone. */
function isGone(pid: number): boolean {
  try {
    process.kill(pid, 0);
    return false;
  } catch (error) {
    return error instanceof Error && 'code' in error && error.code === 'ESRCH';
  }
}

function isSocket(path: string): boolean {
  return lstatSync(path, { throwIfNoEntry: false })?.isSocket() === true;
}

/** Whether an entry is left over; the kernel's lists are read after the names, so that a new one is in them. */
function createJudge(directory: string): (name: string) => boolean {
  const ports = listeningPorts();
  const sockets = textOf('/proc/net/unix');
  return (name) => {
    const path = join(directory, name);
    const port = /^feed-(\d{1,5})\.token$/.exec(name)?.[1];
    if (port !== undefined) return ports?.has(Number(port)) === false;
    const owner = /^policies-(\d{1,10})-\w+$/.exec(name)?.[1];
    if (owner !== undefined) return isGone(Number(owner));
    if (!/^demo(-\d{1,10})?\.sock$/.test(name) || !isSocket(path)) return false;
    return sockets !== undefined && !sockets.split('\n').some((line) => line.endsWith(` ${path}`));
  };
}

/** Best effort, at the start of what leaves such things; never throws. */
export function sweepRuntime(env: NodeJS.ProcessEnv): void {
  const directory = runtimeDirectory(env);
  try {
    const found = lstatSync(directory);
    if (!found.isDirectory() || found.uid !== userInfo().uid) return;
    const names = readdirSync(directory);
    names
      .filter(createJudge(directory))
      .forEach((name) => rmSync(join(directory, name), { recursive: true, force: true }));
  } catch {
    // Nothing there yet, or not ours to clean: the start itself says so where it matters.
  }
}
