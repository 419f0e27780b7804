// Looks at processes from outside, through /proc. Ends nothing.
import { readdirSync, readFileSync, readlinkSync } from 'node:fs';

/** What `/proc` says there; '' when the process, or the thread, is gone. */
function textAt(path: string): string {
  try {
    return readFileSync(path, 'utf8');
  } catch {
    return '';
  }
}

function threadsOf(pid: number): readonly string[] {
  try {
    return readdirSync(`/proc/${pid}/task`);
  } catch {
    return [];
  }
}

/** Processes that this one has started, from any of its threads, and that are not gone; oldest first as long as numbers do not wrap. */
export function childrenOf(pid: number): number[] {
  return threadsOf(pid)
    .flatMap((thread) => textAt(`/proc/${pid}/task/${thread}/children`).split(' '))
    .filter((number) => number.trim() !== '')
    .map(Number)
    .toSorted((a, b) => a - b);
}

/** True while the process runs; one that nobody has asked for its status yet does not. */
export function isRunning(pid: number): boolean {
  try {
    return !/^State:\s+[ZX]/m.test(readFileSync(`/proc/${pid}/status`, 'utf8'));
  } catch {
    return false;
  }
}

/**
 * True once a process that was sent SIGSTOP does nothing more. The kernel lets one of its threads take the signal, and the others run on until that
 * one had its turn: on a busy machine long enough to answer a request.
 */
export function isStopped(pid: number): boolean {
  const states = readdirSync(`/proc/${pid}/task`).map((task) =>
    readFileSync(`/proc/${pid}/task/${task}/status`, 'utf8'),
  );
  return states.every((status) => /^State:\s+T/m.test(status));
}

/** Numbers of a process's descriptors, by the inode of the socket behind each; what is no socket is by its name. */
export function descriptorsOf(pid: number): ReadonlyMap<string, number> {
  const found = new Map<string, number>();
  for (const fd of readdirSync(`/proc/${pid}/fd`)) {
    try {
      const target = readlinkSync(`/proc/${pid}/fd/${fd}`);
      found.set(/^socket:\[(\d+)\]$/.exec(target)?.[1] ?? target, Number(fd));
    } catch {
      // Closed meanwhile.
    }
  }
  return found;
}
