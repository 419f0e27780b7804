// A recording's bytes as texts of whole lines, block by block, from any offset: compressed or plain. Knows no event.
import type { FileHandle } from 'node:fs/promises';
import { open, stat } from 'node:fs/promises';
import { promisify } from 'node:util';
import { crc32, zstdDecompress } from 'node:zlib';
import { AppError } from '../../core/model/app-error.ts';
import { decodeFooter, footerBytes, recordingLimits } from './recording-format.ts';
import { measureFrame } from './zstd-frame.ts';

/** One read: whole lines, nothing, the end, or damage with its place and reason. `next` is the offset to go on at. */
export type BlockRead =
  | { readonly type: 'text'; readonly text: string; readonly next: number }
  /** Bytes without lines (a skippable frame). */
  | { readonly type: 'nothing'; readonly next: number }
  | { readonly type: 'end' }
  | { readonly type: 'damage'; readonly offset: number; readonly reason: string };

/** An open recording as blocks of text; offsets are bytes of the file. */
export interface BlockSource {
  readonly kind: 'zstd' | 'plain';
  read(offset: number): Promise<BlockRead>;
  /** The text of the index frame that the footer points to, where both are whole, and its offset. */
  tail(): Promise<{ readonly text: string; readonly offset: number } | undefined>;
  close(): Promise<void>;
}

const decompress = promisify(zstdDecompress);
/** First look at a frame; a block of ours is about 30 KiB compressed. */
const firstReadBytes = 64 * 1024;
/** Room for a block's text, by its size: with Node's own 16 KiB a usual block would cross to the thread pool 16 times. */
const unpackBytes = { min: 16 * 1024, max: 512 * 1024, ratio: 16 };

/**
 * Opens a file and tells by its first bytes what it is.
 * @throws AppError when it is missing, empty or neither zstd nor NDJSON.
 */
