// What the loop does with a connection: readiness in, the conversation called, then `settle` carries out what was noted.
// The order in here is the correctness of half-close, reset and backpressure; the writing itself is connection-write.ts.
import type { Side } from '../../core/model/command.ts';
import { phase, type Connection, type Leg } from './connection.ts';
import { connectFailure, fail, flushQueue, stopWriting } from './connection-write.ts';
import { closeNow, releaseLeg, resetNow } from './connection-end.ts';
import { epollEvent, errno } from './linux.ts';
import { count } from './plane.ts';
import { counter } from './shared-stats.ts';

const other = (connection: Connection, leg: Leg): Leg =>
  leg === connection.client ? connection.upstream : connection.client;

/** Reading stops while anything is queued the other way: the kernel's buffers, not ours, hold a slow peer's bytes. */
function wantsInput(connection: Connection, leg: Leg): boolean {
  if (!leg.readable) return false;
  if (connection.phase !== phase.open) return leg === connection.client;
  return !leg.held && other(connection, leg).queue.bytes === 0;
}

/** All that can mean "read on": data, end of stream, reset. */
const inputEvents = epollEvent.in | epollEvent.readHangUp | epollEvent.hangUp | epollEvent.error;
/** Of these, what a read that got bytes may have left unseen. */
const endEvents = epollEvent.readHangUp | epollEvent.hangUp | epollEvent.error;

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

/** Input came for a side that is not to be read now. */
function postpone(connection: Connection, leg: Leg, events: number): void {
  leg.more = true;
  if ((events & epollEvent.error) === 0 || (leg.side === 'upstream' && leg.readable)) return;
  // What a client sent before its reset is of no use; an upstream's last bytes are read when there is room for them.
  connection.plane.sockets.takeError(leg.fd);
  stopWriting(connection, leg);
  fail(connection, leg, 'reset');
}

/** Note how long the client owes the rest of something (a head, a refused body). What led to something else starts the wait anew. */
function watchHead(connection: Connection, progressed: boolean): void {
  const { plane } = connection;
  if (!connection.conversation.owes()) connection.headSince = 0;
  else if (connection.headSince === 0 || progressed) {
    connection.headSince = plane.monotonicMs;
    plane.wheel.hasten(connection, plane.monotonicMs + plane.limits.headMs);
  }
}

function received(connection: Connection, leg: Leg, length: number): void {
  const { plane } = connection;
  const isClient = leg.side === 'client';
  leg.connecting = false;
  connection.silent = false;
  connection.activeAt = plane.monotonicMs;
  count(plane, isClient ? counter.fromClientBytes : counter.fromUpstreamBytes, length);
  if (length > (plane.stats[counter.readPeakBytes] ?? 0)) plane.stats[counter.readPeakBytes] = length;
  if (length === plane.limits.readBytes) count(plane, counter.readCapped);
  if (connection.phase !== phase.open) return;
  const before = connection.commands;
  connection.conversation.receive(leg.side, plane.input.bytes, 0, length, plane.nowMs);
  watchHead(connection, isClient && connection.commands !== before);
}

/** One `recv`, never more in one pass: that is what keeps a noisy connection from starving others. */
function read(connection: Connection, leg: Leg, events: number): void {
  const { libc, input, limits } = connection.plane;
  const length = libc.recv(leg.fd, input.address, limits.readBytes, 0);
  if (length > 0) {
    // A short read has emptied the socket, unless its end is queued behind.
    if (length === limits.readBytes || (events & endEvents) !== 0) leg.more = true;
    received(connection, leg, length);
    return;
  }
  if (length === 0) {
    leg.readable = false;
    leg.connecting = false;
    if (connection.phase === phase.open) connection.conversation.ended(leg.side, connection.plane.nowMs);
    return;
  }
  const error = libc.errno();
  if (error === errno.again) return;
  if (error === errno.interrupted) {
    leg.more = true;
    return;
  }
  leg.readable = false;
  stopWriting(connection, leg);
  if (leg.connecting) connection.connectError ??= connectFailure(error);
  else fail(connection, leg, 'reset');
}

/** The handshake of the upstream leg is over, well or badly. */
function connected(connection: Connection, leg: Leg, events: number): void {
  if ((events & (epollEvent.error | epollEvent.hangUp)) !== 0) {
    const error = connection.plane.sockets.takeError(leg.fd);
    if (error !== 0) {
      connection.connectError ??= connectFailure(error);
      return;
    }
  }
  leg.connecting = false;
}

/** Epoll reported `events` for one leg. Ends with `settle`. */
export function onEvents(connection: Connection, leg: Leg, events: number): void {
  if (leg.connecting) connected(connection, leg, events);
  if (connection.connectError === undefined) {
    if ((events & epollEvent.out) !== 0) flushQueue(connection, leg);
    if ((events & inputEvents) !== 0) {
      if (wantsInput(connection, leg)) read(connection, leg, events);
      else postpone(connection, leg, events);
    }
  }
  settle(connection);
}

function tellConnectFailed(connection: Connection): void {
  const { plane, upstream, conversation } = connection;
  const why = connection.connectError ?? 'unreachable';
  connection.connectError = undefined;
  count(plane, counter.connectFailed);
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

/** Carry out what the conversation and the sockets left noted. Each note is taken once, so this ends. */
export function settle(connection: Connection): void {
  connection.flushSpan();
  if (connection.phase === phase.closed) return;
  if (connection.connectError !== undefined) {
    tellConnectFailed(connection);
    connection.flushSpan();
  }
  if (connection.failedSide !== undefined) tellFailed(connection, connection.failedSide);
  if (connection.resetWanted) {
    resetNow(connection);
    return;
  }
  if (connection.plane.stopping && connection.phase === phase.open && connection.conversation.idle())
    connection.close();
  if (connection.client.endWanted || connection.upstream.endWanted) finishHalfCloses(connection);
  advancePhase(connection);
  // `closeNow` may just have run; the descriptors are -1 then.
  register(connection, connection.client);
  register(connection, connection.upstream);
}
