// What the taps of a worker tell main besides exchanges: gaps, attempts, signs of evasion, losses, names. Plain data, bounded; beyond its bounds
// a report only counts.
import type { Side } from '../../../core/model/command.ts';
import type { AttemptOutcome, GapCause, TapConnectionId } from '../../../core/tap/tap-port.ts';

/** Where and when. */
interface Told {
  /** `namespace/name` of the tapped pod. */
  readonly pod: string;
  /** Epoch ms of the frame that said so. */
  readonly atMs: number;
}

/** Told of one connection, with its two ends as the directory numbers them; -1: not in it. */
interface OfConnection extends Told {
  readonly id: TapConnectionId;
  readonly sourcePeer: number;
  readonly destinationPeer: number;
}

/** Bytes of a connection that were not seen. */
export interface ToldGap extends OfConnection {
  readonly type: 'gap';
  readonly from: Side;
  /** 0 where nobody can know it (`mid-stream`). */
  readonly bytes: number;
  readonly cause: GapCause;
}

/** A SYN that was refused, or that nobody answered. */
export interface ToldAttempt extends OfConnection {
  readonly type: 'attempt';
  readonly outcome: AttemptOutcome;
}

/** Bytes sent twice with different content, or (0) behind a FIN: a sign of evasion. */
export interface ToldConflict extends OfConnection {
  readonly type: 'conflict';
  readonly from: Side;
  readonly bytes: number;
}

/** A living connection that is not followed any more, as there was no room for it. */
export interface ToldEviction extends OfConnection {
  readonly type: 'evicted';
}

/** Frames that a ring of the pod had no room for. */
export interface ToldLoss {
  readonly type: 'lost';
  readonly pod: string;
  readonly count: number;
}

/** An interface of the pod is gone, and its ring; or (`error`, a sentence for us) our own code failed at the pod's frames, and all its rings are closed. */
export interface ToldEnd {
  readonly type: 'gone';
  readonly pod: string;
  /** As main named it. */
  readonly interfaceName?: string;
  readonly error?: string;
}

/** Ports that were left out of the pod's rings are read again: its worker stood still for so long that inline may have let connections pass by. */
export interface ToldWidening {
  readonly type: 'widened';
  readonly pod: string;
}

/** DNS gave `address`, which is nobody's in the directory, for `name`. */
export interface ToldName extends Told {
  readonly type: 'names';
  readonly address: string;
  readonly name: string;
  readonly ttlSeconds: number;
}

/** One thing that a tap tells. */
export type TapItem =
  ToldGap | ToldAttempt | ToldConflict | ToldEviction | ToldLoss | ToldEnd | ToldWidening | ToldName;

/** Most of each kind in one report: at most ten reports a second, and only once main has taken the one before. Together 200 KB at most. */
export const mostTold = {
  // A flood that overruns the ring tears one for each connection; which ones matters less than how many.
  gap: 256,
  // A scan of a thousand ports in a second is seen whole.
  attempt: 256,
  // Either is rare; many of them are one story.
  conflict: 64,
  evicted: 64,
  // A resolver's own pod learns some hundreds a second while its cache fills.
  names: 512,
  // One for each pod, or interface.
  lost: 1_024,
  gone: 1_024,
  widened: 1_024,
} as const satisfies Readonly<Record<TapItem['type'], number>>;

/** What came together since the last report. */
export interface TapReport {
  readonly items: readonly TapItem[];
  /** How many more there were of each kind, beyond `mostTold`. */
  readonly untold: Readonly<Record<TapItem['type'], number>>;
}
