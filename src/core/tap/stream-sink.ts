// What the streams of a connection tell, and what those of one tap share. Types only.
import type { Stream } from './reassembly.ts';
import type { GapCause, TapCounters, TapLimits } from './tap-port.ts';
import type { TapRoom } from './tap-room.ts';

/** What becomes of the bytes in order. Valid during the call only. */
export interface StreamSink {
  /** `from.segmentStart` and `from.segmentAck` are the segment's. */
  data(from: Stream, bytes: Uint8Array, start: number, end: number, nowMs: number): void;
  gap(from: Stream, bytes: number, cause: GapCause, nowMs: number): void;
  conflict(from: Stream, bytes: number, nowMs: number): void;
  ended(from: Stream, nowMs: number): void;
  /** Bytes come although `ended` was told: a sign of evasion, as `conflict` is. */
  reopened(from: Stream, nowMs: number): void;
}

/** What all connections of one tap share. */
export interface StreamWorld {
  readonly limits: TapLimits;
  readonly counters: TapCounters;
  readonly room: TapRoom;
}
