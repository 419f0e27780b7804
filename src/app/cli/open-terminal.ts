// Opens the terminal view on any feed: the one place where verbs meet ink, loaded only when there is a terminal to draw on.
import { AppError } from '../../core/model/app-error.ts';
import type { FeedPort } from '../../core/model/feed-port.ts';
import type { CommandContext } from './command-context.ts';
import type { OptionValues } from './verbs.ts';

export interface OpenTerminal {
  readonly options: OptionValues;
  readonly context: CommandContext;
  readonly readOnly: boolean;
  /** Close by itself after so many milliseconds. */
  readonly forMs?: number | undefined;
}

/** Resolves with the exit status when the person has left; the feed is closed. @throws AppError when there is no terminal. */
export async function openTerminal(feed: FeedPort, open: OpenTerminal): Promise<number> {
  const { context } = open;
  if (!context.stdout.isTTY || !context.stdin.isTTY)
    throw new AppError({
      code: 'NO_TERMINAL',
      family: 'usage',
      message: 'The terminal view needs a terminal for input and output.',
      hint: 'Add --no-ui, with -o table, json or ndjson, to print events instead.',
    });
  throw new Error('not wired yet');
}
