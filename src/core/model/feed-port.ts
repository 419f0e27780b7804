// The event stream as its consumers (terminal, verbs) see it: live over a socket or replayed from a file, same calls.
import type { ApiEvent } from './event.ts';
import type { AgentStatus, Hello, Operation } from './feed-message.ts';

/** What a feed tells its consumer. Batches are in event order. */
export type FeedMessage =
  | { readonly type: 'hello'; readonly hello: Hello }
  | { readonly type: 'batch'; readonly events: readonly ApiEvent[] }
  | { readonly type: 'status'; readonly status: AgentStatus }
  /** The other side went away (with why) or is being tried again; what was received stays valid. */
  | {
      readonly type: 'connection';
      readonly state: 'connected' | 'reconnecting' | 'closed';
      readonly detail: string;
    }
  /** Replay only: where the clock stands. `reset` when earlier events no longer hold (a seek): batches start afresh. */
  | { readonly type: 'position'; readonly position: ReplayPosition; readonly reset: boolean };

export interface ReplayPosition {
  /** Epoch ms of the first and last event, and of the clock. */
  readonly startMs: number;
  readonly endMs: number;
  readonly nowMs: number;
  readonly speed: number;
  readonly paused: boolean;
  /** Where the file is damaged, in words; absent when whole. */
  readonly damage?: string;
}

export interface ReplayControls {
  /** Move the clock; the consumer gets `position` with `reset` and the window before it again. */
  seek(toMs: number): void;
  /** Multiplier of real time, 0.1 to 1000. */
  setSpeed(speed: number): void;
  setPaused(paused: boolean): void;
}

export interface FeedPort {
  readonly kind: 'live' | 'replay';
  /** Begin; call once. The listener is called synchronously with each message from then on. */
  start(listener: (message: FeedMessage) => void): void;
  /** Rejects with AppError: refused, read-only (every mutation in replay), or not connected. */
  request(operation: Operation): Promise<unknown>;
  /** Present in replay only. */
  readonly replay?: ReplayControls;
  close(): Promise<void>;
}
