// Durations as people write them on the command line: `90s`, `30m`, `2h`, `1d`, `500ms`. Knows no option.
import { AppError } from '../../core/model/app-error.ts';

const unitsMs: Readonly<Record<string, number>> = { ms: 1, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };
/** A year: beyond it a lifetime is a mistake. */
const longestMs = 365 * 86_400_000;

/** @returns milliseconds. @throws AppError (usage) naming `option`. */
export function parseDuration(text: string, option: string): number {
  const [, digits = '', unit = ''] = /^(\d{1,9})(ms|s|m|h|d)$/.exec(text) ?? [];
  const ms = Number(digits) * (unitsMs[unit] ?? Number.NaN);
  if (digits === '' || !(ms > 0 && ms <= longestMs))
    throw new AppError({
      code: 'DURATION',
      family: 'usage',
      message: `${option} "${text}" is not a duration between 1ms and 365d.`,
      hint: 'Write a whole number and a unit: 90s, 30m, 2h, 1d.',
    });
  return ms;
}

/** `1h 5m`, `12 s`, `340 ms`: at most two units. */
export function formatDuration(ms: number): string {
  if (ms < 1_000) return `${Math.round(ms)} ms`;
  const seconds = Math.round(ms / 1_000);
  if (seconds < 60) return `${seconds} s`;
  const minutes = Math.floor(seconds / 60);
  if (minutes < 60) return seconds % 60 === 0 ? `${minutes} min` : `${minutes} min ${seconds % 60} s`;
  return minutes % 60 === 0
    ? `${Math.floor(minutes / 60)} h`
    : `${Math.floor(minutes / 60)} h ${minutes % 60} min`;
}
