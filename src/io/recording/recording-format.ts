// The layout of a recording and the bounds of its parts. Knows no file.
//
//   frame 0        header line                                    {"type":"recording","version":2,…}
//   frames 1..n    event lines, or one state line                 {"type":"flow",…}  {"type":"state",…}
//   frame n+1      index line                                     {"type":"index",…}
//   skippable      footer: mark, offset, length and CRC-32 of the index frame
//
// Every frame is a whole zstd frame with a checksum and can be read alone; `zstd -d` gives plain NDJSON. A state line repeats
// what still holds (policies, identities, findings), so that a seek need not read the file from its beginning.
import { constants, crc32 } from 'node:zlib';
import { z } from 'zod';
import {
  endpointSchema,
  eventSchema,
  identityEventSchema,
  policyEventSchema,
} from '../../core/model/event.ts';
import type { ApiEvent } from '../../core/model/event.ts';

/** Raised by one with every change that an older reader would misread; each raise adds a row in `converters.ts`. */
export const recordingVersion = 2;

/** The usual ending of a recording's name. */
export const recordingSuffix = '.ndjson.zst';

/** Bounds of a recording: what a writer keeps to and a reader takes. Characters are UTF-16 units of a line’s text. */
export const recordingLimits = {
  /** A block is cut when its text reaches this many characters, or is this old: what a crash may lose. */
  blockChars: 256 * 1024,
  blockMs: 1_000,
  /** Longest line, characters; an event has bounded bodies and is far below. */
  lineChars: 4 * 1024 * 1024,
  /** Text waiting for the disk, characters; more is lost and counted. */
  queueChars: 32 * 1024 * 1024,
  /** Largest frame a reader takes, compressed and as text, bytes: a state line with 20,000 policies, or the index of a day. */
  frameBytes: 64 * 1024 * 1024,
  textBytes: 128 * 1024 * 1024,
  /** A state line at most this often, and only after four times its own size in events. */
  stateMs: 30_000,
  stateShare: 4,
  /** Findings kept in a state line. */
  stateFindings: 5_000,
} as const;

/** Parameters of every frame: checksummed, level 3 (measured 0.35 ms for 256 KiB of events). */
export const zstdParams = {
  params: { [constants.ZSTD_c_compressionLevel]: 3, [constants.ZSTD_c_checksumFlag]: 1 },
};

/** The first line of a recording. */
export const headerSchema = z.object({
  type: z.literal('recording'),
  version: z.number().int().positive(),
  /** RFC 3339. */
  created: z.string(),
  /** The writer's clock when it began, epoch ms; event times are of the same clock. */
  clock: z.object({ startMs: z.number() }),
  /** As in the feed's hello. */
  name: z.string(),
  /** Version of the program that wrote it. */
  agent: z.string(),
  listeners: z.array(z.object({ source: endpointSchema, destination: endpointSchema })),
  windowMs: z.number().nonnegative(),
  /** As in the feed's hello; absent in older recordings too, whose policies may tell. */
  node: z.boolean().optional(),
  identities: z.array(identityEventSchema),
  /** In force when the recording began. */
  policies: z.array(policyEventSchema),
  /** How secrets and personal data were masked. */
  masking: z.string(),
});

/** What still holds at a moment, as the events that said so. */
export const stateSchema = z.object({ type: z.literal('state'), events: z.array(eventSchema) });

/** [offset, clock at first event, clock at last event, flows, other events]; clock = greatest event time so far, epoch ms. */
const blockRowSchema = z.tuple([
  z.number().int().nonnegative(),
  z.number(),
  z.number(),
  z.number().int().nonnegative(),
  z.number().int().nonnegative(),
]);
/** [offset, number of event blocks before it]. */
const stateRowSchema = z.tuple([z.number().int().nonnegative(), z.number().int().nonnegative()]);

/** The last line: where blocks and saved states lie. Rows are arrays, because there are thousands. */
export const indexSchema = z.object({
  type: z.literal('index'),
  blocks: z.array(blockRowSchema),
  states: z.array(stateRowSchema),
});

/** One block of events, and where the replay clock stands at its ends. */
export interface IndexedBlock {
  readonly offset: number;
  readonly startMs: number;
  readonly endMs: number;
  readonly flows: number;
  /** Findings, policies, identities and losses. */
  readonly others: number;
}

/** Where a saved state lies. */
export interface IndexedState {
  readonly offset: number;
  /** Number of event blocks that precede it. */
  readonly blocksBefore: number;
}

/** All blocks and saved states of a recording, in order. */
export interface RecordingIndex {
  readonly blocks: readonly IndexedBlock[];
  readonly states: readonly IndexedState[];
}

/** The index as its line. */
export function indexLine(index: RecordingIndex): string {
  return JSON.stringify({
    type: 'index',
    blocks: index.blocks.map((one) => [one.offset, one.startMs, one.endMs, one.flows, one.others]),
    states: index.states.map((one) => [one.offset, one.blocksBefore]),
  } satisfies z.infer<typeof indexSchema>);
}

/** Reads an index line; undefined when it is not one, or its offsets do not rise within `endOffset`. */
export function parseIndexLine(text: string, endOffset: number): RecordingIndex | undefined {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    return undefined;
  }
  const read = indexSchema.safeParse(value);
  if (!read.success) return undefined;
  const blocks = read.data.blocks.map(([offset, startMs, endMs, flows, others]) => ({
    offset,
    startMs,
    endMs,
    flows,
    others,
  }));
  const states = read.data.states.map(([offset, blocksBefore]) => ({ offset, blocksBefore }));
  const rising = (rows: readonly { readonly offset: number }[]): boolean =>
    rows.every((row, at) => row.offset < endOffset && row.offset > (rows[at - 1]?.offset ?? -1));
  return rising(blocks) && rising(states) && states.every((one) => one.blocksBefore <= blocks.length)
    ? { blocks, states }
    : undefined;
}

const footerMagic = 0x18_4d_2a_5d;
const footerMark = Buffer.from('APIDFIDX');
/** Length of the footer with its skippable frame's own 8 bytes. */
export const footerBytes = 8 + 8 + 8 + 4 + 4;

/** The fixed bytes at the end that tell where the index frame lies. */
export interface Footer {
  readonly indexOffset: number;
  readonly indexLength: number;
  readonly indexCrc: number;
}

/** The footer for an index frame that stands at `indexOffset`. */
export function encodeFooter(indexOffset: number, indexFrame: Uint8Array): Buffer {
  const footer = Buffer.alloc(footerBytes);
  footer.writeUInt32LE(footerMagic, 0);
  footer.writeUInt32LE(footerBytes - 8, 4);
  footerMark.copy(footer, 8);
  footer.writeBigUInt64LE(BigInt(indexOffset), 16);
  footer.writeUInt32LE(indexFrame.length, 24);
  footer.writeUInt32LE(crc32(indexFrame), 28);
  return footer;
}

/** Reads the last `footerBytes` of a file; undefined when they are no footer of ours. */
export function decodeFooter(bytes: Buffer): Footer | undefined {
  if (bytes.length !== footerBytes || bytes.readUInt32LE(0) !== footerMagic) return undefined;
  if (!bytes.subarray(8, 16).equals(footerMark)) return undefined;
  return {
    indexOffset: Number(bytes.readBigUInt64LE(16)),
    indexLength: bytes.readUInt32LE(24),
    indexCrc: bytes.readUInt32LE(28),
  };
}

/** True for events that a state line repeats. */
export function isStateful(event: ApiEvent): boolean {
  return event.type === 'policy' || event.type === 'identity' || event.type === 'finding';
}
