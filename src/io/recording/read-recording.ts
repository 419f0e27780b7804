// Reads a recording (zstd or plain NDJSON) from its beginning, in constant memory, up to its end or its first damage.
import type { ApiEvent } from '../../core/model/event.ts';
import type { RecordingDetails } from './recorder.ts';

/** Where a file stops being readable. */
export interface Damage {
  /** First byte that could not be read. */
  readonly offset: number;
  /** RFC 3339 time of the last event before it; absent when there was none. */
  readonly time?: string;
  /** A sentence with offset, time and what is wrong. */
  readonly message: string;
}

export type RecordingHeader = RecordingDetails & {
  readonly version: number;
  /** RFC 3339. */
  readonly created: string;
};

export interface RecordingReader extends AsyncIterable<ApiEvent> {
  /** Absent for plain NDJSON without a header line. Rejects with AppError when the file is missing, not ours or too new. */
  header(): Promise<RecordingHeader | undefined>;
  /** The same events by block: much cheaper for millions. */
  blocks(): AsyncIterable<readonly ApiEvent[]>;
  /** Known once reading has reached it. */
  damage(): Damage | undefined;
}

export declare function readRecording(path: string): RecordingReader;