export async function openBlocks(path: string): Promise<BlockSource> {
  const handle = await openFile(path);
  try {
    const { size } = await handle.stat();
    const head = await readAt(handle, 0, 4);
    const read = (offset: number, length: number): Promise<Buffer> =>
      readAt(handle, offset, Math.min(length, Math.max(0, size - offset)));
    if (head.length === 4 && measureFrame(Buffer.concat([head, Buffer.alloc(4)])).type !== 'bad')
      return zstdSource(read, size, () => handle.close());
    if (/^\s*\{/.test(head.toString('latin1'))) return plainSource(read, size, () => handle.close());
  } catch (error) {
    await handle.close();
    throw error;
  }
  await handle.close();
  throw new AppError({
    code: 'RECORDING_UNKNOWN',
    family: 'data',
    message: `${path} is not a recording: it begins neither as zstd nor as NDJSON.`,
    hint: 'Recordings are made by `record`, or by `-o ndjson`.',
  });
}

/** Only a regular file is opened: a pipe would keep the program waiting, a directory has no bytes. */
async function openFile(path: string): Promise<FileHandle> {
  const found = await stat(path).catch((cause: unknown) => {
    throw notOpened(path, cause);
  });
  if (!found.isFile())
    throw new AppError({
      code: 'RECORDING_UNKNOWN',
      family: 'data',
      message: `${path} is ${found.isDirectory() ? 'a directory' : 'no file'}, and a recording is a file.`,
      hint: 'Name the file itself, such as recordings/shop-under-attack.adr.',
    });
  return open(path, 'r').catch((cause: unknown) => {
    throw notOpened(path, cause);
  });
}

function notOpened(path: string, cause: unknown): AppError {
  const code = cause instanceof Error && 'code' in cause ? cause.code : undefined;
  const isDenied = code === 'EACCES' || code === 'EPERM';
  return new AppError({
    code: isDenied ? 'RECORDING_DENIED' : 'RECORDING_NOT_FOUND',
    family: 'notFound',
    message: `The recording ${path} cannot be ${isDenied ? 'read: you have no permission' : 'opened'}.`,
    hint: isDenied
      ? 'Ask its owner, or read it as the user who recorded it.'
      : `Check the name; a recording whose agent crashed is called ${path}.partial.`,
    cause,
  });
}

async function readAt(handle: FileHandle, offset: number, length: number): Promise<Buffer> {
  const buffer = Buffer.alloc(length);
  let filled = 0;
  while (filled < length) {
    const { bytesRead } = await handle.read(buffer, filled, length - filled, offset + filled);
    if (bytesRead === 0) break;
    filled += bytesRead;
  }
  return buffer.subarray(0, filled);
}

type Read = (offset: number, length: number) => Promise<Buffer>;

type Measured =
  | Extract<BlockRead, { type: 'end' | 'damage' }>
  | { readonly type: 'frame'; readonly length: number; readonly skippable: boolean; readonly bytes: Buffer };

/** The frame at `offset` by its length; reads on until that can be told. */
async function measureAt(read: Read, size: number, offset: number): Promise<Measured> {
  if (offset >= size) return { type: 'end' };
  let bytes = await read(offset, firstReadBytes);
  let measure = measureFrame(bytes);
  while (measure.type === 'short' && measure.need <= recordingLimits.frameBytes) {
    if (offset + measure.need > size) return damage(offset, 'the file ends within a block');
    bytes = await read(offset, Math.max(measure.need, bytes.length * 2));
    measure = measureFrame(bytes);
  }
  if (measure.type === 'bad') return damage(offset, measure.reason);
  if (measure.type === 'short' || measure.length > recordingLimits.frameBytes)
    return damage(
      offset,
      'the block is larger than a recording has; decompress the file with `zstd -d` first',
    );
  if (offset + measure.length > size) return damage(offset, 'the file ends within a block');
  return { type: 'frame', length: measure.length, skippable: measure.type === 'skippable', bytes };
}

async function readFrame(read: Read, size: number, offset: number): Promise<BlockRead> {
  const found = await measureAt(read, size, offset);
  if (found.type !== 'frame') return found;
  const { length, bytes } = found;
  const next = offset + length;
  if (found.skippable) return { type: 'nothing', next };
  const frame = bytes.length >= length ? bytes.subarray(0, length) : await read(offset, length);
  const text = await decompress(frame, {
    maxOutputLength: recordingLimits.textBytes,
    chunkSize: Math.min(unpackBytes.max, Math.max(unpackBytes.min, frame.length * unpackBytes.ratio)),
  }).catch(() => undefined);
  return text === undefined
    ? damage(offset, 'the block does not match its checksum')
    : { type: 'text', text: text.toString(), next };
}

function zstdSource(read: Read, size: number, close: () => Promise<void>): BlockSource {
  return {
    kind: 'zstd',
    read: (offset) => readFrame(read, size, offset),
    async tail() {
      if (size < footerBytes) return undefined;
      const footer = decodeFooter(await read(size - footerBytes, footerBytes));
      if (footer === undefined || footer.indexOffset + footer.indexLength !== size - footerBytes)
        return undefined;
      if (footer.indexLength > recordingLimits.frameBytes) return undefined;
      if (crc32(await read(footer.indexOffset, footer.indexLength)) !== footer.indexCrc) return undefined;
      const index = await readFrame(read, size, footer.indexOffset);
      return index.type === 'text' ? { text: index.text, offset: footer.indexOffset } : undefined;
    },
    close,
  };
}

function plainSource(read: Read, size: number, close: () => Promise<void>): BlockSource {
  return {
    kind: 'plain',
    async read(offset) {
      if (offset >= size) return { type: 'end' };
      let length: number = recordingLimits.blockChars;
      for (;;) {
        const bytes = await read(offset, length);
        const newline = bytes.lastIndexOf(0x0a);
        if (newline >= 0)
          return { type: 'text', text: bytes.toString('utf8', 0, newline + 1), next: offset + newline + 1 };
        // A last line without its newline counts when it is whole; the reader of lines finds out.
        if (offset + bytes.length >= size) return { type: 'text', text: bytes.toString(), next: size };
        if (length >= recordingLimits.lineChars)
          return damage(offset, 'a line is longer than a recording has');
        length *= 4;
      }
    },
    tail: () => Promise.resolve(undefined),
    close,
  };
}

const damage = (offset: number, reason: string): Extract<BlockRead, { type: 'damage' }> => ({
  type: 'damage',
  offset,
  reason,
});
