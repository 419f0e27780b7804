// A program in a real pseudo-terminal with an emulator behind it, and how long it takes until a key shows.
import { spawn } from '@lydell/node-pty';
import xterm from '@xterm/headless';

export interface PseudoTerminal {
  /** Resolves when the screen matches; rejects after `limitMs`. */
  readonly until: (wanted: (screen: string) => boolean, limitMs: number) => Promise<void>;
  /** Writes bytes of keys and resolves with the milliseconds until the screen matches. */
  readonly timed: (keys: string, wanted: (screen: string) => boolean) => Promise<number>;
  readonly screen: () => string;
  readonly kill: () => void;
}

const limitMs = 10_000;

type Emulator = InstanceType<typeof xterm.Terminal>;

/** What an emulator shows, one line a row. */
function screenOf({ buffer: { active }, rows }: Emulator): string {
  return Array.from(
    { length: rows },
    (_, row) => active.getLine(active.viewportY + row)?.translateToString(true) ?? '',
  ).join('\n');
}

/** Looks at the screen after each change until it is as wanted; `changed` tells of a change. */
function watchScreen(screen: () => string): Pick<PseudoTerminal, 'until'> & { readonly changed: () => void } {
  const watches = new Set<() => void>();
  return {
    changed: () => {
      for (const watch of watches) watch();
    },
    until: (wanted, withinMs) =>
      new Promise((resolve, reject) => {
        const timer = setTimeout(() => {
          watches.delete(watch);
          reject(new Error(`nothing of the kind on the screen within ${withinMs} ms:\n${screen()}`));
        }, withinMs);
        const watch = (): void => {
          if (!wanted(screen())) return;
          watches.delete(watch);
          clearTimeout(timer);
          resolve();
        };
        watches.add(watch);
        watch();
      }),
  };
}

/** Runs a script with this Node. */
export function openPseudoTerminal(
  script: string,
  args: readonly string[],
  size: { readonly cols: number; readonly rows: number },
): PseudoTerminal {
  const emulator = new xterm.Terminal({ ...size, allowProposedApi: true, scrollback: 0 });
  const environment = { ...process.env, TERM: 'xterm-256color', LANG: 'C.UTF-8', NODE_ENV: 'production' };
  const child = spawn(process.execPath, [script, ...args], { ...size, env: environment });
  const screen = (): string => screenOf(emulator);
  const { until, changed } = watchScreen(screen);
  child.onData((data) => emulator.write(data, changed));
  return {
    until,
    screen,
    timed: async (keys, wanted) => {
      const startMs = performance.now();
      child.write(keys);
      await until(wanted, limitMs);
      return performance.now() - startMs;
    },
    kill: () => child.kill('SIGKILL'),
  };
}
