// Writes a recording: bounded blocks of events, each its own zstd frame, an index at the end. Must never slow its producer down.
import type { FileHandle } from 'node:fs/promises';
import { open, rename, stat } from 'node:fs/promises';
import { dirname } from 'node:path';
import { AppError } from '../../core/model/app-error.ts';
import type { ApiEvent, Endpoint, IdentityEvent, PolicyEvent } from '../../core/model/event.ts';
import { createBlockWriter } from './block-writer.ts';
import type { HeaderLine } from './read-lines.ts';
import { recordingVersion } from './recording-format.ts';
import type { RecorderLimits } from './recording-session.ts';
import { createRecordingSession } from './recording-session.ts';
import { makeFolder } from '../make-folder.ts';

/** What the caller tells of the session; format version and creation time are added. */
export interface RecordingDetails {
  /** As in the feed's hello. */
  readonly name: string;
  /** Version of the program that writes. */
  readonly agent: string;
  readonly listeners: readonly { readonly source: Endpoint; readonly destination: Endpoint }[];
  readonly windowMs: number;
  /** As in the feed's hello: it worked in the pods of a node. */
  readonly node?: boolean;
  readonly identities: readonly IdentityEvent[];
  /** In force when the recording began. */
  readonly policies: readonly PolicyEvent[];
  /** How secrets and personal data were masked, one sentence. */
  readonly masking: string;
}

/** Where to write, what the header says, and bounds. */
export interface RecorderOptions {
  /** Final path; until `close` the file is `<path>.partial`, readable up to its last block. Neither may exist. */
  readonly path: string;
  readonly header: RecordingDetails;
  readonly now?: () => number;
  /** Told once when the disk refuses; events after that are lost and counted. */
  readonly onFailure?: (error: AppError) => void;
  readonly limits?: Partial<RecorderLimits>;
}

/** A recording that is being written. */
export interface Recorder {
  /** Takes an event, or counts it as lost when the disk is too slow. Never throws, never waits. */
  write(event: ApiEvent): void;
  stats(): { readonly events: number; readonly bytes: number; readonly lost: number };
  /** Writes the rest and the index, syncs, and gives the file its final name. Rejects with AppError when that failed. */
  close(): Promise<void>;
}

/**
 * Begins a recording: the header is on disk when this resolves.
 * @throws AppError when the file exists or cannot be made.
 */
export async function createRecorder(options: RecorderOptions): Promise<Recorder> {
  const { path } = options;
  const partial = `${path}.partial`;
  const handle = await openNew(path, partial);
  let failure: AppError | undefined;
  const writer = createBlockWriter(handle, (cause) => {
    failure = writeFailed(partial, cause);
    options.onFailure?.(failure);
  });
  const now = options.now ?? Date.now;
  writer.append(`${JSON.stringify(headerLine(options.header, now()))}\n`, () => undefined);
  await writer.drained().catch(async () => {
    await handle.close();
    throw failure ?? writeFailed(partial, undefined);
  });
  const session = createRecordingSession(writer, {
    standing: [...options.header.identities, ...options.header.policies],
    now,
    failed: () => failure !== undefined,
    ...(options.limits && { limits: options.limits }),
  });
  let closing: Promise<void> | undefined;
  const finish = async (): Promise<void> => {
    session.finish();
    await writer
      .drained()
      .then(...publishOrClose(handle, partial, path))
      .catch((cause: unknown) => {
        failure ??= writeFailed(partial, cause);
      });
    if (failure !== undefined) throw failure;
  };
  return {
    write: (event) => session.write(event),
    stats: () => ({ ...session.stats(), bytes: writer.bytes() }),
    close: () => (closing ??= finish()),
  };
}

function headerLine(details: RecordingDetails, nowMs: number): HeaderLine {
  return {
    type: 'recording',
    version: recordingVersion,
    created: new Date(nowMs).toISOString(),
    clock: { startMs: nowMs },
    ...details,
    listeners: [...details.listeners],
    identities: [...details.identities],
    policies: [...details.policies],
  };
}

async function openNew(path: string, partial: string): Promise<FileHandle> {
  const found = await stat(path).catch(() => undefined);
  if (found?.isDirectory() === true)
    throw cannotCreate(path, { why: 'it is a directory', hint: 'Name a file in it, such as session.adr.' });
  if (found !== undefined)
    throw cannotCreate(path, {
      why: 'it exists already',
      hint: 'Choose another name, or move the old one away.',
    });
  await makeFolder(dirname(path)).catch(() => undefined);
  return open(partial, 'wx', 0o600).catch((cause: unknown) => {
    const left = cause instanceof Error && 'code' in cause && cause.code === 'EEXIST';
    throw left
      ? cannotCreate(path, {
          why: `${partial} is there, left by a recording that did not end`,
          hint: 'It can be replayed; move it away.',
        })
      : cannotCreate(path, {
          why: cause instanceof Error ? cause.message : String(cause),
          hint: 'Choose another folder.',
          cause,
        });
  });
}

/** After the last write: a whole file gets its name, one that the disk refused stays partial. */
const publishOrClose = (
  handle: FileHandle,
  partial: string,
  path: string,
): [() => Promise<void>, () => Promise<void>] => [() => publish(handle, partial, path), () => handle.close()];

/** The name appears only when every byte is on disk. */
async function publish(handle: FileHandle, partial: string, path: string): Promise<void> {
  try {
    await handle.sync();
  } finally {
    await handle.close();
  }
  await rename(partial, path);
  const directory = await open(dirname(path), 'r');
  await directory.sync().finally(() => directory.close());
}

interface Reason {
  readonly why: string;
  readonly hint: string;
  readonly cause?: unknown;
}

const cannotCreate = (path: string, { why, hint, cause }: Reason): AppError =>
  new AppError({
    code: 'RECORDING_CANNOT_CREATE',
    family: 'cannotCreate',
    message: `The recording ${path} cannot be made: ${why}.`,
    hint,
    cause,
  });

const writeFailed = (partial: string, cause: unknown): AppError =>
  new AppError({
    code: 'RECORDING_WRITE_FAILED',
    family: 'cannotCreate',
    message: `Writing the recording ${partial} failed: ${cause instanceof Error ? cause.message : String(cause)}.`,
    hint: 'What was written before can be replayed; make room on the disk and record again.',
    cause,
  });
