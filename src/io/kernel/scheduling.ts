// Asks the scheduler to let this thread run soon after it wakes. Best effort: an old kernel ignores it, a strict sandbox refuses it, and
// then everything works as before. Knows no traffic.
import type { Libc } from './libc.ts';

/**
 * Longest run the worker asks for, ns; the scheduler's default is 1.4 to 2.8 ms. From Linux 6.12 on a thread that wakes takes the core from
 * one with a longer slice instead of waiting for the end of it (PREEMPT_SHORT), so main's bursts, and its garbage collector, no longer
 * stand in the way of a request. The share of the core stays the same. 0.1 ms is the least the kernel takes.
 */
const sliceNs = 100_000n;

/** struct sched_attr, first version: size, policy, flags, nice, priority, runtime, deadline, period (sched_setattr(2)). */
const attributeBytes = 48;
const policyOffset = 4;
const runtimeOffset = 24;
const ordinaryPolicy = 0;

/** glibc wraps these only since 2.41. */
const callNumbers: Readonly<Record<string, { readonly get: number; readonly set: number }>> = {
  x64: { get: 315, set: 314 },
  arm64: { get: 275, set: 274 },
};

/** True when the kernel took it. Leaves threads alone that run under another policy than the ordinary one. */
export function askForShortSlice(libc: Libc): boolean {
  const numbers = callNumbers[process.arch];
  if (numbers === undefined) return false;
  const { view, address } = libc.allocate(attributeBytes);
  if (libc.syscall(numbers.get, 0, address, attributeBytes, 0) !== 0) return false;
  if (view.getUint32(policyOffset, true) !== ordinaryPolicy) return false;
  view.setBigUint64(runtimeOffset, sliceNs, true);
  return libc.syscall(numbers.set, 0, address, 0, 0) === 0;
}
