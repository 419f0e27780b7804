// `observe`: flows as lines, from the agent's memory and, with --follow, as they come.
import type { ApiEvent, FlowEvent } from '../../../core/model/event.ts';
import type { Hello } from '../../../core/model/feed-message.ts';
import type { CommandContext } from '../command-context.ts';
import { formatDuration } from '../duration.ts';
import type { Session } from '../feed-client.ts';
import { follow } from '../follow.ts';
import { durationOption, filterOf, flagOption, numberOption, outputOption } from '../option-values.ts';
import { withoutEndedOpenings } from '../output/one-row.ts';
import { createEventPrinter } from '../output/event-printer.ts';
import { openReadFeed, type ReadFeed } from '../read-feed.ts';
import type { OptionValues, RunVerb } from '../verbs.ts';

/** Without --last and --since: what fits on a screen. */
const defaultLast = 20;

const newestOf = (events: readonly ApiEvent[], limit: number): ApiEvent[] =>
  events.slice(Math.max(0, events.length - limit));

/** The newest `limit` of what is put in. Everything is handed on at once where there is no limit. */
function createTail(
  limit: number,
  print: (event: ApiEvent) => void,
  thin: (events: readonly ApiEvent[]) => readonly ApiEvent[],
): { readonly put: (event: ApiEvent) => void; readonly end: () => void } {
  if (limit === Number.POSITIVE_INFINITY) return { put: print, end: () => undefined };
  let kept: ApiEvent[] = [];
  const newest = (): ApiEvent[] => newestOf(thin(kept), limit);
  return {
    put(event) {
      kept.push(event);
      if (kept.length > 2 * limit + 64) kept = newest();
    },
    end: () => newest().forEach(print),
  };
}

/** A window longer than the agent's memory is answered with less than was asked for. */
function shortMemory({ windowMs }: Hello, sinceMs: number | undefined): string | undefined {
  if (sinceMs === undefined || sinceMs <= windowMs) return undefined;
  return `The agent remembers ${formatDuration(windowMs)}: what was before that is not shown.`;
}

/** How many of the flows, and since when. */
interface Range {
  readonly wanted: number;
  readonly sinceMs: number | undefined;
  readonly subscribe: { readonly sinceMs?: number; readonly last?: number };
}

function rangeOf(options: OptionValues, isFiltered: boolean): Range {
  const last = numberOption(options, 'last', { min: 0, max: 1_000_000 });
  const sinceMs = durationOption(options, 'since');
  const wanted = last ?? (sinceMs === undefined ? defaultLast : Number.POSITIVE_INFINITY);
  const subscribe = {
    ...(sinceMs === undefined ? {} : { sinceMs: Date.now() - sinceMs }),
    // The agent cannot filter: only without one are its newest flows the ones that are wanted.
    ...(isFiltered || wanted === Number.POSITIVE_INFINITY ? {} : { last: wanted }),
  };
  return { wanted, sinceMs, subscribe };
}

/** A session whose history went to `onHistory`; undefined when the reader had enough before. */
async function sessionWith(
  context: CommandContext,
  { read, sinceMs }: { readonly read: ReadFeed; readonly sinceMs: number | undefined },
  onHistory: (events: readonly ApiEvent[]) => void,
): Promise<Session | undefined> {
  try {
    return await read.start({
      onHistory,
      onHello(hello) {
        const warning = shortMemory(hello, sinceMs);
        if (warning !== undefined) context.say(warning);
      },
    });
  } catch (error) {
    // The reader has enough: that is no failure.
    if (context.out.closed()) return undefined;
    throw error;
  }
}

/** Hands on what is asked for, and counts the flows in it. */
function createSieve(matches: (flow: FlowEvent) => boolean): {
  readonly flows: () => number;
  readonly through: (event: ApiEvent, print: (event: ApiEvent) => void) => void;
} {
  let flows = 0;
  return {
    flows: () => flows,
    through(event, print) {
      if (event.type === 'flow' ? !matches(event) : event.type !== 'lost') return;
      if (event.type === 'flow') flows += 1;
      print(event);
    },
  };
}

/** Prints flows. 0, or `unavailable` when the agent went away while it was followed. */
export const observe: RunVerb = async (words, options, context) => {
  const sieve = createSieve(filterOf(words));
  const { wanted, sinceMs, subscribe } = rangeOf(
    options,
    words.length > 0 || options['namespace'] !== undefined,
  );
  const format = outputOption(options);
  // A reader that stalls for hours must not cost memory: then the feed is not read either, and the agent counts what is lost. The
  // history is bounded, and its end is waited for with a deadline.
  const live = { following: false };
  const ready = (): Promise<void> | undefined => (live.following ? context.out.ready() : undefined);
  const read = await openReadFeed(options, context, { subscribe, ready });
  const printer = createEventPrinter(format, 'flow', context.out);
  const print = (event: ApiEvent): void => printer.print(event);
  const thin = format === 'table' ? withoutEndedOpenings : (events: readonly ApiEvent[]) => events;
  const tail = createTail(wanted, print, thin);
  const session = await sessionWith(context, { read, sinceMs }, (events) => {
    for (const event of events) printer.learn(event);
    for (const event of thin(events)) if (read.isWanted(event)) sieve.through(event, tail.put);
  });
  if (session === undefined) return 0;
  tail.end();
  let status = 0;
  live.following = flagOption(options, 'follow');
  if (live.following)
    status = await follow(session, context, (event) => {
      printer.learn(event);
      if (read.isWanted(event)) sieve.through(event, print);
    });
  else if (sieve.flows() === 0 && format === 'table') context.say('No flows match.');
  await session.close();
  printer.end();
  await context.out.drained();
  return status;
};
