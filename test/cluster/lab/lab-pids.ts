// Processes of a lab as this machine numbers them: a lab has a pid namespace of its own, and tells its own numbers. Read from /proc.
import { readFileSync } from 'node:fs';
import { childrenOf } from '../../helpers/processes.ts';

/** Its numbers, ours first, then in each pid namespace inward. */
export function numbersOf(pid: number): readonly number[] {
  try {
    const [, numbers = ''] = /^NSpid:\s+(.+)$/m.exec(readFileSync(`/proc/${pid}/status`, 'utf8')) ?? [];
    return numbers.split(/\s+/).map(Number);
  } catch {
    return [];
  }
}

/** Children, their children and so on, without the process itself. */
export function descendantsOf(pid: number): number[] {
  return childrenOf(pid).flatMap((child) => [child, ...descendantsOf(child)]);
}

/** Our number of the process that a lab calls `inner`. @throws Error when it is gone. */
export function pidOfInner(keeper: number, inner: number): number {
  const [first] = childrenOf(keeper);
  const found = childrenOf(first ?? 0).find((pid) => numbersOf(pid)[1] === inner);
  if (found === undefined) throw new Error(`The lab's process ${inner} is gone.`);
  return found;
}
