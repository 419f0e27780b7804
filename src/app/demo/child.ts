// One process of the demo as its parent sees it: fork, talk, and make sure that it ends. Knows roles, not what they do.
import { fork, type ChildProcess } from 'node:child_process';
import { extname, join } from 'node:path';
import { AppError } from '../../core/model/app-error.ts';
import { isFromChild, type FromChild, type ToChild } from './messages.ts';
import type { Role } from './topology.ts';

/** Runs beside this file: `.ts` under Node's type stripping, `.js` when built. */
const entry = join(import.meta.dirname, `entry${extname(import.meta.filename)}`);
/** Small heaps: eleven processes share a laptop; the largest (orders) needs about 20 MB. */
const execArgv = [
  '--disable-warning=ExperimentalWarning',
  '--max-old-space-size=96',
  '--max-semi-space-size=2',
];
/** What of a child's stderr is kept for the message when it dies: its last words. */
const stderrLimitChars = 2000;

/** How a process ended without being asked. */
export interface ChildExit {
  readonly role: Role;
  readonly code: number | null;
  readonly signal: NodeJS.Signals | null;
  /** The end of its stderr, bounded. */
  readonly detail: string;
}

/** A running process of the demo. */
export interface Child {
  readonly role: Role;
  readonly pid: number;
  /** Resolves with the first message of that type; rejects with AppError when the process ends before it. */
  expect<T extends FromChild['type']>(type: T): Promise<Extract<FromChild, { type: T }>>;
  tell(message: ToChild): void;
  /** Asks it to finish, kills it after the deadline; resolves when it is gone. */
  stop(deadlineMs: number): Promise<void>;
}

/** Starts the process of a role. `onExit` is called when it ends without `stop` having been called. */
export function startChild(role: Role, onExit: (exit: ChildExit) => void): Child {
  const child = fork(entry, [role], { execArgv, stdio: ['ignore', 'ignore', 'pipe', 'ipc'] });
  const lastWords = collectStderr(child);
  let stopping = false;
  const gone = new Promise<void>((resolve) => {
    const ended = (code: number | null, signal: NodeJS.Signals | null): void => {
      if (!stopping) onExit({ role, code, signal, detail: lastWords() });
      resolve();
    };
    child.once('exit', ended);
    child.once('error', () => {
      if (child.pid === undefined) ended(null, null);
    });
  });
  return {
    role,
    pid: child.pid ?? 0,
    expect: (type) => expectMessage(child, { role, type, gone, lastWords }),
    tell: (message) => {
      // A child that is gone cannot be told; its end is reported by `onExit`, not here.
      if (child.connected) child.send(message, () => undefined);
    },
    stop: async (deadlineMs) => {
      stopping = true;
      if (child.connected) child.send({ type: 'stop' } satisfies ToChild, () => undefined);
      const timer = setTimeout(() => child.kill('SIGKILL'), deadlineMs);
      await gone;
      clearTimeout(timer);
    },
  };
}

function collectStderr(child: ChildProcess): () => string {
  let text = '';
  child.stderr?.setEncoding('utf8');
  child.stderr?.on('data', (chunk: string) => {
    text = (text + chunk).slice(-stderrLimitChars);
  });
  return () => text.trim();
}

interface Expectation<T> {
  readonly role: Role;
  readonly type: T;
  readonly gone: Promise<void>;
  readonly lastWords: () => string;
}

async function expectMessage<T extends FromChild['type']>(
  child: ChildProcess,
  { role, type, gone, lastWords }: Expectation<T>,
): Promise<Extract<FromChild, { type: T }>> {
  return new Promise((resolve, reject) => {
    const heard = (message: unknown): void => {
      if (!isFromChild(message) || !isOf(message, type)) return;
      child.off('message', heard);
      resolve(message);
    };
    child.on('message', heard);
    void gone.then(() => {
      reject(
        new AppError({
          code: 'DEMO_PROCESS_ENDED',
          family: 'internal',
          message: `The demo's ${role} process ended before it was ready.`,
          hint: lastWords() || 'Start the demo again; if it happens twice, report it with this message.',
        }),
      );
    });
  });
}

function isOf<T extends FromChild['type']>(
  message: FromChild,
  type: T,
): message is Extract<FromChild, { type: T }> {
  return message.type === type;
}
