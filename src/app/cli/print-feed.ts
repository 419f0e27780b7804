// `--no-ui`: a feed printed as lines until it ends, time is up or the person interrupts. One loop for demo, replay and --connect.
import type { FeedPort } from '../../core/model/feed-port.ts';
import type { CommandContext } from './command-context.ts';
import { createEventPrinter, type OutputFormat } from './output/event-printer.ts';

/** How much is printed. */
export interface PrintOptions {
  readonly format: OutputFormat;
  /** End after so many milliseconds. */
  readonly forMs: number | undefined;
}

/**
 * Resolves when printing is over; the feed is closed.
 * @throws AppError what the feed says when it was closed for good from the other side: a wrong token, a newer agent.
 */
export async function printFeed(
  feed: FeedPort,
  context: CommandContext,
  options: PrintOptions,
): Promise<void> {
  const printer = createEventPrinter(options.format, 'flow', context.out);
  let timer: NodeJS.Timeout | undefined;
  let ended = false;
  const over = new Promise<void>((resolve, reject) => {
    if (options.forMs !== undefined) timer = setTimeout(resolve, options.forMs);
    feed.start((message) => {
      switch (message.type) {
        case 'batch':
          for (const event of message.events) printer.print(event);
          return;
        case 'connection':
          if (message.state !== 'connected' && !ended) context.say(`${message.state}: ${message.detail}`);
          // Closed for good, and not by us: every request gets the feed's own error, which says why.
          if (message.state === 'closed' && !ended)
            feed.request({ op: 'status' }).then(() => resolve(), reject);
          return;
        case 'hello':
        case 'status':
        case 'position':
        case 'policies':
          return;
      }
    });
  });
  try {
    await Promise.race([over, context.interrupted]);
  } finally {
    clearTimeout(timer);
    ended = true;
    await feed.close();
    printer.end();
    await context.out.drained();
  }
}
