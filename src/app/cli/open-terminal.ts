// Opens the terminal view on any feed: the one place where verbs meet ink, loaded only when there is a terminal to draw on.
import { AppError } from '../../core/model/app-error.ts';
import type { FeedPort } from '../../core/model/feed-port.ts';
import type { CommandContext } from './command-context.ts';
import { flagOption, textOption } from './option-values.ts';
import type { OptionValues } from './verbs.ts';

/** How colour may be chosen. */
const colourChoices = ['auto', 'always', 'never'] as const;

export interface OpenTerminal {
  readonly options: OptionValues;
  readonly context: CommandContext;
  /** Close by itself after so many milliseconds. */
  readonly forMs?: number | undefined;
}

/** @throws AppError when input or output is not a terminal. Call it before starting anything that is only to be shown. */
export function requireTerminal({ stdin, stdout }: CommandContext): void {
  if (stdin.isTTY && stdout.isTTY) return;
  throw new AppError({
    code: 'NO_TERMINAL',
    family: 'usage',
    message: 'The terminal view needs a terminal for input and output.',
    hint: 'Add --no-ui, with -o table, json or ndjson, to print events instead.',
  });
}

/** Resolves with the exit status when the person has left; the feed is closed. @throws AppError when there is no terminal. */
export async function openTerminal(feed: FeedPort, open: OpenTerminal): Promise<number> {
  const { context, options } = open;
  requireTerminal(context);
  const { runTerminal } = await import('../../tui/run-terminal.ts');
  const colour = textOption(options, 'color');
  try {
    return await runTerminal({
      feed,
      stdin: context.stdin,
      stdout: context.stdout,
      stderr: process.stderr,
      env: context.env,
      readOnly: flagOption(options, 'readOnly'),
      themeName: textOption(options, 'theme'),
      keysFile: textOption(options, 'keys'),
      colour: colourChoices.find((choice) => choice === colour),
      ascii: flagOption(options, 'ascii') ? true : undefined,
      forMs: open.forMs,
    });
  } finally {
    await feed.close();
  }
}
