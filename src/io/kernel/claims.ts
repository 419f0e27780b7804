// Which connections inline has, by their two ends, so that a tap on the same interface does not tell them a second time. Kept when a connection
// is accepted and when it ends, never per byte. What has ended is remembered for a while: a tap reads its frames later than they passed.
import type { TapTuple } from '../../core/tap/tap-port.ts';
import { endText } from '../../core/tap/tap-ends.ts';
import type { Connection } from './connection.ts';

/** Connections that came by no explicit listener. */
export interface Claims {
  /** A tap may ask: what ends is to be remembered from now on. */
  watched: boolean;
  /** It has been accepted. */
  open(connection: Connection): void;
  /** It is over. */
  end(connection: Connection): void;
  has(tuple: TapTuple): boolean;
  /** Time goes on; monotonic ms. */
  tick(monotonicMs: number): void;
}

/**
 * A ring is handed over after 100 ms at most, and read at once unless the loop is overwhelmed; its ends cannot be another connection's so soon,
 * as they are in TIME-WAIT for a minute.
 */
const rememberedMs = 5_000;
/** More in that time push out the oldest: 13,000 connections a second. About 100 bytes each. */
const mostRemembered = 65_536;

class OpenClaims implements Claims {
  watched = false;
  readonly #open = new Map<string, Connection>();
  /** Ended in this period, and in the one before it. */
  #ended = new Set<string>();
  #endedBefore = new Set<string>();
  #turnAt = 0;
  /** Ports that anybody ever connected to: most that a tap asks for are others. */
  readonly #ports = new Set<number>();

  open(connection: Connection): void {
    const ends = connection.ends();
    if (ends === undefined) return;
    this.#ports.add(ends.destinationPort);
    this.#open.set(keyOf(connection.clientAddress, ends.destinationAddress), connection);
  }

  end(connection: Connection): void {
    const ends = connection.ends();
    if (ends === undefined) return;
    const key = keyOf(connection.clientAddress, ends.destinationAddress);
    // A client may use its port again before we have read that it reset the connection before.
    if (this.#open.get(key) === connection) this.#open.delete(key);
    if (!this.watched) return;
    if (this.#ended.size >= mostRemembered) this.#turn();
    this.#ended.add(key);
  }

  has({ clientAddress, clientPort, serverAddress, serverPort }: TapTuple): boolean {
    if (!this.#ports.has(serverPort)) return false;
    const key = keyOf(endText(clientAddress, clientPort), endText(serverAddress, serverPort));
    return this.#open.has(key) || this.#ended.has(key) || this.#endedBefore.has(key);
  }

  tick(monotonicMs: number): void {
    if (monotonicMs < this.#turnAt) return;
    this.#turnAt = monotonicMs + rememberedMs;
    this.#turn();
  }

  #turn(): void {
    this.#endedBefore = this.#ended;
    this.#ended = new Set();
  }
}

const keyOf = (client: string, server: string): string => `${client} ${server}`;

/** Nothing is claimed yet. */
export const createClaims = (): Claims => new OpenClaims();
