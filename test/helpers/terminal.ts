// Runs a program in a real pseudo-terminal and reads its screen through an emulator. Every wait is on a condition.
import { join } from 'node:path';
import { spawn } from '@lydell/node-pty';
import type { IPty } from '@lydell/node-pty';
import xterm from '@xterm/headless';
import type { IBufferCell, Terminal as Emulator } from '@xterm/headless';
import { binary } from './cli.ts';

/** How long a screen may take on a machine with better things to do, ms: eight services start in it. */
const patienceMs = 50_000;

export const root = join(import.meta.dirname, '..', '..');

export interface LaunchOptions {
  readonly cols?: number;
  readonly rows?: number;
  readonly args?: readonly string[];
  readonly env?: Readonly<Record<string, string>>;
  /** A script to run with this Node instead of the binary. */
  readonly script?: string;
  /** Another program than this Node, with `args` as they are: a shell. */
  readonly program?: string;
  readonly cwd?: string;
}

/** Attributes of one cell as the emulator has it. */
export interface CellLook {
  readonly text: string;
  readonly bold: boolean;
  readonly dim: boolean;
  readonly inverse: boolean;
  readonly underline: boolean;
  /** `default`, or the palette index or RGB value. */
  readonly fg: 'default' | number;
  readonly bg: 'default' | number;
}

export interface TestTerminal {
  /** The visible screen, one line a row, trailing blanks removed. */
  screen(): string;
  /** Resolves with the screen once it matches; rejects with the screen after `limitMs` (50 s). */
  waitFor(wanted: RegExp | ((screen: string) => boolean), limitMs?: number): Promise<string>;
  /** Press keys by name (`j`, `enter`, `esc`, `ctrl-d`, `up`) or type a text of several characters with `type`. */
  press(...keys: readonly string[]): void;
  type(text: string): void;
  cell(x: number, y: number): CellLook;
  resize(cols: number, rows: number): void;
  signal(name: NodeJS.Signals): void;
  /** All bytes the program has written. */
  bytes(): string;
  readonly alternate: boolean;
  readonly cursorShown: boolean;
  readonly pid: number;
  /** Exit status once the program has ended. */
  exited(limitMs?: number): Promise<{ readonly status: number; readonly signal: number | undefined }>;
  /** Ends the program if it still runs. */
  close(): Promise<void>;
}

const named = new Map<string, string>([
  ['enter', '\r'],
  ['esc', '\u001b'],
  ['tab', '\t'],
  ['shift-tab', '\u001b[Z'],
  ['space', ' '],
  ['backspace', '\u007f'],
  ['delete', '\u001b[3~'],
  ['up', '\u001b[A'],
  ['down', '\u001b[B'],
  ['right', '\u001b[C'],
  ['left', '\u001b[D'],
  ['home', '\u001b[H'],
  ['end', '\u001b[F'],
  ['pageup', '\u001b[5~'],
  ['pagedown', '\u001b[6~'],
]);

/** Bytes a terminal sends for a key. */
export function keyBytes(key: string): string {
  const control = /^ctrl-([a-z])$/.exec(key)?.[1];
  if (control !== undefined) return String.fromCharCode(control.charCodeAt(0) - 96);
  return named.get(key) ?? key;
}

function screenText(emulator: Emulator): string {
  const buffer = emulator.buffer.active;
  return Array.from(
    { length: emulator.rows },
    (_, row) => buffer.getLine(buffer.viewportY + row)?.translateToString(true) ?? '',
  ).join('\n');
}

function lookOf(cell: IBufferCell | undefined): CellLook {
  return {
    text: cell?.getChars() ?? '',
    bold: (cell?.isBold() ?? 0) !== 0,
    dim: (cell?.isDim() ?? 0) !== 0,
    inverse: (cell?.isInverse() ?? 0) !== 0,
    underline: (cell?.isUnderline() ?? 0) !== 0,
    fg: cell === undefined || cell.isFgDefault() ? 'default' : cell.getFgColor(),
    bg: cell === undefined || cell.isBgDefault() ? 'default' : cell.getBgColor(),
  };
}

/** The environment of the child: ours without what would mute ink or colour, plus what is given. */
function childEnvironment(extra: Readonly<Record<string, string>>): Record<string, string> {
  const kept = Object.entries(process.env).filter(
    (entry): entry is [string, string] =>
      entry[1] !== undefined &&
      !['CI', 'NO_COLOR', 'FORCE_COLOR', 'COLORTERM', 'LC_ALL', 'LC_CTYPE'].includes(entry[0]),
  );
  return { ...Object.fromEntries(kept), TERM: 'xterm-256color', LANG: 'C.UTF-8', ...extra };
}

interface Watch {
  readonly check: () => boolean;
  readonly done: () => void;
}

