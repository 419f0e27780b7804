// CPU time and memory of a process as the kernel counts them. Linux only.
import { readdirSync, readFileSync } from 'node:fs';

export interface CpuTime {
  /** All threads, user and system, ms. */
  readonly totalMs: number;
  /** By thread name, ms. */
  readonly byThread: Readonly<Record<string, number>>;
}

/** Time on a CPU of some processes with all their threads (`schedstat`: nanoseconds, where `stat` has 10 ms steps). */
export function cpuTime(pids: readonly number[]): CpuTime {
  const byThread = new Map<string, number>();
  for (const pid of pids) {
    for (const thread of readdirSync(`/proc/${pid}/task`)) {
      const [name, ms] = readThread(`/proc/${pid}/task/${thread}`);
      byThread.set(name, (byThread.get(name) ?? 0) + ms);
    }
  }
  const totalMs = [...byThread.values()].reduce((sum, ms) => sum + ms, 0);
  return { totalMs, byThread: Object.fromEntries(byThread) };
}

function readThread(directory: string): readonly [string, number] {
  try {
    const onCpuNs = Number(readFileSync(`${directory}/schedstat`, 'utf8').split(' ')[0]);
    return [readFileSync(`${directory}/comm`, 'utf8').trim(), onCpuNs / 1e6];
  } catch {
    // The thread ended between listing and reading.
    return ['(ended)', 0];
  }
}

/** Time that the whole machine has worked: everything but idle and waiting for disks, ms; in steps of 10 ms a core. */
export function machineBusyMs(): number {
  const [user = 0, nice = 0, system = 0, , , irq = 0, softirq = 0] =
    readFileSync('/proc/stat', 'utf8').split('\n', 1)[0]?.split(/\s+/).slice(1).map(Number) ?? [];
  return (user + nice + system + irq + softirq) * 10;
}

/** Proportional memory of some processes, bytes: what they would free if they went away. */
export function memoryBytes(pids: readonly number[]): number {
  return pids.reduce((sum, pid) => {
    const text = readFileSync(`/proc/${pid}/smaps_rollup`, 'utf8');
    return sum + Number(/^Pss:\s+(\d+) kB/m.exec(text)?.[1] ?? 0) * 1024;
  }, 0);
}

/** A process and its children, one level: nginx has a worker. */
export function withChildren(pid: number): readonly number[] {
  const children = readFileSync(`/proc/${pid}/task/${pid}/children`, 'utf8').trim();
  return [pid, ...(children === '' ? [] : children.split(' ').map(Number))];
}
