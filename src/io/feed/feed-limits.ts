// Every bound of the feed in one place, with its reason. Knows nothing else.

/** Bounds of the serving side. */
export interface FeedServerLimits {
  /** Connections at once; people and verbs, not a fleet. */
  readonly connections: number;
  /** Longest frame a client may send, bytes: a policy object and its envelope. */
  readonly clientFrameBytes: number;
  /** Longest reply, bytes: a listing of 20,000 policies at 1.5 KiB. Below the client's own limit. */
  readonly replyBytes: number;
  /** A batch leaves at the latest after this many ms, or as soon as it holds `batchEvents` events or `batchBytes` bytes. */
  readonly flushMs: number;
  readonly batchEvents: number;
  readonly batchBytes: number;
  /** One subscriber's unsent bytes above which its batches are dropped and counted. */
  readonly bufferedBytes: number;
  /** Batches kept for a subscriber that is still being sent history, bytes. */
  readonly backlogBytes: number;
  /** Requests of one client in flight. */
  readonly requests: number;
  /** Frames that make no sense before the connection is closed. */
  readonly invalidFrames: number;
  /** Time for the HTTP upgrade, ms. */
  readonly handshakeMs: number;
  readonly statusMs: number;
  /** A ping goes out this often, ms; two unanswered ones end the connection. */
  readonly pingMs: number;
}

/** What an agent uses; tests make them smaller. */
export const feedServerLimits: FeedServerLimits = {
  connections: 32,
  clientFrameBytes: 256 * 1024,
  replyBytes: 30 * 1024 * 1024,
  flushMs: 50,
  batchEvents: 512,
  batchBytes: 1024 * 1024,
  bufferedBytes: 8 * 1024 * 1024,
  backlogBytes: 16 * 1024 * 1024,
  requests: 32,
  invalidFrames: 3,
  handshakeMs: 5_000,
  statusMs: 1_000,
  pingMs: 10_000,
};

/** Bounds of the side that connects. */
export interface FeedClientLimits {
  /** Longest frame a server may send, bytes. */
  readonly serverFrameBytes: number;
  readonly handshakeMs: number;
  /** Without a single frame or ping for this long the connection counts as lost, ms. */
  readonly silenceMs: number;
  /** Milliseconds of one turn of the event loop spent on frames before others get theirs: a terminal's keys above all. */
  readonly turnMs: number;
  /** A request without an answer for this long is rejected, ms. */
  readonly requestMs: number;
  /** Requests in flight. */
  readonly requests: number;
  /** First and longest pause before another try, ms; doubled each time, with jitter. */
  /** Tries in a row with a token that is read from a file and was refused: at the longest pauses about five minutes. */
  readonly deniedTries: number;
  readonly backoffFirstMs: number;
  readonly backoffMaxMs: number;
  /** How far before the newest event a reconnecting client asks again, ms: answers arrive later than their requests began. */
  readonly overlapMs: number;
  /** Keys of received events kept to drop what comes twice at that seam. */
  readonly seenEvents: number;
}

/** What terminals and verbs use; tests make them smaller. */
export const feedClientLimits: FeedClientLimits = {
  serverFrameBytes: 32 * 1024 * 1024,
  handshakeMs: 5_000,
  silenceMs: 30_000,
  turnMs: 4,
  requestMs: 15_000,
  requests: 64,
  deniedTries: 40,
  backoffFirstMs: 250,
  backoffMaxMs: 10_000,
  overlapMs: 10_000,
  seenEvents: 65_536,
};
