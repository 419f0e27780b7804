// How the terminal looks and what its keys are, from options and environment: read before anything is started or drawn, so
// that a bad theme or keys file costs one sentence. Knows no ink.
import { readKeymap, themeDirectories } from './run-files.ts';
import { loadTheme, themeNames } from './theme/load-theme.ts';
import { colourDepth, needsAscii } from './theme/terminal-looks.ts';
import type { ColourChoice, Environment } from './theme/terminal-looks.ts';
import type { Theme } from './theme/theme.ts';

/** What a person asked for on the command line, and the environment. */
export interface LookOptions {
  readonly env: Environment;
  /** Theme by name; default `default`. */
  readonly themeName?: string | undefined;
  /** Keys file; default the person's keys.yaml where there is one. */
  readonly keysFile?: string | undefined;
  readonly colour?: ColourChoice | undefined;
  /** ASCII signs whatever the locale says. */
  readonly ascii?: boolean | undefined;
}

/** The look in force and the ways to another. */
export interface Looks {
  /** The theme now. */
  readonly theme: Theme;
  readonly themes: () => readonly string[];
  /** @throws AppError when there is no such theme; the old one stays. */
  readonly switchTheme: (name: string) => void;
}

/** The looks that the options ask for. @throws AppError for a theme that is not there or not valid. */
export function createLooks(options: LookOptions): Looks {
  const directories = themeDirectories(options.env);
  const depth = colourDepth(options.env, options.colour);
  const ascii = options.ascii ?? needsAscii(options.env);
  let theme = loadTheme({ name: options.themeName ?? 'default', directories, depth, ascii });
  return {
    get theme() {
      return theme;
    },
    themes: () => themeNames(directories),
    switchTheme: (name) => {
      theme = loadTheme({ name, directories, depth, ascii, styles: theme.styles });
    },
  };
}

/** @throws AppError for a theme or keys file that cannot be used. */
export function checkLooks(options: LookOptions): void {
  createLooks(options);
  readKeymap(options.env, options.keysFile);
}
