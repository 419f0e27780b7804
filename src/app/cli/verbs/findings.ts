// `findings`: what the detections found, the latest word on each.
import type { FindingEvent } from '../../../core/model/event.ts';
import { follow } from '../follow.ts';
import { flagOption, outputOption } from '../option-values.ts';
import { createEventPrinter } from '../output/event-printer.ts';
import { openReadFeed } from '../read-feed.ts';
import type { RunVerb } from '../verbs.ts';

/** Prints what detections found, and with --follow what they find. */
export const findings: RunVerb = async (_words, options, context) => {
  const { start, isWanted } = await openReadFeed(options, context, { subscribe: { last: 0 } });
  const session = await start();
  const printer = createEventPrinter(outputOption(options), 'finding', context.out);
  const latest = new Map<string, FindingEvent>();
  for (const event of session.history)
    if (event.type === 'finding' && isWanted(event)) latest.set(event.id, event);
  for (const event of latest.values()) printer.print(event);
  if (latest.size === 0 && outputOption(options) === 'table') context.say('No findings.');
  let status = 0;
  if (flagOption(options, 'follow'))
    status = await follow(session, context, (event) => {
      if (event.type === 'finding' && isWanted(event)) printer.print(event);
    });
  await session.close();
  printer.end();
  return status;
};
