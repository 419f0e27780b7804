// Opens the terminal view on any feed: the one place where verbs meet ink, loaded only when there is a terminal to draw on.
import { AppError } from '../../core/model/app-error.ts';
import type { ClusterPlace, OfferedContext } from '../../core/model/cluster-place.ts';
import type { FeedPort } from '../../core/model/feed-port.ts';
import type { LookOptions } from '../../tui/run-looks.ts';
import type { TerminalEnd } from '../../tui/run-terminal.ts';
import type { CommandContext } from './command-context.ts';
import { flagOption, textOption } from './option-values.ts';
import type { OptionValues } from './verbs.ts';

/** How colour may be chosen. */
const colourChoices = ['auto', 'always', 'never'] as const;

/** What the terminal is opened with. */
export interface OpenTerminal {
  readonly options: OptionValues;
  readonly context: CommandContext;
  /** Close by itself after so many milliseconds. */
  readonly forMs?: number | undefined;
  /** Of a terminal on a cluster. */
  readonly place?: ClusterPlace | undefined;
  /** Whoever opens this can open it anew. */
  readonly restarts?: boolean | undefined;
  /** Locked from the beginning. */
  readonly locked?: boolean | undefined;
  /** By name; before that of the options. */
  readonly themeName?: string | undefined;
  /** Contexts that the palette offers. */
  readonly contexts?: readonly OfferedContext[] | undefined;
  /** Said first, for a while. */
  readonly firstWords?: string | undefined;
}

function lookOptions({ options, context, themeName }: OpenTerminal): LookOptions {
  const colour = textOption(options, 'color');
  return {
    env: context.env,
    themeName: themeName ?? textOption(options, 'theme'),
    keysFile: textOption(options, 'keys'),
    colour: colourChoices.find((choice) => choice === colour),
    ascii: flagOption(options, 'ascii') ? true : undefined,
  };
}

/**
 * Call it before starting anything that is only to be shown. @throws AppError when input or output is not a terminal, or for
 * a theme or keys file that cannot be used.
 */
export async function requireTerminal(open: OpenTerminal): Promise<void> {
  const { stdin, stdout } = open.context;
  if (!stdin.isTTY || !stdout.isTTY)
    throw new AppError({
      code: 'NO_TERMINAL',
      family: 'usage',
      message: 'The terminal view needs a terminal for input and output.',
      hint: 'Add --no-ui, with -o table, json or ndjson, to print events instead.',
    });
  const { checkLooks } = await import('../../tui/run-looks.ts');
  checkLooks(lookOptions(open));
}

/** Resolves with how it ended; the feed is closed. @throws AppError as `requireTerminal` does. */
export async function showTerminal(feed: FeedPort, open: OpenTerminal): Promise<TerminalEnd> {
  const { context, options } = open;
  try {
    await requireTerminal(open);
    const { runTerminal } = await import('../../tui/run-terminal.ts');
    return await runTerminal({
      ...lookOptions(open),
      feed,
      stdin: context.stdin,
      stdout: context.stdout,
      stderr: process.stderr,
      readOnly: flagOption(options, 'readOnly'),
      ...{ forMs: open.forMs, place: open.place, firstWords: open.firstWords, contexts: open.contexts },
      ...{ restarts: open.restarts, locked: open.locked },
    });
  } finally {
    await feed.close();
  }
}

/** The same of a feed that is all there is: resolves with the exit status when the person has left. */
export async function openTerminal(feed: FeedPort, open: OpenTerminal): Promise<number> {
  const end = await showTerminal(feed, open);
  return end.type === 'left' ? end.status : 0;
}
