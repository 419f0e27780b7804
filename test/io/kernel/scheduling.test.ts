// What the worker asks of the scheduler, and that a refusal changes nothing.
import { expect, test } from 'vitest';
import { loadLibc, type Libc } from '../../../src/io/kernel/libc.ts';
import { askForShortSlice } from '../../../src/io/kernel/scheduling.ts';
import { describeUnless, lacking } from '../../helpers/unless.ts';

interface Call {
  readonly id: number;
  readonly runtimeNs: bigint;
}

/** A libc whose thread runs under `policy`; answers of the two calls as given. */
async function kernel(
  policy: number,
  answers: readonly [number, number],
): Promise<{ libc: Libc; calls: Call[] }> {
  const real = await loadLibc();
  const memory = real.allocate(48);
  const calls: Call[] = [];
  const libc: Libc = {
    ...real,
    allocate: () => memory,
    syscall: (_number, id) => {
      calls.push({ id, runtimeNs: memory.view.getBigUint64(24, true) });
      if (calls.length === 1) memory.view.setUint32(4, policy, true);
      return answers[calls.length - 1] ?? -1;
    },
  };
  return { libc, calls };
}

describeUnless(lacking(process.platform === 'linux', 'a scheduler of Linux'))('a short slice', () => {
  test('is asked for this thread, 0.1 ms', async () => {
    const { libc, calls } = await kernel(0, [0, 0]);
    expect(askForShortSlice(libc)).toBe(true);
    expect(calls.at(-1)).toEqual({ id: 0, runtimeNs: 100_000n });
  });

  test('is not asked of a thread that somebody put under another policy', async () => {
    const { libc, calls } = await kernel(2, [0, 0]);
    expect(askForShortSlice(libc)).toBe(false);
    expect(calls).toHaveLength(1);
  });

  test('does without where the kernel refuses', async () => {
    expect(askForShortSlice((await kernel(0, [-1, -1])).libc)).toBe(false);
    expect(askForShortSlice((await kernel(0, [0, -1])).libc)).toBe(false);
  });

  test('is taken by the kernel this runs on', async () => {
    expect(askForShortSlice(await loadLibc())).toBe(true);
  });
});
