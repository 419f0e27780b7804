// `--no-ui`: a feed printed as lines until it ends, time is up or the person interrupts. One loop for demo, replay and --connect.
import type { FeedPort } from '../../core/model/feed-port.ts';
import type { CommandContext } from './command-context.ts';
import { createEventPrinter, type OutputFormat } from './output/event-printer.ts';

export interface PrintOptions {
  readonly format: OutputFormat;
  /** End after so many milliseconds. */
  readonly forMs: number | undefined;
}

/** Resolves when printing is over; the feed is closed. */
export async function printFeed(
  feed: FeedPort,
  context: CommandContext,
  options: PrintOptions,
): Promise<void> {
  const printer = createEventPrinter(options.format, 'flow', context.out);
  let timer: NodeJS.Timeout | undefined;
  let ended = false;
  const over = new Promise<void>((resolve) => {
    if (options.forMs !== undefined) timer = setTimeout(resolve, options.forMs);
    feed.start((message) => {
      switch (message.type) {
        case 'batch':
          for (const event of message.events) printer.print(event);
          return;
        case 'connection':
          if (message.state !== 'connected' && !ended) context.say(`${message.state}: ${message.detail}`);
          if (message.state === 'closed') resolve();
          return;
        case 'hello':
        case 'status':
        case 'position':
          return;
      }
    });
  });
  await Promise.race([over, context.interrupted]);
  clearTimeout(timer);
  ended = true;
  await feed.close();
  printer.end();
  await context.out.drained();
}
