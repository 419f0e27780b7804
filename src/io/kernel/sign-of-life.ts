// The worker's sign of life to whoever supervises the process: a byte on an inherited socket. It comes from the loop itself, so a loop that hangs
// gives none. Knows no supervisor; nothing is allocated a sign.
import type { Libc } from './libc.ts';
import { messageFlag } from './linux.ts';

/** Least time between two signs, ms. A pass comes at least every 250 ms (`waitMs`), so no silence is longer than the sum; a sign costs 2 µs. */
const signEveryMs = 100;

/** Gives a sign when one is due; once per pass. */
export type SignOfLife = (monotonicMs: number) => void;

/** `fd`: a connected socket that stays open as long as the process; absent: nobody listens. */
export function createSignOfLife(libc: Libc, fd: number | undefined): SignOfLife {
  if (fd === undefined) return () => undefined;
  const byte = libc.allocate(1);
  let dueAt = 0;
  return (monotonicMs) => {
    if (monotonicMs < dueAt) return;
    dueAt = monotonicMs + signEveryMs;
    // Neither a full socket (nobody reads) nor a closed one is the loop's affair: main hears when the supervisor is gone.
    libc.send(fd, byte.address, 1, messageFlag.dontWait | messageFlag.noSignal);
  };
}
