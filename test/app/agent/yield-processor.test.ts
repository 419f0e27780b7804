// The agent's main thread steps back behind the worker: seen from outside, in a process of its own, because priorities cannot be taken back.
import { execFile } from 'node:child_process';
import { getPriority } from 'node:os';
import { promisify } from 'node:util';
import { expect } from 'vitest';
import { lacking, testUnless } from '../../helpers/unless.ts';

const entry = new URL('../../../src/app/agent/yield-processor.ts', import.meta.url).href;
/** Starts a thread, yields, starts another; prints the nice value of each thread (field 19 of stat), main first. */
const program = (before: string): string => `
  import { readdirSync, readFileSync } from 'node:fs';
  import os from 'node:os';
  import { once } from 'node:events';
  import { Worker } from 'node:worker_threads';
  const { yieldProcessor } = await import('${entry}');
  ${before}
  const start = async (name) => {
    const worker = new Worker('setInterval(() => undefined, 1000)', { eval: true, name });
    await once(worker, 'online');
  };
  await start('early');
  yieldProcessor();
  const nice = (task) => {
    const stat = readFileSync('/proc/self/task/' + task + '/stat', 'utf8');
    return Number(stat.slice(stat.lastIndexOf(')') + 2).split(' ')[16]);
  };
  const named = (name) => readdirSync('/proc/self/task').find((task) => readFileSync('/proc/self/task/' + task + '/comm', 'utf8').trim() === name);
  console.log(JSON.stringify({ main: nice(process.pid), early: nice(named('early')) }));
  process.exit(0);`;

async function niceValues(before = ''): Promise<unknown> {
  const { stdout } = await promisify(execFile)(process.execPath, [
    '--input-type=module',
    '--eval',
    program(before),
  ]);
  return JSON.parse(stdout) as unknown;
}

const onLinux = testUnless(lacking(process.platform === 'linux', 'priorities of threads are Linux'));
const ownNice = getPriority();

onLinux('the main thread becomes nicer, a worker that was started before does not', async () => {
  expect(await niceValues()).toEqual({ main: Math.max(5, ownNice), early: ownNice });
});

onLinux('a process that was started nicer stays as it is', async () => {
  expect(await niceValues('os.setPriority(15);')).toMatchObject({ main: 15 });
});
