// `policies`: what is in force, what waits, what was rejected and why.
import type { PolicyEvent } from '../../../core/model/event.ts';
import { addressOf, openFeed, startSession } from '../feed-client.ts';
import { connectOptions, outputOption } from '../option-values.ts';
import { createEventPrinter } from '../output/event-printer.ts';
import type { RunVerb } from '../verbs.ts';

/** Lists the policies with state, countdown and hits. */
export const policies: RunVerb = async (_words, options, context) => {
  const connect = connectOptions(options);
  const feed = openFeed(connect, context.env, { subscribe: { last: 0 } });
  const session = await startSession(feed, addressOf(connect, context.env), context);
  const latest = new Map<string, PolicyEvent>();
  for (const event of session.history) if (event.type === 'policy') latest.set(event.name, event);
  const printer = createEventPrinter(outputOption(options), 'policy', context.out);
  const shown = [...latest.values()].filter((event) => event.state !== 'removed');
  for (const event of shown) printer.print(event);
  if (shown.length === 0 && outputOption(options) === 'table') context.say('No policies.');
  await session.close();
  printer.end();
  return 0;
};
