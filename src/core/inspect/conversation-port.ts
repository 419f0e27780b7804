// How the shell drives the brain of one connection. Synchronous and total: no call throws, each may use the sink it was built with.
import type { Side } from '../model/command.ts';

/** Why the upstream leg could not be opened. */
export type ConnectFailure = 'refused' | 'timeout' | 'unreachable';

/** What the shell can run into. `head-timeout`: what `owes` tells of did not come. After `overflow`, `stalled` and `stopped` nothing can be sent. */
export type AbortReason =
  | 'reset'
  | 'overflow'
  | 'stalled'
  | 'head-timeout'
  | 'idle-timeout'
  | 'stopped'
  /** Of a watched connection: it goes on, but is not read any further by this conversation. */
  | 'gap';

/** The brain of one connection as the shell sees it. Every call is synchronous and total; times are epoch ms and never decrease. */
export interface Conversation {
  /** The client was accepted; usually asks the sink to connect. */
  start(nowMs: number): void;
  /** Bytes arrived from one side; the buffer is reused after the call. */
  receive(from: Side, bytes: Uint8Array, start: number, end: number, nowMs: number): void;
  /** One side finished sending (FIN). */
  ended(from: Side, nowMs: number): void;
  /**
   * `bytes` of one side passed without being seen (0: nobody knows how many); only of a connection that is watched. True when they lay
   * wholly inside a body whose length is known, or in a stream that is opaque anyway: exchanges go on. False when nobody can say any
   * more what the next bytes are: what was under way has been observed as cut (`gap`), and all that follows is one opaque exchange
   * (`gap`) until the connection ends or `aborted` is called with `gap`.
   */
  gap(from: Side, bytes: number, nowMs: number): boolean;
  /** The upstream leg could not be opened. */
  connectFailed(why: ConnectFailure, nowMs: number): void;
  /** One side reset, or the shell hit a limit or a deadline. Nothing more will come. */
  aborted(from: Side, why: AbortReason, nowMs: number): void;
  /** A new policy snapshot is in force: cut what is now denied and cannot be judged at its next request. */
  rejudge(nowMs: number): void;
  /** Every request that began before `sinceMs` and is under way is observed once as an `opening`; it is observed again, whole, at its end. */
  lasting(sinceMs: number): void;
  /** True while the client owes the rest of what cannot be passed on unfinished (a head, a refused body): the shell's head deadline runs. */
  owes(): boolean;
  /** True when no request is under way: a drain may close it. */
  idle(): boolean;
  /** Bytes of memory held for what is under way, about; 0 when nothing is. */
  kept(): number;
}
