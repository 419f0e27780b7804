// No verb: the terminal (or `--no-ui` lines) on an agent that is already running.
import { openFeed } from '../feed-client.ts';
import { connectOptions, outputOption } from '../option-values.ts';
import { openTerminal } from '../open-terminal.ts';
import { printFeed } from '../print-feed.ts';
import type { RunVerb } from '../verbs.ts';

/** 0 when the person ended it. @throws AppError what the feed says when it is closed for good. */
export const connect: RunVerb = async (_words, options, context) => {
  const where = connectOptions(options);
  if (options['ui'] === false) {
    const ready = (): Promise<void> | undefined => context.out.ready();
    const feed = openFeed(where, context.env, { ready });
    await printFeed(feed, context, { format: outputOption(options), forMs: undefined });
    return 0;
  }
  const feed = openFeed(where, context.env);
  return openTerminal(feed, { options, context });
};
