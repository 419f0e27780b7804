// What a tap is built with and what it tells: the frames of one pod's interface go in, finished exchanges, gaps and attempts come out. Types and
// bounds only.
import type { RouteLearner } from '../catalog/route-learner.ts';
import type { Workspace } from '../inspect/workspace.ts';
import type { Side } from '../model/command.ts';
import type { Exchange } from '../model/exchange.ts';
import type { ConnectionEnds } from '../model/identity.ts';
import type { Decider } from '../policy/decider.ts';
import type { DnsNames } from './dns-names.ts';
import type { TapRoom } from './tap-room.ts';

/** The two ends of a connection in text (`10.0.0.7`, `fd77::3`), client first; one object per connection. */
export interface TapTuple {
  readonly clientAddress: string;
  readonly clientPort: number;
  readonly serverAddress: string;
  readonly serverPort: number;
}

/** A TCP connection as the tap names it. */
export interface TapConnectionId extends TapTuple {
  /** As in `Exchange.connection`. */
  readonly connection: number;
  /** Its client is elsewhere and its server is this pod; false: this pod is the client. */
  readonly inbound: boolean;
}

/** How a connection began, by its SYN or the answer to it. Another connection of the same ends begins otherwise. */
export interface TapBeginning {
  /** The client's first sequence number. */
  readonly sequence: number;
  /** The kernel's wall clock when it came by, ms with a fraction. */
  readonly atMs: number;
}

/** Which of the connections seen are reported here; asked again for each new connection, so it may change at any time. */
export interface TapScope {
  /** The pod's own addresses in text, as the kernel writes them. */
  readonly addresses: ReadonlySet<string>;
  /** Ports on which the pod is known to listen (declared or found), for connections whose beginning was not seen. */
  readonly ports: ReadonlySet<number>;
  /** `destination`: what others ask of this pod. `both`: also what this pod asks of ends that are not enrolled. */
  readonly reports: 'destination' | 'both';
  /** Whether an address is of an enrolled pod, which reports for itself; for `both` only. */
  enrolled(address: string): boolean;
}

/** Why bytes of a direction were not seen. */
export type GapCause =
  /** The other side acknowledged bytes that never came by: the ring was full, or they took another way. */
  | 'acknowledged'
  /** What came behind them filled the buffer for segments out of order. */
  | 'buffer'
  /** The capture length cut them off. */
  | 'snap'
  /** The connection was open before the tap was, or its beginning was not seen. */
  | 'mid-stream'
  /** Nobody acknowledged them visibly, and they did not come for `lateMs`. */
  | 'late'
  /** The connection ended, fell idle, or had to make room while they were missing. */
  | 'end';

/** Bytes that were not seen, of one direction of one connection. The object is reused. */
export interface TapGap {
  readonly id: TapConnectionId;
  readonly from: Side;
  /** 0 where nobody can know it (`mid-stream`). */
  readonly bytes: number;
  readonly cause: GapCause;
  /** They lay wholly inside a body of known length: exchanges go on. Else the stream is opaque (`gap`) until a request head can be trusted. */
  readonly skipped: boolean;
}

/** A connection that was never answered with SYN-ACK. */
export type AttemptOutcome = 'reset' | 'unanswered';

/** What the tap tells its shell. All arguments are valid during the call only, but for `id`, which is the connection's own object. */
export interface TapOutput {
  /** A finished (or opaque, or cut) exchange; `gear`, `clientAddress` and `destinationAddress` are filled in, the peers where there is `ends`. */
  observe(exchange: Exchange, id: TapConnectionId): void;
  /** To be listed: as `lost {where: 'tap-gap'}` with the connection, unless `skipped`. */
  gap(gap: TapGap, nowMs: number): void;
  /** A SYN that was refused or got no answer: what a kernel rule refuses looks like this. */
  attempt(id: TapConnectionId, outcome: AttemptOutcome, nowMs: number): void;
  /**
   * `bytes` that were sent twice with different content: one reader may have understood the first, another the second. 0: bytes came after
   * their FIN, which the receiver cannot have taken. Both are signs of evasion.
   */
  conflict(id: TapConnectionId, from: Side, bytes: number, nowMs: number): void;
  /** A connection that was still alive was forgotten because the table was full. */
  evicted(id: TapConnectionId, nowMs: number): void;
}

/** Bounds of one tap. */
export interface TapLimits {
  /** Connections followed at once. */
  readonly connections: number;
  /** Segments of one direction that wait for what lies before them. */
  readonly segments: number;
  /** Bytes of them, per connection, and of all connections of this tap. */
  readonly connectionBytes: number;
  readonly allBytes: number;
  /** A connection without a segment is forgotten after it, ms. */
  readonly idleMs: number;
  /** After FIN from both sides or a RST, ms. */
  readonly closedMs: number;
  /** A SYN without an answer, ms. */
  readonly openingMs: number;
  /** How long acknowledged bytes may still come by, ms. */
  readonly graceMs: number;
  /** And those of which nobody says whether they are acknowledged, ms. */
  readonly lateMs: number;
  /** How long the next segments may take to say what the last ones meant (tap-doubts.ts), ms. */
  readonly doubtMs: number;
  /** A request under way for so long is told before its end, ms; up to `lookEveryMs` later. */
  readonly lastingMs: number;
}

