// `findings`: what the detections found, the latest word on each.
import type { FindingEvent } from '../../../core/model/event.ts';
import { addressOf, openFeed, startSession } from '../feed-client.ts';
import { follow } from '../follow.ts';
import { connectOptions, flagOption, outputOption } from '../option-values.ts';
import { createEventPrinter } from '../output/event-printer.ts';
import type { RunVerb } from '../verbs.ts';

/** Prints what detections found, and with --follow what they find. */
export const findings: RunVerb = async (_words, options, context) => {
  const connect = connectOptions(options);
  const feed = openFeed(connect, context.env, { subscribe: { last: 0 } });
  const session = await startSession(feed, addressOf(connect, context.env), context);
  const printer = createEventPrinter(outputOption(options), 'finding', context.out);
  const latest = new Map<string, FindingEvent>();
  for (const event of session.history) if (event.type === 'finding') latest.set(event.id, event);
  for (const event of latest.values()) printer.print(event);
  if (latest.size === 0 && outputOption(options) === 'table') context.say('No findings.');
  let status = 0;
  if (flagOption(options, 'follow'))
    status = await follow(session, context, (event) => {
      if (event.type === 'finding') printer.print(event);
    });
  await session.close();
  printer.end();
  return status;
};
