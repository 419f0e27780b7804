// Opens the terminal on a feed and gives it back whole, whatever happens: quit, signal, crash, the other side gone.
// Everything from outside (feed, streams, environment, folders) is handed in.
import { render } from 'ink';
import type { Instance } from 'ink';
import { createElement } from 'react';
import type { ReactNode } from 'react';
import { AppError } from '../core/model/app-error.ts';
import type { ClusterPlace, OfferedContext, PlaceChoice } from '../core/model/cluster-place.ts';
import type { FeedPort } from '../core/model/feed-port.ts';
import { App } from './app.tsx';
import type { ChromeModel } from './chrome/chrome-model.ts';
import { createCellScreen } from './render/cell-screen.ts';
import type { CellScreen } from './render/cell-screen.ts';
import { createTerminalModes } from './render/terminal-modes.ts';
import type { TerminalModes } from './render/terminal-modes.ts';
import { watchExits } from './run-exits.ts';
import type { Ending } from './run-exits.ts';
import { readKeymap } from './run-files.ts';
import { createInkInput } from './run-input.ts';
import type { InkInput } from './run-input.ts';
import { createLooks } from './run-looks.ts';
import type { LookOptions, Looks } from './run-looks.ts';
import { createLoop } from './run-loop.ts';
import { framedSize } from './state/frame.ts';
import type { Loop } from './run-loop.ts';

/** A feed, three streams and what a person asked for: all that a terminal is made from. */
export interface TerminalOptions extends LookOptions {
  /** Closed by the caller after the promise has settled. */
  readonly feed: FeedPort;
  readonly stdin: NodeJS.ReadStream;
  readonly stdout: NodeJS.WriteStream;
  readonly stderr: NodeJS.WritableStream;
  readonly readOnly: boolean;
  /** Of a terminal on a cluster. */
  readonly place?: ClusterPlace | undefined;
  /** Said first, for a while. */
  readonly firstWords?: string | undefined;
  /** Whoever opened this can open it anew. */
  readonly restarts?: boolean | undefined;
  /** Locked from the beginning. */
  readonly locked?: boolean | undefined;
  /** Contexts that the palette offers. */
  readonly contexts?: readonly OfferedContext[] | undefined;
  /** Where exported files go; default the working directory. */
  readonly directory?: string | undefined;
  /** Leave by itself after so many milliseconds. */
  readonly forMs?: number | undefined;
}

/** Longest wait for a stop signal to stop us; after it we carry on (an orphaned process group is never stopped). */
const stopWaitMs = 250;

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

/** What the loop asks of the one who holds the terminal. */
interface Hooks {
  readonly quit: () => void;
  readonly goTo: (place: PlaceChoice | undefined, words: string) => void;
  readonly suspend: () => void;
  readonly show: (model: ChromeModel) => void;
}

function openShown(options: TerminalOptions, looks: Looks, hooks: Hooks): Shown {
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
    place: options.place,
    ...{ firstWords: options.firstWords, contexts: options.contexts },
    ...{ restarts: options.restarts, locked: options.locked },
    size: () => framedSize(screen, options.place),
    directory: options.directory ?? process.cwd(),
    now: () => Date.now(),
    clock: () => performance.now(),
    switchTheme: looks.switchTheme,
    ...hooks,
    writeLine: (row, text) => screen.writeLine(row, text),
    paint: () => screen.paint(),
    redraw: () => screen.invalidate(),
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

/** Lets ink lay out and read keys on our screen instead of the real one. */
function startInk(stderr: NodeJS.WritableStream, input: InkInput, { screen, loop, view }: Shown): Instance {
  return render(view(loop.chrome()), {
    stdout: screen.stdout,
    stdin: input.stream,
    stderr,
    debug: true,
    patchConsole: false,
    exitOnCtrlC: false,
    interactive: true,
    isScreenReaderEnabled: false,
  });
}

type Outcome =
  Ending | { readonly type: 'quit'; readonly status: number } | ({ readonly type: 'elsewhere' } & Elsewhere);

/** Where a person goes (undefined: anew to this place), what is said first there, and what of this session stays as it is. */
interface Elsewhere {
  readonly place: PlaceChoice | undefined;
  readonly words: string;
  readonly locked: boolean;
  readonly themeName: string;
}

/** How it ended: the person left it, or went to another place. */
export type TerminalEnd =
  { readonly type: 'left'; readonly status: number } | Extract<Outcome, { type: 'elsewhere' }>;

/** Takes the terminal over, waits for the end, gives it back. */
async function holdTerminal(options: TerminalOptions, parts: Holding): Promise<Outcome> {
  const { shown, modes, ended } = parts;
  const { screen, loop } = shown;
  modes.enter();
  screen.stdout.on('resize', () => setImmediate(() => loop.resized()));
  const input = createInkInput(options.stdin, () => performance.now());
  const ink = startInk(options.stderr, input, shown);
  parts.ink = ink;
  ink.waitUntilExit().catch((error: unknown) => ended.resolve({ type: 'crash', error, status: 70 }));
  loop.start();
  loop.refresh();
  const outcome = await ended.promise;
  loop.close();
  screen.close();
  ink.unmount();
  input.close();
  modes.leave();
  options.stdin.pause();
  return outcome;
}

interface Holding {
  readonly shown: Shown;
  readonly modes: TerminalModes;
  readonly ended: PromiseWithResolvers<Outcome>;
  /** Set once ink runs. */
  ink: Instance | undefined;
}

/** Loop, screen and terminal modes, with what a stop by ctrl-z and its end do to them. */
function prepare(options: TerminalOptions): Holding & { readonly resume: () => void } {
  const modes = createTerminalModes({ input: options.stdin, output: options.stdout });
  const ended = Promise.withResolvers<Outcome>();
  const resume = (): void => {
    if (modes.entered) return;
    modes.enter();
    shown.screen.suspend(false);
    shown.loop.refresh();
  };
  const shown = openShown(options, createLooks(options), {
    quit: () => ended.resolve({ type: 'quit', status: 0 }),
    goTo: (place, words) => {
      const { access, themeName } = shown.loop.state();
      ended.resolve({ type: 'elsewhere', place, words, locked: access.locked, themeName });
    },
    suspend: () => {
      shown.screen.suspend(true);
      modes.leave();
      stopJob(resume);
    },
    show: (model) => holding.ink?.rerender(shown.view(model)),
  });
  const holding: Holding & { readonly resume: () => void } = { shown, modes, ended, ink: undefined, resume };
  return holding;
}

/**
 * Shows the terminal until the person leaves; resolves with the exit status (0, or 128 + signal, or 70 after a crash), or with where they go.
 * The terminal is as it was by then. @throws AppError for a bad theme or keys file, before anything is drawn.
 */
export async function runTerminal(options: TerminalOptions): Promise<TerminalEnd> {
  const { stdin, stdout, stderr, forMs } = options;
  const holding = prepare(options);
  const { modes, ended, resume } = holding;
  const unwatch = watchExits(
    { stdin, stdout },
    { onEnd: (ending) => ended.resolve(ending), onExit: () => modes.leave(), onContinue: resume },
  );
  const timer =
    forMs === undefined ? undefined : setTimeout(() => ended.resolve({ type: 'quit', status: 0 }), forMs);
  try {
    const outcome = await holdTerminal(options, holding);
    if (outcome.type === 'crash') stderr.write(crashText(outcome.error));
    return outcome.type === 'elsewhere' ? outcome : { type: 'left', status: outcome.status };
  } finally {
    modes.leave();
    clearTimeout(timer);
    unwatch();
  }
}
