// Writes a recording: bounded blocks of events, each its own zstd frame, an index at the end. Must never slow its producer down.
import type { AppError } from '../../core/model/app-error.ts';
import type { ApiEvent, IdentityEvent, PolicyEvent } from '../../core/model/event.ts';
import type { Endpoint } from '../../core/model/event.ts';

/** What the caller tells of the session; format version and creation time are added. */
export interface RecordingDetails {
  /** As in the feed's hello. */
  readonly name: string;
  /** Version of the program that writes. */
  readonly agent: string;
  readonly listeners: readonly { readonly source: Endpoint; readonly destination: Endpoint }[];
  readonly windowMs: number;
  readonly identities: readonly IdentityEvent[];
  /** In force when the recording began. */
  readonly policies: readonly PolicyEvent[];
  /** How secrets and personal data were masked, one sentence. */
  readonly masking: string;
}

export interface RecorderOptions {
  /** Final path; until `close` the file is `<path>.partial`. Neither may exist. */
  readonly path: string;
  readonly header: RecordingDetails;
  readonly now?: () => number;
  /** Told once when the disk refuses; events after that are lost and counted. */
  readonly onFailure?: (error: AppError) => void;
}

export interface Recorder {
  /** Takes an event, or counts it as lost when the disk is too slow. Never throws, never waits. */
  write(event: ApiEvent): void;
  stats(): { readonly events: number; readonly bytes: number; readonly lost: number };
  /** Writes the rest and the index, syncs, and gives the file its final name. Rejects with AppError when that failed. */
  close(): Promise<void>;
}

export declare function createRecorder(options: RecorderOptions): Promise<Recorder>;
