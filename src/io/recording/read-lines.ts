// Lines of a recording to events: parse, convert, validate. Pure; never throws on content.
import type { z } from 'zod';
import { eventSchema } from '../../core/model/event.ts';
import type { ApiEvent } from '../../core/model/event.ts';
import type { Converter } from './converters.ts';
import type { headerSchema } from './recording-format.ts';

/** A header as read from its line. */
export type HeaderLine = z.infer<typeof headerSchema>;

/** The lines of one block, sorted out. */
export interface LinesRead {
  readonly events: ApiEvent[];
  /** The events of a state line, where the block is one. */
  readonly state?: readonly ApiEvent[];
  /** Valid JSON that is no event of ours: left out and counted. */
  readonly unreadable: number;
  /** Bytes of the text before its first line that is not JSON; absent when all are. */
  readonly brokenAt?: number;
}

/** Lines that are no events and no mistakes. */
const silentTypes: ReadonlySet<unknown> = new Set(['recording', 'index', 'hello', 'status']);

/** Reads all lines of a block, up to the first that is not JSON. */
export function readLines(text: string, convert: Converter): LinesRead {
  const events: ApiEvent[] = [];
  let state: readonly ApiEvent[] | undefined;
  let unreadable = 0;
  for (let start = 0; start < text.length;) {
    const newline = text.indexOf('\n', start);
    const end = newline < 0 ? text.length : newline;
    const line = text.slice(start, end);
    if (line.trim() !== '') {
      const value = parseObject(line);
      if (value === undefined)
        return { events, unreadable, brokenAt: Buffer.byteLength(text.slice(0, start)) };
      if (value['type'] === 'state') state = readState(value, convert);
      else if (!silentTypes.has(value['type'])) {
        const read = eventSchema.safeParse(convert(value));
        if (read.success) events.push(read.data);
        else unreadable += 1;
      }
    }
    start = end + 1;
  }
  return { events, unreadable, ...(state === undefined ? {} : { state }) };
}

/** True for a line that some agent or recorder wrote; of an empty text too. */
export function isKnownLine(line: string): boolean {
  if (line.trim() === '') return true;
  const type = parseObject(line)?.['type'];
  return type === 'state' || silentTypes.has(type) || eventSchema.safeParse(parseObject(line)).success;
}

/** A state with an event we cannot read still tells the others. */
function readState(line: Readonly<Record<string, unknown>>, convert: Converter): readonly ApiEvent[] {
  const listed: readonly unknown[] = Array.isArray(line['events']) ? line['events'] : [];
  return listed.filter(isObject).flatMap((value) => {
    const read = eventSchema.safeParse(convert(value));
    return read.success ? [read.data] : [];
  });
}

/** One line as a JSON object; undefined when it is none. */
export function parseObject(line: string): Record<string, unknown> | undefined {
  try {
    const value: unknown = JSON.parse(line);
    return isObject(value) ? value : undefined;
  } catch {
    return undefined;
  }
}

const isObject = (value: unknown): value is Record<string, unknown> =>
  typeof value === 'object' && value !== null && !Array.isArray(value);

/** What a line is and when, cheaply: our own writers put type and time first. */
const opening = /\{"type":"(flow|finding|policy|lost|identity)","time":"([^"]{20,35})"/y;

/** Type and epoch ms of an event line starting at `start`; ms is NaN when it has none. */
export function peekLine(
  text: string,
  start: number,
  end: number,
): { type: string; timeMs: number } | undefined {
  opening.lastIndex = start;
  const found = opening.exec(text);
  if (found !== null) return { type: found[1] ?? '', timeMs: Date.parse(found[2] ?? '') };
  const value = parseObject(text.slice(start, end));
  if (value === undefined || typeof value['type'] !== 'string') return undefined;
  return { type: value['type'], timeMs: typeof value['time'] === 'string' ? Date.parse(value['time']) : NaN };
}
