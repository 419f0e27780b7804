// Every way out of the terminal but the person's own: signals, crashes, a terminal that went away. Installs process handlers
// while the terminal is up and takes them all away again. Knows no state.

/** How the terminal ended, for the caller. */
export type Ending =
  | { readonly type: 'signal'; readonly signal: NodeJS.Signals; readonly status: number }
  | { readonly type: 'crash'; readonly error: unknown; readonly status: number }
  | { readonly type: 'gone'; readonly status: number };

/** What the terminal does about each way out. */
export interface ExitHooks {
  /** Called at most once, with the first reason. */
  readonly onEnd: (ending: Ending) => void;
  /** Last resort: the process exits by another's hand. Synchronous. */
  readonly onExit: () => void;
  /** The process was stopped and goes on. */
  readonly onContinue: () => void;
}

/** Exit statuses of signals: 128 + number. */
const signals: readonly (readonly [NodeJS.Signals, number])[] = [
  ['SIGINT', 130],
  ['SIGTERM', 143],
  ['SIGHUP', 129],
  ['SIGQUIT', 131],
];

const internalError = 70;

/** What may tell that the terminal went away. */
export interface WatchedStreams {
  readonly stdin: NodeJS.EventEmitter;
  readonly stdout: NodeJS.EventEmitter;
}

/** Installs the handlers; the returned function removes them. */
export function watchExits(streams: WatchedStreams, hooks: ExitHooks): () => void {
  let ended = false;
  const end = (ending: Ending): void => {
    if (ended) return;
    ended = true;
    hooks.onEnd(ending);
  };
  const crash = (error: unknown): void => {
    end({ type: 'crash', error, status: internalError });
  };
  const gone = (): void => {
    end({ type: 'gone', status: 129 });
  };
  const listeners = signals.map(([signal, status]) => {
    const listener = (): void => {
      end({ type: 'signal', signal, status });
    };
    process.on(signal, listener);
    return [signal, listener] as const;
  });
  process.on('uncaughtException', crash);
  process.on('unhandledRejection', crash);
  process.on('exit', hooks.onExit);
  process.on('SIGCONT', hooks.onContinue);
  streams.stdout.on('error', gone);
  streams.stdin.on('error', gone);
  streams.stdin.on('end', gone);
  streams.stdin.on('close', gone);
  return () => {
    for (const [signal, listener] of listeners) process.off(signal, listener);
    process.off('uncaughtException', crash);
    process.off('unhandledRejection', crash);
    process.off('exit', hooks.onExit);
    process.off('SIGCONT', hooks.onContinue);
    streams.stdin.off('error', gone);
    streams.stdin.off('end', gone);
    streams.stdin.off('close', gone);
    // The listener for write errors stays: a terminal that is gone may still report it, and nobody else would listen.
  };
}
