// Which connections inline has, by their two ends and the client's first sequence number, so that a tap on the same interface does not tell them
// a second time. Kept when a connection is accepted and when it ends, never per byte. What has ended is remembered for a while: a tap reads its
// frames later than they passed, and meanwhile the client may use its port again for a connection that inline does not get.
import type { TapBeginning, TapTuple } from '../../core/tap/tap-port.ts';
import { endText } from '../../core/tap/tap-ends.ts';
import type { Connection } from './connection.ts';

/** Connections that came by no explicit listener. */
export interface Claims {
  /** A tap may ask: how connections began is asked of the kernel, and what ends is remembered, from now on. */
  watched: boolean;
  /** It has been accepted, just now. */
  open(connection: Connection): void;
  /** It is over. */
  end(connection: Connection): void;
  /** Whether it is one of them; `began`: how the tap saw it begin. Not seen: any connection of these ends counts. */
  has(tuple: TapTuple, began: TapBeginning | undefined): boolean;
  /** Time goes on; monotonic ms. */
  tick(monotonicMs: number): void;
}

/** What claims ask of the kernel. */
export interface ClaimTools {
  /** Of the client's SYN, by the accepted descriptor; -1 where the kernel does not say (it answered by a SYN cookie). */
  readonly firstSequence: (fd: number) => number;
  /** Wall clock, ms: the one by which the kernel stamps the frames of a ring. */
  readonly wallMs: () => number;
}

/** A ring is handed over after 100 ms at most, and read at once unless the loop is overwhelmed. */
const rememberedMs = 5_000;
/** More in that time push out the oldest: 13,000 connections a second. About 150 bytes each. */
const mostRemembered = 65_536;
/** `Date.now` leaves out the fraction; the rest is for a clock that is being slewed. */
const clockMarginMs = 2;
const unknown = -1;

/** How an accepted connection began. */
interface Origin {
  /** -1: unknown. */
  readonly sequence: number;
  /** Its SYN came by before. */
  readonly acceptedAtMs: number;
}

interface OpenClaim extends Origin {
  readonly connection: Connection;
}

/** A SYN behind the accepting is another connection's. */
const isBefore = (began: TapBeginning, acceptedAtMs: number): boolean =>
  began.atMs <= acceptedAtMs + clockMarginMs;

const isOf = ({ sequence, acceptedAtMs }: Origin, began: TapBeginning | undefined): boolean => {
  if (began === undefined) return true;
  return sequence === unknown ? isBefore(began, acceptedAtMs) : sequence === began.sequence;
};

/** Connections that ended in one period. One pair of ends may have had many: none is looked for by walking over the others. */
class Ended {
  size = 0;
  /** First sequence numbers by the ends; most have one. */
  readonly #known = new Map<string, number | Set<number>>();
  /** Where the number is unknown: when the last one was accepted. */
  readonly #unknown = new Map<string, number>();

  add(key: string, { sequence, acceptedAtMs }: Origin): void {
    this.size += 1;
    if (sequence === unknown) {
      this.#unknown.set(key, acceptedAtMs);
      return;
    }
    const before = this.#known.get(key);
    if (before === undefined) this.#known.set(key, sequence);
    else if (typeof before === 'number') this.#known.set(key, new Set([before, sequence]));
    else before.add(sequence);
  }

  has(key: string, began: TapBeginning | undefined): boolean {
    const [known, acceptedAtMs] = [this.#known.get(key), this.#unknown.get(key)];
    if (began === undefined) return known !== undefined || acceptedAtMs !== undefined;
    if (acceptedAtMs !== undefined && isBefore(began, acceptedAtMs)) return true;
    return typeof known === 'object' ? known.has(began.sequence) : known === began.sequence;
  }
}

class OpenClaims implements Claims {
  watched = false;
  readonly #tools: ClaimTools;
  readonly #open = new Map<string, OpenClaim>();
  /** Ended in this period, and in the one before it. */
  #ended = new Ended();
  #endedBefore = new Ended();
  #turnAt = 0;
  /** Ports that anybody ever connected to: most that a tap asks for are others. */
  readonly #ports = new Set<number>();

  constructor(tools: ClaimTools) {
    this.#tools = tools;
  }

  open(connection: Connection): void {
    const ends = connection.ends();
    if (ends === undefined) return;
    this.#ports.add(ends.destinationPort);
    const key = keyOf(connection.clientAddress, ends.destinationAddress);
    // A client may use its port again before we have read that it reset the connection before.
    const before = this.#open.get(key);
    if (before !== undefined) this.#remember(key, before);
    const { firstSequence, wallMs } = this.#tools;
    const sequence = this.watched ? firstSequence(connection.client.fd) : unknown;
    this.#open.set(key, { connection, sequence, acceptedAtMs: wallMs() });
  }

  end(connection: Connection): void {
    const ends = connection.ends();
    if (ends === undefined) return;
    const key = keyOf(connection.clientAddress, ends.destinationAddress);
    const claim = this.#open.get(key);
    // Else another one took its place, and it is remembered already.
    if (claim?.connection !== connection) return;
    this.#open.delete(key);
    this.#remember(key, claim);
  }

  has(
    { clientAddress, clientPort, serverAddress, serverPort }: TapTuple,
    began: TapBeginning | undefined,
  ): boolean {
    if (!this.#ports.has(serverPort)) return false;
    const key = keyOf(endText(clientAddress, clientPort), endText(serverAddress, serverPort));
    const open = this.#open.get(key);
    if (open !== undefined && isOf(open, began)) return true;
    return this.#ended.has(key, began) || this.#endedBefore.has(key, began);
  }

  tick(monotonicMs: number): void {
    if (monotonicMs < this.#turnAt) return;
    this.#turnAt = monotonicMs + rememberedMs;
    this.#turn();
  }

  #remember(key: string, origin: Origin): void {
    if (!this.watched) return;
    if (this.#ended.size >= mostRemembered) this.#turn();
    this.#ended.add(key, origin);
  }

  #turn(): void {
    this.#endedBefore = this.#ended;
    this.#ended = new Ended();
  }
}

const keyOf = (client: string, server: string): string => `${client} ${server}`;

/** Nothing is claimed yet. */
export const createClaims = (tools: ClaimTools): Claims => new OpenClaims(tools);
