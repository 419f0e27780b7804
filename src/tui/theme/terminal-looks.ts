// What this terminal can show, from the environment's words: colour depth and whether signs must be ASCII. Pure.
import type { ColourDepth } from './colour.ts';

/** Environment variables as they were handed in. */
export type Environment = Readonly<Record<string, string | undefined>>;
/** When colour is used; `auto` goes by NO_COLOR, TERM and the stream. */
export type ColourChoice = 'auto' | 'always' | 'never';

const forced = new Map<string, ColourDepth>([
  ['0', 1],
  ['false', 1],
  ['', 4],
  ['1', 4],
  ['true', 4],
  ['2', 8],
  ['3', 24],
]);

function fromTerm(env: Environment): ColourDepth {
  const term = env['TERM'] ?? '';
  if (/^(?:truecolor|24bit)$/i.test(env['COLORTERM'] ?? '')) return 24;
  if (/-direct$/.test(term)) return 24;
  if (/256/.test(term)) return 8;
  return 4;
}

/**
 * Colour depth. NO_COLOR (any value but the empty one, no-color.org) wins over everything, then `--color=never`, FORCE_COLOR,
 * `--color=always`, TERM=dumb, and last what TERM and COLORTERM say.
 */
export function colourDepth(env: Environment, choice: ColourChoice = 'auto'): ColourDepth {
  if ((env['NO_COLOR'] ?? '') !== '' || choice === 'never') return 1;
  const wanted = env['FORCE_COLOR'];
  if (wanted !== undefined) return forced.get(wanted.toLowerCase()) ?? 4;
  if (env['TERM'] === 'dumb' && choice !== 'always') return 1;
  return fromTerm(env);
}

/** True when the locale is not UTF-8 (LC_ALL, then LC_CTYPE, then LANG; none set counts as UTF-8 except for TERM=linux). */
export function needsAscii(env: Environment): boolean {
  const locale = [env['LC_ALL'], env['LC_CTYPE'], env['LANG']].find(
    (value) => value !== undefined && value !== '',
  );
  if (locale === undefined) return env['TERM'] === 'linux';
  return !/utf-?8/i.test(locale);
}
