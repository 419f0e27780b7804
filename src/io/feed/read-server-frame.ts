// Judges one text frame of a server at the edge: after this, types can be trusted. Never throws, whatever the bytes.
// The schema is the definition; of a batch most events pass by its compiled check, which costs a third and copies nothing.
import { z } from 'zod';
import { eventSchema } from '../../core/model/event.ts';
import type { ApiEvent } from '../../core/model/event.ts';
import { exactCheck } from '../../core/model/exact-check.ts';
import { feedVersion, serverFrameSchema } from '../../core/model/feed-message.ts';
import type { ServerFrame } from '../../core/model/feed-message.ts';
import { batchLinesOf, everyBatchLine, type BatchNumbers } from './batch-lines.ts';

/** Deepest nesting of anything carried untyped (a stored object, a result): what follows may recurse over it. */
const nestingLimit = 64;

/** The events of one batch that are valid. */
export interface BatchRead {
  readonly type: 'batch';
  readonly events: readonly ApiEvent[];
  /** For each event its JSON as it came, where that is ASCII and says the event and no more; see FeedMessage. */
  readonly texts: readonly (string | undefined)[];
  /** Events left out because they are not valid. */
  readonly unreadable: number;
  /** Of a server that numbers, as its frame has them. */
  readonly numbers?: BatchNumbers;
}

/** What a frame is found to be. */
export type ServerFrameRead =
  | { readonly type: 'frame'; readonly frame: Exclude<ServerFrame, { type: 'batch' }> }
  | BatchRead
  | { readonly type: 'newer'; readonly version: number }
  | { readonly type: 'unreadable' };

const envelopeSchema = z.object({
  type: z.string(),
  /** A number in a greeting; other frames may use the word otherwise. */
  version: z.unknown().optional(),
  events: z.array(z.unknown()).optional(),
});

const numbersSchema = z.object({ epoch: z.string().max(100), first: z.number().int().nonnegative() });

const isEvent = exactCheck(eventSchema);

/** Reads the bytes of one frame, UTF-8. */
export function readServerFrame(bytes: Buffer): ServerFrameRead {
  return readLines(bytes) ?? readWhole(bytes.toString());
}

function readWhole(text: string): ServerFrameRead {
  const value = parse(text);
  const envelope = envelopeSchema.safeParse(value);
  if (!envelope.success) return { type: 'unreadable' };
  const { type, version, events } = envelope.data;
  // Before the schema: a newer hello need not look like ours.
  if (type === 'hello' && typeof version === 'number' && version > feedVersion)
    return { type: 'newer', version };
  if (type === 'batch' && events !== undefined) {
    const sieve = createSieve();
    for (const event of events) sieve.take(event, undefined);
    return sieve.read(numbersSchema.safeParse(value).data);
  }
  const read = serverFrameSchema.safeParse(value);
  if (!read.success || read.data.type === 'batch') return { type: 'unreadable' };
  if (read.data.type === 'reply' && isDeeper(read.data.result, nestingLimit)) return { type: 'unreadable' };
  return { type: 'frame', frame: read.data };
}

/** A batch with an event a line; undefined when it is something else, or its lines are not whole values. */
function readLines(bytes: Buffer): BatchRead | undefined {
  const lines = batchLinesOf(bytes);
  if (lines === undefined) return undefined;
  const sieve = createSieve();
  const whole = everyBatchLine(bytes, lines.start, (line, narrow) => {
    const value = parse(line);
    if (value === undefined) return false;
    sieve.take(value, narrow ? line : undefined);
    return true;
  });
  return whole ? sieve.read(lines.numbers) : undefined;
}

/** The value of a JSON text, undefined for any other. */
function parse(text: string): unknown {
  try {
    return JSON.parse(text);
  } catch {
    return undefined;
  }
}

/** Keeps the valid events and counts the others. */
function createSieve(): {
  take(value: unknown, text: string | undefined): void;
  read(numbers?: BatchNumbers): BatchRead;
} {
  const events: ApiEvent[] = [];
  const texts: (string | undefined)[] = [];
  let unreadable = 0;
  return {
    take(value, text) {
      const exact = isEvent(value);
      const event = exact ? (value as ApiEvent) : eventSchema.safeParse(value).data;
      if (event === undefined || (event.type === 'policy' && isDeeper(event.object, nestingLimit))) {
        unreadable++;
        return;
      }
      events.push(event);
      texts.push(exact ? text : undefined);
    },
    read: (numbers) => ({
      ...{ type: 'batch', events, texts, unreadable },
      ...(numbers === undefined ? {} : { numbers }),
    }),
  };
}

/** Walks level by level, so that depth itself cannot overflow the stack. */
function isDeeper(value: unknown, limit: number): boolean {
  let level: unknown[] = [value];
  for (let depth = 0; level.length > 0; depth += 1) {
    if (depth > limit) return true;
    level = level.flatMap((one): unknown[] =>
      typeof one === 'object' && one !== null ? Object.values(one) : [],
    );
  }
  return false;
}
