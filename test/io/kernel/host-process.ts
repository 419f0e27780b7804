// Starts fixtures/plane-host.ts as a process of its own, with a limit of open files, and talks JSON lines with it.
import { spawn, type ChildProcess } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { z } from 'zod';
import type { DataPlaneLimits } from '../../../src/io/kernel/limits.ts';

/** One line of fixtures/plane-host.ts: its port, its end, or its stats. */
const hostAnswer = z
  .object({
    port: z.number(),
    stopped: z.boolean(),
    ...{ rss: z.number(), heartbeatAgeMs: z.number(), openConnections: z.number(), accepted: z.number() },
    ...{ passes: z.number(), refused: z.number(), connectFailed: z.number() },
  })
  .partial();
export type HostAnswer = Readonly<z.infer<typeof hostAnswer>>;

export interface Host extends AsyncDisposable {
  readonly child: ChildProcess;
  readonly port: number;
  /** Sends a line and awaits the next answer. */
  ask(line: string): Promise<HostAnswer>;
  next(): Promise<HostAnswer>;
  /** Exit code or signal. */
  readonly exited: Promise<number | NodeJS.Signals>;
}

/** `openFiles` becomes `ulimit -n`; rejects with the shell's words when it cannot be had. */
export async function startHost(
  upstreamPort: number,
  openFiles: number,
  limits: Partial<DataPlaneLimits> = {},
): Promise<Host> {
  const script = join(import.meta.dirname, 'fixtures', 'plane-host.ts');
  const node = `${process.execPath} --expose-gc --no-warnings ${script} ${upstreamPort} '${JSON.stringify(limits)}'`;
  const child = spawn('bash', ['-c', `ulimit -n ${openFiles} && exec ${node}`], {
    stdio: ['pipe', 'pipe', 'pipe'],
  });
  let complaint = '';
  child.stderr.on('data', (chunk: Buffer) => (complaint += chunk.toString()));
  const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
  const exited = new Promise<number | NodeJS.Signals>((resolve) =>
    child.once('exit', (code, signal) => resolve(code ?? signal ?? 0)),
  );
  async function next(): Promise<HostAnswer> {
    const { value, done } = await lines.next();
    if (done) throw new Error(`the host process ended: ${complaint}`);
    return hostAnswer.parse(JSON.parse(value));
  }
  const { port = 0 } = await next();
  return {
    child,
    port,
    exited,
    next,
    ask(line) {
      child.stdin.write(`${line}\n`);
      return next();
    },
    async [Symbol.asyncDispose]() {
      child.kill('SIGKILL');
      await exited;
    },
  };
}
