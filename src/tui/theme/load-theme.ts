// Finds a theme by name in a list of folders, follows `extends`, and fits the result to this terminal.
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { AppError } from '../../core/model/app-error.ts';
import { nearest } from '../../core/filter/nearest.ts';
import { createStyleTable } from '../render/style-table.ts';
import type { StyleTable } from '../render/style-table.ts';
import type { ColourDepth } from './colour.ts';
import { makeTheme } from './make-theme.ts';
import { readTheme } from './read-theme.ts';
import type { Theme } from './theme.ts';
import type { ThemeFile } from './theme-schema.ts';

/** Which theme, where it is looked for, and what the terminal can show. */
export interface LoadThemeOptions {
  /** File name without `.yaml`. */
  readonly name: string;
  /** Folders to look in, first hit wins: the person's own, then the package's. */
  readonly directories: readonly string[];
  readonly depth: ColourDepth;
  readonly ascii: boolean;
  /** Table to intern into; a theme switched at run time shares the screen's. */
  readonly styles?: StyleTable;
}

/** Most ancestors a theme may have. */
const ancestorLimit = 8;

const isName = (name: string): boolean => /^[a-z0-9][a-z0-9-]{0,40}$/.test(name);

/** Names of all themes in the folders, sorted. */
export function themeNames(directories: readonly string[]): readonly string[] {
  const names = directories.flatMap((directory) => {
    try {
      return readdirSync(directory).filter((file) => file.endsWith('.yaml'));
    } catch {
      return [];
    }
  });
  return [...new Set(names.map((file) => file.slice(0, -'.yaml'.length)).filter(isName))].sort();
}

function readNamed(
  name: string,
  directories: readonly string[],
): { readonly text: string; readonly path: string } {
  if (isName(name))
    for (const directory of directories) {
      const path = join(directory, `${name}.yaml`);
      try {
        return { text: readFileSync(path, 'utf8'), path };
      } catch (error) {
        if (error instanceof Error && 'code' in error && error.code === 'ENOENT') continue;
        throw error;
      }
    }
  const known = themeNames(directories);
  const near = nearest(name, known);
  throw new AppError({
    code: 'THEME_NOT_FOUND',
    family: 'notFound',
    message: `There is no theme "${name}"${near === undefined ? '' : `: did you mean ${near}?`}`,
    hint: `Known themes: ${known.join(', ')}. Write the name without .yaml.`,
  });
}

/** The theme and its ancestors, nearest first. */
function readChain(name: string, directories: readonly string[], depth = 0): readonly ThemeFile[] {
  if (depth > ancestorLimit)
    throw new AppError({
      code: 'THEME_LOOP',
      family: 'data',
      message: `The theme ${name} extends itself, directly or through others.`,
      hint: 'Remove one `extends`.',
    });
  const { text, path } = readNamed(name, directories);
  let ancestors: readonly ThemeFile[] = [];
  const theme = readTheme(text, path, (parent) => {
    ancestors = readChain(parent, directories, depth + 1);
    return new Set(ancestors.flatMap((each) => Object.keys(each.palette ?? {})));
  });
  return [theme, ...ancestors];
}

/** Loads a theme; throws AppError THEME_NOT_FOUND, THEME_INVALID (with file and line) or THEME_LOOP. */
export function loadTheme(options: LoadThemeOptions): Theme {
  return makeTheme(readChain(options.name, options.directories), {
    depth: options.depth,
    ascii: options.ascii,
    styles: options.styles ?? createStyleTable(),
  });
}
