// When a connection must be looked at again, and what has then run out. Deadlines are computed from what the connection notes anyway;
// only the wheel knows when. No timers.
import type { AbortReason } from '../../core/inspect/conversation-port.ts';
import { phase, type Connection } from './connection.ts';
import { closeNow } from './connection-end.ts';
import { settle } from './connection-settle.ts';
import { fail, noteReached } from './connection-write.ts';
import { count } from './plane.ts';
import { counter } from './shared-stats.ts';

/** A deadline and what it means; the words reach the record of the exchange. */
type Expiry = 'linger' | 'connect-timeout' | Cut;
/** Of these, what ends the connection. */
type Cut = Extract<AbortReason, 'stalled' | 'head-timeout' | 'idle-timeout'>;

/** How long nothing may come, ms. */
export function patienceMs({ plane: { limits }, silent }: Connection): number {
  return silent ? Math.min(limits.firstByteMs, limits.idleMs) : limits.idleMs;
}

/** Visits the deadlines that apply now; returns the earliest, or the word of one that has passed. */
function review(connection: Connection): number | Expiry {
  const { plane, client, upstream } = connection;
  const { limits, monotonicMs } = plane;
  if (connection.phase === phase.lingering)
    return connection.lingerUntil <= monotonicMs ? 'linger' : connection.lingerUntil;
  let next = connection.activeAt + patienceMs(connection);
  if (next <= monotonicMs) return 'idle-timeout';
  if (upstream.connecting) {
    const at = connection.connectAt + limits.connectMs;
    if (at <= monotonicMs) return 'connect-timeout';
    next = Math.min(next, at);
  }
  if (client.queue.bytes > 0 || upstream.queue.bytes > 0) {
    const at = connection.drainedAt + limits.stallMs;
    // Bytes for an upstream that is still connecting are the connect deadline's business.
    if (at <= monotonicMs && !upstream.connecting) return 'stalled';
    next = Math.min(next, at);
  }
  if (connection.headSince > 0) {
    const at = connection.headSince + limits.headMs;
    if (at <= monotonicMs) return 'head-timeout';
    next = Math.min(next, at);
  }
  return next;
}

/** True when the handshake is complete although no byte came back yet; notes it. */
function isConnected(connection: Connection): boolean {
  const { plane, upstream } = connection;
  if (!plane.sockets.isConnected(upstream.fd)) return false;
  noteReached(connection, upstream);
  return true;
}

function expire(connection: Connection, why: Cut): void {
  count(connection.plane, counter.expired);
  if (why === 'idle-timeout' && connection.conversation.idle()) {
    connection.close();
    return;
  }
  const { client, upstream } = connection;
  fail(connection, why === 'stalled' && upstream.queue.bytes > 0 ? upstream : client, why);
  // Nobody waits for a queue that does not move.
  if (why === 'stalled') connection.resetWanted = true;
}

/** The wheel brought this connection up: act on what has passed, else say when to look again. */
export function onDeadline(connection: Connection): void {
  const { plane } = connection;
  let found = review(connection);
  if (found === 'connect-timeout' && isConnected(connection)) found = review(connection);
  if (typeof found === 'number') {
    plane.wheel.schedule(connection, found);
    return;
  }
  if (found === 'linger') {
    closeNow(connection);
    return;
  }
  if (found === 'connect-timeout') connection.connectError = 'timeout';
  else expire(connection, found);
  settle(connection);
  if (connection.phase !== phase.closed)
    plane.wheel.hasten(connection, plane.monotonicMs + plane.limits.lingerMs);
}
