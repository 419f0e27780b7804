// Runs the built binary as a person would, in a runtime directory of its own.
import { spawn, type ChildProcess } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { Readable } from 'node:stream';

/** The program as a user starts it. */
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
  /** `env` is added to that of the others. */
  start(args: readonly string[], env?: Readonly<Record<string, string>>): Started;
  /** Ends what is still running and removes the directory. */
  close(): Promise<void>;
}

/** How long a program may take to say what is waited for, ms; it ends only tests that have failed. */
const patienceMs = 50_000;

interface Heard {
  readonly stdout: () => string;
  readonly stderr: () => string;
  /** Resolves with the first match; rejects once `ended` and at the end of patience. */
  until(pattern: RegExp, ended: () => boolean): Promise<RegExpExecArray>;
  /** Have what waits look again. */
  wake(): void;
}

/** Collects what a program writes, and tells those who wait for a part of it. */
function hear(stdout: Readable, stderr: Readable): Heard {
  const texts = { stdout: '', stderr: '' };
  const waiting = new Set<() => void>();
  const wake = (): void => waiting.forEach((look) => look());
  const collect = (stream: Readable, into: keyof typeof texts): void =>
    void stream.setEncoding('utf8').on('data', (text: string) => {
      texts[into] += text;
      wake();
    });
  collect(stdout, 'stdout');
  collect(stderr, 'stderr');
  return {
    wake,
    stdout: () => texts.stdout,
    stderr: () => texts.stderr,
    until: (pattern, ended) =>
      new Promise((resolve, reject) => {
        const fail = (why: string): void =>
          reject(new Error(`${why} waiting for ${String(pattern)}\n${texts.stdout}\n${texts.stderr}`));
        const timer = setTimeout(() => fail('timed out'), patienceMs);
        const look = (): void => {
          const match = pattern.exec(texts.stderr) ?? pattern.exec(texts.stdout);
          if (!match && ended()) fail('the program ended');
          if (!match && !ended()) return;
          clearTimeout(timer);
          waiting.delete(look);
          if (match) resolve(match);
        };
        waiting.add(look);
        look();
      }),
  };
}

/** Starts Node with these words; `onEnd` is called once the program has ended and its output is complete. */
export function startNode(
  words: readonly string[],
  env: NodeJS.ProcessEnv,
  onEnd: () => void = () => undefined,
): Started {
  const child = spawn(process.execPath, words, { env, stdio: ['ignore', 'pipe', 'pipe'] });
  const heard = hear(child.stdout, child.stderr);
  let ended = false;
  const finished = new Promise<Finished>((resolve) => {
    child.once('close', (status) => {
      ended = true;
      onEnd();
      resolve({ status, stdout: heard.stdout(), stderr: heard.stderr() });
      heard.wake();
    });
  });
  return {
    ...{ child, finished, stdout: heard.stdout, stderr: heard.stderr },
    until: (pattern) => heard.until(pattern, () => ended),
  };
}

/** A runtime directory of its own, and programs in it; `env` is added to ours. */
export function createCli(env: Readonly<Record<string, string>> = {}): Cli {
  const directory = mkdtempSync(join(tmpdir(), 'api-defense-cli-'));
  const running = new Set<Started>();
  const start: Cli['start'] = (args, more = {}) => {
    const inside = { ...process.env, XDG_RUNTIME_DIR: directory, ...env, ...more };
    const started = startNode([binary, ...args], inside, () => running.delete(started));
    running.add(started);
    return started;
  };
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
