// The event stream as its consumers (terminal, verbs) see it: live over a socket or replayed from a file, same calls.
import type { ErrorWords } from './app-error.ts';
import type { ApiEvent, FindingEvent, FlowEvent, PolicyEvent } from './event.ts';
import type { AgentStatus, Hello, Operation } from './feed-message.ts';

/** What a feed tells its consumer. Batches are in event order. */
export type FeedMessage =
  | { readonly type: 'hello'; readonly hello: Hello }
  | {
      readonly type: 'batch';
      readonly events: readonly ApiEvent[];
      /**
       * By the index of `events`, the JSON of an event where it came as such: ASCII, and no more in it than in the event. Who keeps
       * many events keeps these: one string each, where an event is some fifty objects for the collector to follow.
       */
      readonly texts?: readonly (string | undefined)[];
    }
  | { readonly type: 'status'; readonly status: AgentStatus }
  /** The other side went away (with why) or is being tried again; what was received stays valid. */
  | {
      readonly type: 'connection';
      readonly state: 'connected' | 'reconnecting' | 'closed';
      readonly detail: string;
      /** Why, where that is known as more than words: with a code and what to do about it. */
      readonly error?: ErrorWords;
    }
  /** Of a cluster: whether policies are read there, beside the feed. With a problem what was read stays; `sinceMs` (epoch) is the last word. */
  | {
      readonly type: 'policies';
      readonly problem?: ErrorWords;
      readonly sinceMs?: number;
    }
  /** Replay only: where the clock stands. `reset` when earlier events no longer hold (a seek): batches start afresh. */
  | { readonly type: 'position'; readonly position: ReplayPosition; readonly reset: boolean };

/** Where a replay stands in its recording. */
export interface ReplayPosition {
  /** Epoch ms of the first and last event, and of the clock. */
  readonly startMs: number;
  readonly endMs: number;
  readonly nowMs: number;
  readonly speed: number;
  readonly paused: boolean;
  /** Where the file is damaged, in words; absent when whole. */
  readonly damage?: string;
  /** The whole recording at a glance. The same object in every position until more of it is known. */
  readonly outline?: ReplayOutline;
}

/** What a recording holds over its whole length, known before it is played. */
export interface ReplayOutline {
  /** Flows in all. */
  readonly flows: number;
  /** Flows by stretch of time, in order, epoch ms; nothing lies between two stretches. */
  readonly spans: readonly { readonly startMs: number; readonly endMs: number; readonly flows: number }[];
  /** When each finding was first seen, epoch ms; empty until it has been read. */
  readonly findings: readonly {
    readonly id: string;
    readonly timeMs: number;
    readonly severity: FindingEvent['severity'];
  }[];
}

/** How a replay is moved and read as a whole. */
export interface ReplayControls {
  /** Move the clock; the consumer gets `position` with `reset` and the window before it again. */
  seek(toMs: number): void;
  /** Multiplier of real time, 0.1 to 1000. */
  setSpeed(speed: number): void;
  setPaused(paused: boolean): void;
  /**
   * Every flow of the recording and every word on its policies, in order, a block at a time, wherever the clock stands: constant
   * memory. The policies that were there from the beginning come first. Ends at damage; ends early when the consumer returns.
   * Rejects with AppError when the file can no longer be read.
   * @param onDamage called with a sentence, before the end, where the file is damaged: what follows is missing.
   */
  history(onDamage?: (message: string) => void): AsyncIterable<readonly (FlowEvent | PolicyEvent)[]>;
}

/** The event stream: live or replayed. One consumer. */
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
