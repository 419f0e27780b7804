// Opens the terminal on a feed and gives it back whole, whatever happens: quit, signal, crash, the other side gone.
// Everything from outside (feed, streams, environment, folders) is handed in.
import { render } from 'ink';
import type { Instance } from 'ink';
import { createElement } from 'react';
import type { ReactNode } from 'react';
import { AppError } from '../core/model/app-error.ts';
import type { FeedPort } from '../core/model/feed-port.ts';
import { App } from './app.tsx';
import type { ChromeModel } from './chrome/chrome-model.ts';
import { createCellScreen } from './render/cell-screen.ts';
import type { CellScreen } from './render/cell-screen.ts';
import { createTerminalModes } from './render/terminal-modes.ts';
import { watchExits } from './run-exits.ts';
import type { Ending } from './run-exits.ts';
import { readKeymap, themeDirectories } from './run-files.ts';
import { createLoop } from './run-loop.ts';
import type { Loop } from './run-loop.ts';
import { loadTheme, themeNames } from './theme/load-theme.ts';
import { colourDepth, needsAscii } from './theme/terminal-looks.ts';
import type { ColourChoice, Environment } from './theme/terminal-looks.ts';
import type { Theme } from './theme/theme.ts';

export interface TerminalOptions {
  /** Closed by the caller after the promise has settled. */
  readonly feed: FeedPort;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WritableStream;
  readonly env: Environment;
  readonly readOnly: boolean;
  /** Theme by name; default `default`. */
  readonly themeName?: string | undefined;
  /** Keys file; default the person's keys.yaml where there is one. */
  readonly keysFile?: string | undefined;
  readonly colour?: ColourChoice | undefined;
  /** ASCII signs whatever the locale says. */
  readonly ascii?: boolean | undefined;
  /** Where exported files go; default the working directory. */
  readonly directory?: string | undefined;
  /** Leave by itself after so many milliseconds. */
  readonly forMs?: number | undefined;
}

/** Longest wait for a stop signal to stop us; after it we carry on (an orphaned process group is never stopped). */
const stopWaitMs = 250;

interface Looks {
  theme: Theme;
  readonly themes: () => readonly string[];
  readonly switchTheme: (name: string) => void;
}

function createLooks(options: TerminalOptions): Looks {
  const directories = themeDirectories(options.env);
  const depth = colourDepth(options.env, options.colour);
  const ascii = options.ascii ?? needsAscii(options.env);
  const looks: Looks = {
    theme: loadTheme({ name: options.themeName ?? 'default', directories, depth, ascii }),
    themes: () => themeNames(directories),
    switchTheme: (name) => {
      looks.theme = loadTheme({ name, directories, depth, ascii, styles: looks.theme.styles });
    },
  };
  return looks;
}

function crashText(error: unknown): string {
  if (error instanceof AppError) return `${error.message} ${error.hint}\n`;
  const detail = error instanceof Error ? (error.stack ?? error.message) : String(error);
  return `kubectl-api_defense met a fault of its own and had to leave the terminal:\n${detail}\n`;
}

/** Stops this job as the shell's ctrl-z does, having given the terminal back; `resume` is called when it goes on. */
function stopJob(resume: () => void): void {
  process.kill(0, 'SIGTSTP');
  setTimeout(resume, stopWaitMs);
}

interface Shown {
  readonly screen: CellScreen;
  readonly loop: Loop;
  readonly view: (model: ChromeModel) => ReactNode;
}

function openShown(
  options: TerminalOptions,
  looks: Looks,
  hooks: {
    readonly quit: () => void;
    readonly suspend: () => void;
    readonly show: (model: ChromeModel) => void;
  },
): Shown {
  const screen = createCellScreen({
    terminal: options.stdout,
    styles: looks.theme.styles,
    ascii: looks.theme.ascii,
    onDrawError: (error) =>
      loop.complain(`A pane could not be drawn: ${error instanceof Error ? error.message : String(error)}`),
  });
  const loop = createLoop({
    feed: options.feed,
    keymap: readKeymap(options.env, options.keysFile),
    theme: () => looks.theme,
    themes: looks.themes,
    readOnly: options.readOnly,
    size: () => ({ columns: screen.columns, rows: screen.rows }),
    directory: options.directory ?? process.cwd(),
    now: () => Date.now(),
    clock: () => performance.now(),
    switchTheme: looks.switchTheme,
    show: hooks.show,
    paint: () => screen.paint(),
    redraw: () => screen.invalidate(),
    suspend: hooks.suspend,
    quit: hooks.quit,
  });
  const view = (model: ChromeModel): ReactNode =>
    createElement(App, {
      model,
      screen,
      draws: loop.draws,
      onInput: (input, key) => loop.input(input, key),
      onPaste: (text) => loop.paste(text),
    });
  return { screen, loop, view };
}

/**
 * Shows the terminal until the person leaves; resolves with the exit status (0, or 128 + signal, or 70 after a crash). The
 * terminal is as it was by then. @throws AppError for a bad theme or keys file, before anything is drawn.
 */
export async function runTerminal(options: TerminalOptions): Promise<number> {
  const { stdin, stdout, stderr } = options;
  const looks = createLooks(options);
  const modes = createTerminalModes({ input: stdin, output: stdout });
  const { promise, resolve } = Promise.withResolvers<
    Ending | { readonly type: 'quit'; readonly status: number }
  >();
  let ink: Instance | undefined;
  const resume = (): void => {
    if (modes.entered) return;
    modes.enter();
    screen.suspend(false);
    loop.refresh();
  };
  const { screen, loop, view } = openShown(options, looks, {
    quit: () => resolve({ type: 'quit', status: 0 }),
    suspend: () => {
      screen.suspend(true);
      modes.leave();
      stopJob(resume);
    },
    show: (model) => ink?.rerender(view(model)),
  });
  const unwatch = watchExits(
    { stdin, stdout },
    {
      onEnd: (ending) => resolve(ending),
      onExit: () => modes.leave(),
      onContinue: resume,
    },
  );
  const timer =
    options.forMs === undefined
      ? undefined
      : setTimeout(() => resolve({ type: 'quit', status: 0 }), options.forMs);
  try {
    modes.enter();
    screen.stdout.on('resize', () => setImmediate(() => loop.resized()));
    ink = render(view(loop.chrome()), {
      stdout: screen.stdout,
      stdin,
      stderr,
      debug: true,
      patchConsole: false,
      exitOnCtrlC: false,
      interactive: true,
      isScreenReaderEnabled: false,
    });
    ink.waitUntilExit().catch((error: unknown) => resolve({ type: 'crash', error, status: 70 }));
    loop.start();
    loop.refresh();
    const ending = await promise;
    return leave(ending);
  } finally {
    clearTimeout(timer);
    unwatch();
  }

  function leave(ending: Awaited<typeof promise>): number {
    loop.close();
    screen.close();
    ink?.unmount();
    modes.leave();
    stdin.pause();
    if (ending.type === 'crash') stderr.write(crashText(ending.error));
    return ending.status;
  }
}
