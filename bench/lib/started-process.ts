// A process of the bench: started, waited for, and ended with the bench whatever happens to it.
import { spawn, type ChildProcess } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { createServer } from 'node:net';
import { createInterface } from 'node:readline';
import { setTimeout as sleep } from 'node:timers/promises';

export interface StartedProcess {
  readonly pid: number;
  /** First line of its standard output that matches; rejects when it ends before. */
  readonly line: (pattern: RegExp) => Promise<RegExpExecArray>;
  /** The same of its standard error. */
  readonly errorLine: (pattern: RegExp) => Promise<RegExpExecArray>;
  /** Everything it wrote to standard output so far, at most the last 10 MB. */
  readonly output: () => string;
  readonly stop: () => Promise<void>;
}

const running = new Set<ChildProcess>();
process.on('exit', () => {
  for (const child of running) child.kill('SIGKILL');
});
const outputLimitChars = 10_000_000;
const errorLimitChars = 4_000;
const stopMs = 3_000;

interface Heard {
  readonly output: () => string;
  /** Resolves with the first match of a line, of those that were written already too. */
  readonly line: (pattern: RegExp) => Promise<RegExpExecArray>;
}

/** Keeps the newest of what a stream says, line by line. */
function hearLines(stream: NodeJS.ReadableStream): Heard {
  let output = '';
  const waiting = new Set<(line: string) => void>();
  createInterface({ input: stream }).on('line', (line) => {
    output = `${output}${line}\n`.slice(-outputLimitChars);
    for (const hear of waiting) hear(line);
  });
  return {
    output: () => output,
    line: (pattern) =>
      new Promise((resolve) => {
        const hear = (line: string): void => {
          const match = pattern.exec(line);
          if (match === null) return;
          waiting.delete(hear);
          resolve(match);
        };
        waiting.add(hear);
        for (const line of output.split('\n')) hear(line);
      }),
  };
}

/** Starts a command; it is killed when the bench ends. */
export function start(
  command: string,
  args: readonly string[],
  env: NodeJS.ProcessEnv = process.env,
): StartedProcess {
  const child = spawn(command, args, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  running.add(child);
  const heard = hearLines(child.stdout);
  const heardErrors = hearLines(child.stderr);
  let errors = '';
  child.stderr.on('data', (chunk: Buffer) => (errors = (errors + chunk.toString()).slice(-errorLimitChars)));
  const gone = new Promise<string>((resolve) => {
    child.once('error', (error) => resolve(error.message));
    child.once('exit', (code, signal) => {
      running.delete(child);
      resolve(`${command} ended with ${signal ?? code ?? 'nothing'}: ${errors}`);
    });
  });
  const inTime = (line: Promise<RegExpExecArray>): Promise<RegExpExecArray> =>
    Promise.race([line, gone.then((why) => Promise.reject(new Error(why)))]);
  return {
    pid: child.pid ?? 0,
    output: heard.output,
    line: (pattern) => inTime(heard.line(pattern)),
    errorLine: (pattern) => inTime(heardErrors.line(pattern)),
    stop: async () => {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), stopMs);
      await gone;
      clearTimeout(timer);
    },
  };
}

/** Listening sockets of the network that a process is in: state 0A. */
const listensIn = (pid: number, port: number): boolean =>
  ['tcp', 'tcp6'].some((table) =>
    new RegExp(`:${port.toString(16).padStart(4, '0').toUpperCase()} [0-9A-F]+:0000 0A `).test(
      readFileSync(`/proc/${pid}/net/${table}`, 'utf8'),
    ),
  );

/** Resolves when somebody listens on the port, in the network of that process; rejects after ten seconds. */
export async function untilListening(port: number, { pid }: Pick<StartedProcess, 'pid'>): Promise<void> {
  for (let tried = 0; tried < 200; tried++) {
    if (listensIn(pid, port)) return;
    await sleep(50);
  }
  throw new Error(`nobody listens on port ${port}`);
}

/** A port that was free a moment ago. */
export async function freePort(): Promise<number> {
  const server = createServer();
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const address = server.address();
  await new Promise((resolve) => server.close(resolve));
  if (address === null || typeof address === 'string') throw new Error('no port');
  return address.port;
}