/** Used where the options say nothing else. */
export const tapLimits: TapLimits = {
  // 0.8 KiB each before the first payload, 3 KiB from then on; a pod with more open connections is rare, a flood makes as many as it can. What
  // all pods of a node may take together is in tap-room.ts.
  connections: 8192,
  segments: 64,
  connectionBytes: 256 * 1024,
  allBytes: 4 * 1024 * 1024,
  // Longer than the keep-alive of usual clients and pools (Go 90 s, Java 300 s): what is forgotten loses an exchange when it wakes up.
  idleMs: 600_000,
  // Late retransmissions belong to the old connection; ports are not used again so soon.
  closedMs: 5_000,
  // Linux repeats a SYN after 1, 3 and 7 s.
  openingMs: 10_000,
  // Queues of several processors reach the ring in turn; it is emptied at most 100 ms later.
  graceMs: 200,
  // What was lost between the two ends is sent again after 0.2, 0.6, 1.4, 3 and 6.2 s.
  lateMs: 10_000,
  // A reset comes within a round trip, and what a client has sent before it got one is answered within another.
  doubtMs: 2_000,
  // Most answers take less, and whoever waits for one longer is looked at by people.
  lastingMs: 30_000,
};

/** How often a tap looks for requests that last, ms: it goes through all its connections. */
export const lookEveryMs = 5_000;

/** Everything a tap knows of the world. */
export interface TapOptions {
  readonly scope: () => TapScope;
  /**
   * Inline has this connection and reports it. Asked when a connection is first seen, again when its first bytes are read, and before
   * anything is told of it: a tap may see a SYN before inline has accepted it. `began` is undefined where the beginning was not seen.
   */
  readonly claimed: (tuple: TapTuple, began: TapBeginning | undefined) => boolean;
  /** The pod opens a connection from this port of its own, reported here or not. Called with the SYN in hand: to be noted, not acted on. */
  readonly calls?: (fromPort: number) => void;
  /**
   * Who is at the two ends; asked when a connection begins to be read, and again whenever `decider` answers another object. `known` is
   * the answer before.
   */
  readonly ends?: (id: TapConnectionId, known: ConnectionEnds | undefined) => ConnectionEnds;
  /** What policy would do; must let everything through (`onlyWatching`). Absent: nobody is asked. */
  readonly decider?: () => Decider;
  /** Numbers of connections, unique within the worker. */
  readonly newConnection: () => number;
  readonly routes: RouteLearner;
  /** Whose routes the catalogue is asked for (`RouteLearner`); -1 for all when absent. */
  readonly catalogueOf?: (id: TapConnectionId) => number;
  readonly output: TapOutput;
  /** Where answers of DNS are written; shared by all taps of a node. */
  readonly names?: Pick<DnsNames, 'learn'>;
  readonly workspace?: Workspace;
  readonly limits?: Partial<TapLimits>;
  /** Shared by all taps of a worker; its own when absent. */
  readonly room?: TapRoom;
  /** 32 random bits: hashing of connections must not be foreseeable. */
  readonly seed: number;
}

/** Counts since the start; plain numbers that only grow, but for the last two. */
export interface TapCounters {
  frames: number;
  malformed: number;
  /** IP fragments: not put together, so what they carry is not read. */
  fragments: number;
  /** Neither TCP nor DNS. */
  others: number;
  segments: number;
  connections: number;
  midStream: number;
  /** Connections that are reported elsewhere (by the other end, by inline, or not at all by this scope). */
  ignored: number;
  evicted: number;
  attempts: number;
  outOfOrder: number;
  retransmitted: number;
  /** Segments far beyond all that either side is known to have sent or acknowledged: not looked at. */
  outside: number;
  conflicts: number;
  gaps: number;
  gapBytes: number;
  /** Streams that were read again after a gap. */
  resumed: number;
  exchanges: number;
  dnsMessages: number;
  dnsMalformed: number;
  /** Answers to questions that were not seen: not believed. */
  dnsUnasked: number;
  /** Bytes moved because they could not be read where they lay; 0 for traffic in order. */
  copiedBytes: number;
  /** Now: connections in the table, bytes waiting. */
  open: number;
  bufferedBytes: number;
}

/** The tap of one pod's interface. Synchronous and total: no call throws. */
export interface Tap {
  readonly counters: Readonly<TapCounters>;
  /**
   * One frame from its Ethernet header on, as far as it was captured; `wireLength` is its whole length. `nowMs` may step back: the tap's
   * clock does not.
   */
  push(bytes: Uint8Array, start: number, end: number, wireLength: number, nowMs: number): void;
  /** Expiry, and gaps whose grace is over; call it about ten times a second. */
  tick(nowMs: number): void;
  /** The end of the tap: everything open is told. */
  close(nowMs: number): void;
}
