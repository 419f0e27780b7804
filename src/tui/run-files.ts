// Where the terminal's own files lie: themes of the package and of the person, the person's keys. Reads the keys file.
import { existsSync, readFileSync } from 'node:fs';
import { homedir } from 'node:os';
import { join } from 'node:path';
import { fileURLToPath } from 'node:url';
import { AppError } from '../core/model/app-error.ts';
import { loadKeymap } from './keys/keys-file.ts';
import type { Keymap } from './keys/keymap.ts';
import type { Environment } from './theme/terminal-looks.ts';

/** Themes that come with the package; the same place from src/ and from dist/. */
const packageThemes = fileURLToPath(new URL('../../themes', import.meta.url));

/** `$XDG_CONFIG_HOME/kubectl-api-defense`, or below `~/.config`. */
export function configDirectory(env: Environment): string {
  const base = env['XDG_CONFIG_HOME'];
  const home = env['HOME'] ?? homedir();
  return join(
    base !== undefined && base.startsWith('/') ? base : join(home, '.config'),
    'kubectl-api-defense',
  );
}

/** Folders searched for themes, first hit wins. */
export const themeDirectories = (env: Environment): readonly string[] => [
  join(configDirectory(env), 'themes'),
  packageThemes,
];

/** The keymap of `path`, or of the person's keys.yaml if there is one, or the defaults. Throws AppError. */
export function readKeymap(env: Environment, path: string | undefined): Keymap {
  const own = join(configDirectory(env), 'keys.yaml');
  const file = path ?? (existsSync(own) ? own : undefined);
  if (file === undefined) return loadKeymap(undefined, own);
  try {
    return loadKeymap(readFileSync(file, 'utf8'), file);
  } catch (error) {
    if (error instanceof AppError) throw error;
    throw new AppError({
      code: 'KEYS_NOT_READABLE',
      family: 'notFound',
      message: `The keys file ${file} cannot be read.`,
      hint: 'Check the path given with --keys.',
      cause: error,
    });
  }
}
