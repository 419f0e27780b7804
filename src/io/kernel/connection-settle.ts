// What a connection is left to do once its events were handled: `settle` carries out what the conversation and the sockets noted.
// The order in here is the correctness of half-close, reset and backpressure; reading is connection-input.ts, writing connection-write.ts.
import type { Side } from '../../core/model/command.ts';
import { phase, type Connection, type Leg } from './connection.ts';
import { closeNow, releaseLeg, resetNow } from './connection-end.ts';
import { wantsInput } from './connection-input.ts';
import { adoptUpstream, stopWriting } from './connection-write.ts';
import { epollEvent } from './linux.ts';
import { count } from './plane.ts';
import { counter, serviceCounter, serviceSlot } from './shared-stats.ts';

/**
 * Bring epoll in line. Edge-triggered: each event comes once, so whatever was left unread is noted in `leg.more`, and asked for again
 * (a modification re-arms) as soon as it is wanted. OUT is asked for when first needed and then stays: it fires only after a full buffer.
 */
function register(connection: Connection, leg: Leg): void {
  if (leg.fd < 0) return;
  const { plane } = connection;
  const needsOut = leg.queue.bytes > 0 || (leg.connecting && leg.endWanted);
  const interest = needsOut ? leg.interest | epollEvent.out : leg.interest;
  if (!leg.registered) {
    leg.generation = plane.generation = (plane.generation + 1) >>> 0;
    leg.registered = plane.epoll.add(leg.fd, interest, leg.generation);
    // Only the kernel's own memory or watch limit can be in the way.
    if (!leg.registered) resetNow(connection);
  } else if (interest !== leg.interest || (leg.more && wantsInput(connection, leg))) {
    leg.more = false;
    plane.epoll.modify(leg.fd, interest, leg.generation);
  }
  leg.interest = interest;
}

/** The server turned the leg down: go another way, once, if its service knows one. What is queued is written there. */
function redial(connection: Connection): void {
  const { plane, upstream } = connection;
  if (connection.connectError !== 'refused' || connection.redialled) return;
  if (connection.phase !== phase.open || upstream.fd < 0) return;
  connection.redialled = true;
  const fd = connection.service.redial(connection);
  if (fd === undefined) return;
  plane.byFd[upstream.fd] = undefined;
  plane.sockets.close(upstream.fd);
  upstream.fd = -1;
  upstream.registered = upstream.more = upstream.connecting = false;
  connection.connectError = undefined;
  adoptUpstream(connection, fd);
  if (upstream.fd < 0) stopWriting(connection, upstream);
}

function tellConnectFailed(connection: Connection): void {
  const { plane, upstream, conversation } = connection;
  const why = connection.connectError ?? 'unreachable';
  connection.connectError = undefined;
  count(plane, counter.connectFailed);
  count(plane, serviceSlot(connection.service.place, serviceCounter.errors));
  if (upstream.fd >= 0) {
    stopWriting(connection, upstream);
    plane.byFd[upstream.fd] = undefined;
    plane.sockets.close(upstream.fd);
  }
  upstream.fd = -1;
  upstream.registered = upstream.readable = upstream.writable = upstream.connecting = false;
  if (connection.phase === phase.open) conversation.connectFailed(why, plane.nowMs);
}

/** Tell the conversation that it is over, unless an answer is still on its way to the client: that is delivered first. */
function tellFailed(connection: Connection, side: Side): void {
  const { plane, conversation, client } = connection;
  if (side === 'upstream' && client.queue.bytes > 0 && !connection.resetWanted) return;
  connection.failedSide = undefined;
  if (connection.phase === phase.open) conversation.aborted(side, connection.failure, plane.nowMs);
  connection.flushSpan();
  // The conversation may have answered (502, 408) and asked to close; otherwise a reset goes on as a reset.
  if (connection.phase !== phase.closing || !client.writable) connection.resetWanted = true;
}

function finishHalfCloses(connection: Connection): void {
  for (const leg of [connection.client, connection.upstream]) halfClose(connection, leg);
}

function halfClose(connection: Connection, leg: Leg): void {
  if (!leg.endWanted || leg.queue.bytes > 0 || leg.connecting || !leg.writable) return;
  leg.endWanted = false;
  leg.writable = false;
  connection.plane.sockets.shutdownWrite(leg.fd);
}

function linger(connection: Connection): void {
  const { plane, client } = connection;
  connection.phase = phase.lingering;
  if (client.writable) plane.sockets.shutdownWrite(client.fd);
  client.writable = false;
  releaseLeg(connection, connection.upstream, false);
  connection.lingerUntil = plane.monotonicMs + plane.limits.lingerMs;
  plane.wheel.hasten(connection, connection.lingerUntil);
}

function advancePhase(connection: Connection): void {
  const { client, upstream } = connection;
  if (connection.phase === phase.closing && client.queue.bytes === 0 && upstream.queue.bytes === 0)
    linger(connection);
  if (connection.phase === phase.lingering && !client.readable) closeNow(connection);
  else if (
    connection.phase === phase.open &&
    !client.readable &&
    !upstream.readable &&
    !client.writable &&
    !upstream.writable
  )
    closeNow(connection);
}

function closeIfIdle(connection: Connection): void {
  if (connection.conversation.idle()) connection.close();
}

/** While the loop goes on there is time to wait until nobody is about to ask. */
const isQuiet = ({ plane, activeAt }: Connection): boolean =>
  plane.monotonicMs - activeAt >= plane.limits.quietMs;

/** Carry out what the conversation and the sockets left noted. Each note is taken once, so this ends. */
export function settle(connection: Connection): void {
  connection.flushSpan();
  if (connection.phase === phase.closed) return;
  if (connection.connectError !== undefined) redial(connection);
  if (connection.connectError !== undefined) {
    tellConnectFailed(connection);
    connection.flushSpan();
  }
  if (connection.failedSide !== undefined) tellFailed(connection, connection.failedSide);
  if (connection.resetWanted) {
    resetNow(connection);
    return;
  }
  const mayGo = connection.plane.stopping || (connection.leaving && isQuiet(connection));
  if (mayGo && connection.phase === phase.open) closeIfIdle(connection);
  if (connection.client.endWanted || connection.upstream.endWanted) finishHalfCloses(connection);
  advancePhase(connection);
  // `closeNow` may just have run; the descriptors are -1 then.
  register(connection, connection.client);
  register(connection, connection.upstream);
}
