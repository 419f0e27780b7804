// Connections of which the last segments may mean two things, until the next ones, or that none come, say which. Knows no table and no bytes.
import type { Side } from '../model/command.ts';
import { tcpFlag, type FrameView } from './frame.ts';
import type { TapConnection } from './tap-connection.ts';

/**
 * `met`: it was met in its middle, and only its client was heard: a connection, or what a client still sends to one that is gone, which its server
 * answers by a reset. `reset`: one side has reset it with a number that lies ahead of what was seen of it: frames before it were missed, or
 * somebody guesses. `late`: its server has reset it, and its client sends on: what was on its way, or the reset was not for its client's eyes.
 */
export const doubt = { none: 0, met: 1, reset: 2, late: 3 } as const;

/** What comes of a doubt that is over. */
export interface DoubtEnds {
  /** It is one that had begun before: this side's next byte is `sequence`. */
  join(connection: TapConnection, side: Side, sequence: number): void;
  /** The reset was not for the other end: a sign of evasion. What follows is read on. */
  revive(connection: TapConnection): void;
  /** It was reset. */
  cut(connection: TapConnection, side: Side): void;
}

/** Whose segment it is, and when it came. */
export interface DoubtfulSegment {
  readonly side: Side;
  readonly view: FrameView;
  readonly nowMs: number;
}

/** Those that are in doubt now. */
export class TapDoubts {
  readonly #open = new Set<TapConnection>();
  readonly #ends: DoubtEnds;

  constructor(ends: DoubtEnds) {
    this.#ends = ends;
  }

  /** From now on, unless it is in doubt already. `side`: who raised it. */
  raise(
    connection: TapConnection,
    kind: number,
    { side, nowMs }: Pick<DoubtfulSegment, 'side' | 'nowMs'>,
  ): void {
    if (connection.doubt !== doubt.none) return;
    connection.doubt = kind;
    connection.doubtBy = side;
    connection.doubtSince = nowMs;
    this.#open.add(connection);
  }

  clear(connection: TapConnection): void {
    if (connection.doubt === doubt.none) return;
    connection.doubt = doubt.none;
    this.#open.delete(connection);
  }

  /** Whether the segment is not to be read, as it may be of a connection that is over. Asked of those in doubt, and of those that their server has reset. */
  leavesOut(connection: TapConnection, segment: DoubtfulSegment): boolean {
    const { side, view } = segment;
    const isReset = (view.flags & tcpFlag.rst) !== 0;
    if (connection.doubt === doubt.met) {
      connection.lastSequence = view.sequence;
      if (side === 'client') return true;
      this.clear(connection);
      if (!isReset) this.#ends.join(connection, side, view.sequence);
      return false;
    }
    // Whoever has reset a connection says nothing more.
    if (connection.doubt === doubt.reset && side === connection.doubtBy && !isReset) this.clear(connection);
    return connection.cutBy === 'upstream' && this.#isLate(connection, segment);
  }

  /** What its client had on its way when the server reset it, the resets that it gets for that, and what the server had sent before. */
  #isLate(connection: TapConnection, segment: DoubtfulSegment): boolean {
    const { flags, payloadLength } = segment.view;
    const isReset = (flags & tcpFlag.rst) !== 0;
    if (segment.side === 'client') {
      if (payloadLength > 0 && !isReset) this.raise(connection, doubt.late, segment);
      return true;
    }
    if (!isReset && !livesOn(connection, segment.view)) return true;
    this.clear(connection);
    if (!isReset) this.#ends.revive(connection);
    return isReset;
  }

  /** Decides on those that have been in doubt for so long: nothing has come that would have said it. */
  settle(nowMs: number, afterMs: number): void {
    for (const connection of this.#open) {
      if (nowMs - connection.doubtSince < afterMs) continue;
      const { doubt: kind, doubtBy, lastSequence } = connection;
      this.clear(connection);
      if (kind === doubt.met) this.#ends.join(connection, 'client', lastSequence);
      else if (kind === doubt.late) this.#ends.revive(connection);
      else this.#ends.cut(connection, doubtBy);
    }
  }
}

/** The server says what it has not said before its reset, or has taken what came after it. */
function livesOn({ pair: { client, upstream } }: TapConnection, view: FrameView): boolean {
  const { sequence, payloadLength, flags, acknowledgement } = view;
  const isNew = payloadLength > 0 && ((sequence + payloadLength - upstream.next) | 0) > 0;
  return isNew || ((flags & tcpFlag.ack) !== 0 && ((acknowledgement - client.next) | 0) > 0);
}
