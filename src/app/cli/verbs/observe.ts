// `observe`: flows as lines, from the agent's memory and, with --follow, as they come.
import type { ApiEvent } from '../../../core/model/event.ts';
import { addressOf, openFeed, startSession } from '../feed-client.ts';
import {
  connectOptions,
  durationOption,
  filterOf,
  flagOption,
  numberOption,
  outputOption,
} from '../option-values.ts';
import { createEventPrinter } from '../output/event-printer.ts';
import type { RunVerb } from '../verbs.ts';

/** Without --last and --since: what fits on a screen. */
const defaultLast = 20;

export const observe: RunVerb = async (words, options, context) => {
  const matches = filterOf(words);
  const last = numberOption(options, 'last', { min: 0, max: 1_000_000 });
  const sinceMs = durationOption(options, 'since');
  const wanted = last ?? (sinceMs === undefined ? defaultLast : Number.POSITIVE_INFINITY);
  const connect = connectOptions(options);
  const feed = openFeed(connect, context.env, sinceMs === undefined ? {} : { sinceMs: Date.now() - sinceMs });
  const session = await startSession(feed, addressOf(connect, context.env));
  const printer = createEventPrinter(outputOption(options), 'flow', context.out);
  const isWanted = (event: ApiEvent): boolean =>
    event.type === 'lost' || (event.type === 'flow' && matches(event));

  const seen = session.history.filter(isWanted);
  for (const event of seen.slice(Math.max(0, seen.length - wanted))) printer.print(event);
  if (flagOption(options, 'follow')) {
    session.listen((message) => {
      if (message.type === 'batch') message.events.filter(isWanted).forEach((event) => printer.print(event));
      if (message.type === 'connection') context.say(`${message.state}: ${message.detail}`);
    });
    await context.interrupted;
  }
  await session.close();
  printer.end();
  await context.out.drained();
  return 0;
};
