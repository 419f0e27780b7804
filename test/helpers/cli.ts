// Runs the built binary as a person would, in a runtime directory of its own.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';

export const binary = join(import.meta.dirname, '..', '..', 'bin', 'kubectl-api_defense.js');

export interface Finished {
  readonly status: number | null;
  readonly stdout: string;
  readonly stderr: string;
}

export interface Started {
  readonly child: ChildProcess;
  /** Everything written so far. */
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Resolves with the match once standard error or output shows it. */
  until(pattern: RegExp): Promise<RegExpExecArray>;
  readonly finished: Promise<Finished>;
}

export interface Cli {
  readonly directory: string;
  run(args: readonly string[]): Promise<Finished>;
  start(args: readonly string[]): Started;
  /** Ends what is still running and removes the directory. */
  close(): Promise<void>;
}

/** How long a program may take to say what is waited for, ms; it ends only tests that have failed. */
const patienceMs = 50_000;

export function createCli(env: Readonly<Record<string, string>> = {}): Cli {
  const directory = mkdtempSync(join(tmpdir(), 'api-defense-cli-'));
  const running = new Set<Started>();

  function start(args: readonly string[]): Started {
    const child = spawn(process.execPath, [binary, ...args], {
      env: { ...process.env, XDG_RUNTIME_DIR: directory, ...env },
      stdio: ['ignore', 'pipe', 'pipe'],
    });
    let stdout = '';
    let stderr = '';
    const waiting = new Set<() => void>();
    const wake = (): void => waiting.forEach((look) => look());
    child.stdout.setEncoding('utf8').on('data', (text: string) => {
      stdout += text;
      wake();
    });
    child.stderr.setEncoding('utf8').on('data', (text: string) => {
      stderr += text;
      wake();
    });
    const finished = new Promise<Finished>((resolve) => {
      child.once('close', (status) => {
        running.delete(started);
        resolve({ status, stdout, stderr });
        wake();
      });
    });
    const started: Started = {
      child,
      stdout: () => stdout,
      stderr: () => stderr,
      finished,
      until: (pattern) =>
        new Promise((resolve, reject) => {
          const fail = (why: string): void =>
            reject(new Error(`${why} waiting for ${String(pattern)}\n${stdout}\n${stderr}`));
          const timer = setTimeout(() => fail('timed out'), patienceMs);
          const look = (): void => {
            const match = pattern.exec(stderr) ?? pattern.exec(stdout);
            if (!match && !running.has(started)) fail('the program ended');
            if (!match && running.has(started)) return;
            clearTimeout(timer);
            waiting.delete(look);
            if (match) resolve(match);
          };
          waiting.add(look);
          look();
        }),
    };
    running.add(started);
    return started;
  }

  return {
    directory,
    start,
    run: (args) => start(args).finished,
    async close() {
      await Promise.all(
        [...running].map((one) => {
          one.child.kill('SIGTERM');
          return one.finished;
        }),
      );
      rmSync(directory, { recursive: true, force: true });
    },
  };
}
