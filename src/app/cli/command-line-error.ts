// What the argument parser refuses, as a sentence with code, hint and status like every other refusal. Pure.
import type { CommanderError } from 'commander';
import { AppError } from '../../core/model/app-error.ts';

/** Undefined for what is no mistake: help and version were asked for and have been printed. */
export function commandLineError(
  { code, message, exitCode }: Pick<CommanderError, 'code' | 'message' | 'exitCode'>,
  verb: string | undefined,
): AppError | undefined {
  if (exitCode === 0 || code === 'commander.help') return undefined;
  const text = message.replace(/^error: /, '').replaceAll(/\s*\n\s*/g, ' ');
  return new AppError({
    // `commander.unknownOption` is UNKNOWN_OPTION: stable as commander's own.
    code: code
      .replace(/^commander\./, '')
      .replaceAll(/([a-z])([A-Z])/g, '$1_$2')
      .toUpperCase(),
    family: 'usage',
    message: `${text.charAt(0).toUpperCase()}${text.slice(1)}${/[.?)]$/.test(text) ? '' : '.'}`,
    hint: `kubectl api-defense ${verb === undefined ? '' : `${verb} `}--help lists what it takes.`,
  });
}
