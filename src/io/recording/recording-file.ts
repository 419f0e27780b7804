// A recording opened for reading: its header, its index, its blocks as events. Knows no clock and no consumer.
import { AppError } from '../../core/model/app-error.ts';
import type { ApiEvent, LostEvent } from '../../core/model/event.ts';
import type { BlockSource } from './block-source.ts';
import { openBlocks } from './block-source.ts';
import type { Converter } from './converters.ts';
import { converterFor } from './converters.ts';
import type { HeaderLine } from './read-lines.ts';
import { isKnownLine, parseObject, readLines } from './read-lines.ts';
import type { RecordingIndex } from './recording-format.ts';
import { headerSchema, parseIndexLine, recordingVersion } from './recording-format.ts';
import { scanIndex } from './scan-index.ts';

/** Where a file stops being readable. */
export interface Damage {
  /** First byte that could not be read. */
  readonly offset: number;
  /** RFC 3339 time of the last event before it; absent when there was none. */
  readonly time?: string;
  /** A sentence with offset, time and what is wrong. */
  readonly message: string;
}

/** One block as events, or why there are none. */
export type BlockEvents =
  | {
      readonly type: 'events';
      readonly events: readonly ApiEvent[];
      /** What holds at this point, where the block says so. */
      readonly state?: readonly ApiEvent[];
      readonly next: number;
      /** Set when the block's last part cannot be read: nothing follows. */
      readonly damage?: Damage;
    }
  | { readonly type: 'end' }
  | { readonly type: 'damage'; readonly damage: Damage };

/** A recording open for reading at any block. */
export interface RecordingFile {
  readonly path: string;
  /** Absent for plain NDJSON without a header line. */
  readonly header: HeaderLine | undefined;
  /** Offset of the first block of events. */
  readonly firstOffset: number;
  /** `lastTime`: of the event read before, to say where damage is. */
  read(offset: number, lastTime?: string): Promise<BlockEvents>;
  /** From the end of the file, or by reading all of it where that is missing or damaged. */
  index(): Promise<RecordingIndex>;
  close(): Promise<void>;
}

/**
 * Opens a recording made by us, or NDJSON of the same events.
 * @throws AppError when it is missing, not ours, too new, or its header cannot be read.
 */
export async function openRecording(path: string): Promise<RecordingFile> {
  const source = await openBlocks(path);
  try {
    const { header, version, firstOffset } = await readHeader(source, path);
    const convert = converterFor(version, path);
    return {
      path,
      header,
      firstOffset,
      read: (offset, lastTime) => readEvents({ source, convert, path }, { offset, lastTime }),
      async index() {
        const tail = await source.tail();
        return (tail && parseIndexLine(tail.text, tail.offset)) ?? (await scanIndex(source, firstOffset));
      },
      close: () => source.close(),
    };
  } catch (error) {
    await source.close();
    throw error;
  }
}

interface HeaderRead {
  readonly header: HeaderLine | undefined;
  readonly version: number;
  readonly firstOffset: number;
}

async function readHeader(source: BlockSource, path: string): Promise<HeaderRead> {
  const first = await source.read(0);
  if (first.type !== 'text') {
    if (source.kind === 'plain') return { header: undefined, version: recordingVersion, firstOffset: 0 };
    throw headerUnreadable(path, first.type === 'damage' ? first.reason : 'it holds nothing');
  }
  const newline = first.text.indexOf('\n');
  const line = newline < 0 ? first.text : first.text.slice(0, newline);
  const value = parseObject(line);
  if (value?.['type'] !== 'recording' && !isKnownLine(firstLine(first.text)))
    throw headerUnreadable(path, 'its first line is neither the header of a recording nor an event');
  if (value?.['type'] !== 'recording')
    return { header: undefined, version: recordingVersion, firstOffset: 0 };
  const version = typeof value['version'] === 'number' ? value['version'] : NaN;
  if (!Number.isSafeInteger(version) || version < 1)
    throw headerUnreadable(path, 'it names no format version');
  const read = headerSchema.safeParse(converterFor(version, path)(value));
  if (!read.success) throw headerUnreadable(path, 'the header is not complete');
  const ownBlock = newline < 0 || newline === first.text.length - 1;
  return { header: read.data, version, firstOffset: ownBlock ? first.next : 0 };
}

/** The first line that is not blank. */
const firstLine = (text: string): string => text.trimStart().split('\n', 1)[0] ?? '';

interface Opened {
  readonly source: BlockSource;
  readonly convert: Converter;
  readonly path: string;
}

/** A place in the file, and the time of the event before it. */
interface Place {
  readonly offset: number;
  readonly lastTime: string | undefined;
}

async function readEvents({ source, convert, path }: Opened, at: Place): Promise<BlockEvents> {
  const read = await source.read(at.offset);
  switch (read.type) {
    case 'end':
      return read;
    case 'nothing':
      return { type: 'events', events: [], next: read.next };
    case 'damage':
      return {
        type: 'damage',
        damage: damageAt(path, { offset: read.offset, lastTime: at.lastTime }, read.reason),
      };
    case 'text': {
      const { events, state, unreadable, brokenAt } = readLines(read.text, convert);
      const lastTime = events.at(-1)?.time ?? at.lastTime;
      if (unreadable > 0) events.push(leftOut(unreadable, lastTime));
      const shared = { type: 'events', events, next: read.next, ...(state && { state }) } as const;
      return brokenAt === undefined
        ? shared
        : {
            ...shared,
            damage: damageAt(path, { offset: at.offset + brokenAt, lastTime }, 'a line is not JSON'),
          };
    }
  }
}

/** What a reader leaves out is shown like any other loss. */
function leftOut(count: number, time = new Date(0).toISOString()): LostEvent {
  return { type: 'lost', time, where: 'recording-unreadable', count };
}

function damageAt(path: string, { offset, lastTime: time }: Place, reason: string): Damage {
  const when = time === undefined ? 'before its first event' : `after the event of ${time}`;
  return {
    offset,
    ...(time === undefined ? {} : { time }),
    message: `${path} is damaged at byte ${offset}, ${when}: ${reason}. Everything before that is whole.`,
  };
}

const headerUnreadable = (path: string, reason: string): AppError =>
  new AppError({
    code: 'RECORDING_HEADER_UNREADABLE',
    family: 'data',
    message: `The header of ${path} cannot be read (damaged at byte 0): ${reason}.`,
    hint: 'Nothing can be played without it; fetch the file again from where it was made.',
  });
