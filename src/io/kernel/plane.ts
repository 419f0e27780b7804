// What all connections of one worker share: the kernel's handles, the one input buffer, the clock, the counters.
// Data and wiring only; who acts on it are the connection-*.ts files and the loop.
import type { Conversation } from '../../core/inspect/conversation-port.ts';
import type { Exchange } from '../../core/model/exchange.ts';
import type { Claims } from './claims.ts';
import type { Connection } from './connection.ts';
import type { Epoll } from './epoll.ts';
import type { Identity } from './identity.ts';
import type { Libc, NativeBuffer } from './libc.ts';
import type { DataPlaneLimits } from './limits.ts';
import type { BlockPool } from './pending.ts';
import type { ReadBatch } from './read-batch.ts';
import type { Service } from './service.ts';
import type { Shares } from './shares.ts';
import type { Sockets } from './socket.ts';
import type { TimerWheel } from './timer-wheel.ts';

/** One per worker; mutable where it says so (clock, generation, stopping). */
export interface Plane {
  readonly libc: Libc;
  readonly epoll: Epoll;
  readonly sockets: Sockets;
  readonly limits: DataPlaneLimits;
  /** Counters by `counter` and `serviceSlot`. */
  readonly stats: Float64Array;
  readonly pool: BlockPool;
  readonly wheel: TimerWheel<Connection>;
  /** What the reads of a batch fill, one behind the other, and conversations read in place. */
  readonly input: NativeBuffer;
  readonly batch: ReadBatch;
  /** Where bytes that are not in `input` are put to be written. */
  readonly scratch: NativeBuffer;
  readonly byFd: (Connection | undefined)[];
  /** Highest descriptor a proxied socket may have; above it the rest of the process lives. */
  readonly lastFd: number;
  /** Who may have one more connection. */
  readonly shares: Shares<Service>;
  /** Every open connection; `Connection.place` is its index. */
  readonly open: Connection[];
  /** Those that a tap must not tell as well. */
  readonly claims: Claims;
  /** Who calls. */
  readonly identity: Identity;
  /** The brain of a new connection. */
  readonly converse: (connection: Connection) => Conversation;
  /** Hand an exchange to main. */
  readonly observe: (exchange: Exchange) => void;
  /** Epoch ms with fractions, as conversations get it. */
  nowMs: number;
  /** Ms that never jump, for deadlines. */
  monotonicMs: number;
  /** Draining: connections close as soon as they are idle. */
  stopping: boolean;
  /** Of the last registration with epoll. */
  generation: number;
  /** Number of the last connection, tapped ones included. */
  lastNumber: number;
}

/** Adds to a counter. */
export function count(plane: Plane, index: number, by = 1): void {
  plane.stats[index] = (plane.stats[index] ?? 0) + by;
}
