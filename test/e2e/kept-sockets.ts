// Sockets that a test opens in a pod, kept to its end. Apart from node-fixture.ts, which programs without a test runner use too.
import { onTestFinished } from 'vitest';
import type { NodeBench } from './node-fixture.ts';

/** Keeps sockets until the test is over, then closes them, the rules and the bench. Answers each socket as it was given, an error too. */
export function keepingUntilEnd(made: NodeBench, rules: { close(): void }): (fd: number) => number {
  const open: number[] = [];
  onTestFinished(() => {
    for (const fd of open) made.kernel.libc.close(fd);
    rules.close();
    made[Symbol.dispose]();
  });
  return (fd) => {
    if (fd >= 0) open.push(fd);
    return fd;
  };
}