/** A program in its terminal, as far as it has come. */
interface Launched {
  readonly child: IPty;
  readonly emulator: Emulator;
  readonly watches: Set<Watch>;
  written: string;
  ended: { readonly status: number; readonly signal: number | undefined } | undefined;
  cursorShown: boolean;
}

function spawnChild(options: LaunchOptions, size: { readonly cols: number; readonly rows: number }): IPty {
  const args = options.args ?? [];
  const command = options.program === undefined ? [options.script ?? binary, ...args] : [...args];
  return spawn(options.program ?? process.execPath, command, {
    ...size,
    cwd: options.cwd ?? root,
    env: childEnvironment(options.env ?? {}),
  });
}

/** Keeps what the program writes, and looks at every wait when the screen has it. */
function follow(launched: Launched): void {
  const { child, emulator, watches } = launched;
  const look = (): void => {
    for (const watch of [...watches]) if (watch.check()) watch.done();
  };
  child.onData((data) => {
    launched.written += data;
    const shownAt = launched.written.lastIndexOf('\u001b[?25h');
    launched.cursorShown = shownAt >= launched.written.lastIndexOf('\u001b[?25l');
    emulator.write(data, look);
  });
  child.onExit(({ exitCode, signal }) => {
    launched.ended = { status: exitCode, signal: signal === 0 ? undefined : signal };
    emulator.write('', look);
  });
}

/** What is waited for, in words for whoever waits in vain. */
interface Wait {
  readonly what: string;
  readonly limitMs: number;
}

function until(launched: Launched, check: () => boolean, { what, limitMs }: Wait): Promise<void> {
  const { watches, emulator } = launched;
  return new Promise((resolve, reject) => {
    if (check()) {
      resolve();
      return;
    }
    const timer = setTimeout(() => {
      watches.delete(watch);
      const end = launched.ended ? ` (the program has ended: ${JSON.stringify(launched.ended)})` : '';
      reject(new Error(`waited ${limitMs} ms for ${what}${end}; the screen is:\n${screenText(emulator)}`));
    }, limitMs);
    const watch: Watch = {
      check,
      done: () => {
        clearTimeout(timer);
        watches.delete(watch);
        resolve();
      },
    };
    watches.add(watch);
  });
}

async function waitFor(
  launched: Launched,
  wanted: RegExp | ((screen: string) => boolean),
  limitMs: number,
): Promise<string> {
  const { emulator } = launched;
  const matches = wanted instanceof RegExp ? (text: string): boolean => wanted.test(text) : wanted;
  await until(launched, () => matches(screenText(emulator)), { what: String(wanted), limitMs });
  return screenText(emulator);
}

async function close(launched: Launched): Promise<void> {
  if (launched.ended === undefined) {
    launched.child.kill('SIGKILL');
    const wait = { what: 'the killed program to end', limitMs: 10_000 };
    await until(launched, () => launched.ended !== undefined, wait);
  }
  launched.emulator.dispose();
}

type Hands = Pick<TestTerminal, 'press' | 'type' | 'resize' | 'signal'>;

/** What a person at the terminal can do. */
function handsOn({ child, emulator }: Launched): Hands {
  return {
    press: (...keys) => {
      for (const key of keys) child.write(keyBytes(key));
    },
    type: (text) => {
      child.write(text);
    },
    resize: (width, height) => {
      emulator.resize(width, height);
      child.resize(width, height);
    },
    signal: (name) => {
      child.kill(name);
    },
  };
}

function terminalOf(launched: Launched): TestTerminal {
  const { child, emulator } = launched;
  return {
    ...handsOn(launched),
    screen: () => screenText(emulator),
    waitFor: (wanted, limitMs = patienceMs) => waitFor(launched, wanted, limitMs),
    cell: (x, y) => {
      const buffer = emulator.buffer.active;
      return lookOf(buffer.getLine(buffer.viewportY + y)?.getCell(x));
    },
    bytes: () => launched.written,
    get alternate() {
      return emulator.buffer.active.type === 'alternate';
    },
    get cursorShown() {
      return launched.cursorShown;
    },
    pid: child.pid,
    async exited(limitMs = patienceMs) {
      await until(launched, () => launched.ended !== undefined, { what: 'the program to end', limitMs });
      return launched.ended ?? { status: -1, signal: undefined };
    },
    close: () => close(launched),
  };
}

/** Starts the program; remember to `close`. */
export function launch(options: LaunchOptions = {}): TestTerminal {
  const size = { cols: options.cols ?? 100, rows: options.rows ?? 30 };
  const launched: Launched = {
    child: spawnChild(options, size),
    emulator: new xterm.Terminal({ ...size, allowProposedApi: true, scrollback: 0 }),
    watches: new Set(),
    written: '',
    ended: undefined,
    cursorShown: true,
  };
  follow(launched);
  return terminalOf(launched);
}
