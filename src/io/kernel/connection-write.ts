// The way out of a connection: opening the upstream leg, writing to a leg, queueing what it does not take. Called from inside the conversation,
// so nothing here calls it back: failures are noted on the connection for `settle`.
import type { AbortReason } from '../../core/inspect/conversation-port.ts';
import type { Connection, Leg } from './connection.ts';
import { errno, messageFlag } from './linux.ts';
import { count, type Plane } from './plane.ts';
import { counter } from './shared-stats.ts';

/** Start connecting to where the connection was meant to go; an immediate failure is noted as `connectError`. */
export function openUpstream(connection: Connection): void {
  adoptUpstream(connection, connection.service.dial(connection));
}

/** Carry on with what dialling came to: a descriptor that is connecting, or minus the error, which is noted. */
export function adoptUpstream(connection: Connection, fd: number): void {
  const { plane, upstream } = connection;
  if (fd === -errno.connectionReset) {
    // The client has gone already: there is nobody to call for, and nothing is wrong with the server.
    fail(connection, connection.client, 'reset');
    return;
  }
  if (fd < 0) {
    connection.connectError = connectFailure(-fd);
    return;
  }
  if (fd > plane.lastFd) {
    plane.sockets.close(fd);
    connection.connectError = 'unreachable';
    return;
  }
  upstream.fd = fd;
  upstream.readable = upstream.writable = upstream.connecting = true;
  plane.byFd[fd] = connection;
  connection.connectAt = plane.monotonicMs;
  plane.wheel.hasten(connection, plane.monotonicMs + plane.limits.connectMs);
}

/** The handshake of the upstream leg is over, and the server took it. */
export function noteReached(connection: Connection, leg: Leg): void {
  if (!leg.connecting) return;
  leg.connecting = false;
  connection.service.reached(connection);
}

/** The word a conversation understands for an errno of connect. */
export function connectFailure(error: number): 'refused' | 'timeout' | 'unreachable' {
  if (error === errno.refused) return 'refused';
  return error === errno.timedOut ? 'timeout' : 'unreachable';
}

/** Note that a side failed; the first reason stands. */
export function fail(connection: Connection, leg: Leg, why: AbortReason): void {
  if (connection.failedSide !== undefined) return;
  connection.failedSide = leg.side;
  connection.failure = why;
}

/** Copy to the leg's queue, within the limits; beyond them the connection fails with `overflow`. */
export function queueBytes(
  connection: Connection,
  leg: Leg,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  const { plane } = connection;
  const { pool, limits } = plane;
  const length = end - start;
  if (
    leg.queue.bytes + length > limits.pendingConnectionBytes ||
    pool.heldBytes + length > limits.pendingTotalBytes
  ) {
    if (connection.failedSide === undefined) count(plane, counter.overflowed);
    fail(connection, leg, 'overflow');
    connection.resetWanted = true;
    return;
  }
  if (leg.queue.bytes === 0) {
    connection.drainedAt = plane.monotonicMs;
    plane.wheel.hasten(connection, plane.monotonicMs + plane.limits.stallMs);
  }
  pool.push(leg.queue, bytes, start, end);
  addPending(plane, length);
}

function addPending(plane: Plane, bytes: number): void {
  const pending = (plane.stats[counter.pendingBytes] ?? 0) + bytes;
  plane.stats[counter.pendingBytes] = pending;
  if (pending > (plane.stats[counter.pendingPeakBytes] ?? 0)) plane.stats[counter.pendingPeakBytes] = pending;
}

/** The leg takes no more bytes ever; what was queued for it is dropped. */
export function stopWriting(connection: Connection, leg: Leg): void {
  leg.writable = false;
  addPending(connection.plane, -leg.queue.bytes);
  connection.plane.pool.clear(leg.queue);
}

/** A write failed: whether that ends the connection is told by reading, which may still yield an answer sent before the reset. */
function writeFailed(connection: Connection, leg: Leg): void {
  stopWriting(connection, leg);
  const other = leg.side === 'client' ? connection.upstream : connection.client;
  const willBeRead = leg.readable && !leg.held && other.queue.bytes === 0;
  if (!willBeRead && (leg.side === 'client' || !leg.readable)) fail(connection, leg, 'reset');
}

/** Bytes the kernel took, 0 when it is full or the server turned us down (noted), -1 when the leg is broken (noted). */
function sendSome(connection: Connection, leg: Leg, address: number, length: number): number {
  const { libc } = connection.plane;
  const sent = libc.send(leg.fd, address, length, messageFlag.noSignal);
  if (sent >= 0) {
    noteReached(connection, leg);
    return sent;
  }
  const error = libc.errno();
  if (error === errno.again || error === errno.interrupted) return 0;
  if (leg.connecting && error !== errno.connectionReset) {
    // A refused connect may show here first, and asking clears it: note it now. What was to be written waits for another way.
    connection.connectError ??= connectFailure(error);
    return 0;
  }
  writeFailed(connection, leg);
  return -1;
}

/** Write now, queue the rest. `bytes` is the input buffer, or anything (which is copied). */
export function writeBytes(
  connection: Connection,
  leg: Leg,
  bytes: Uint8Array,
  start: number,
  end: number,
): void {
  const { input, scratch } = connection.plane;
  if (!leg.writable) return;
  let at = start;
  while (at < end) {
    const part = bytes === input.bytes ? end - at : Math.min(end - at, scratch.bytes.length);
    if (bytes !== input.bytes) scratch.bytes.set(bytes.subarray(at, at + part));
    const address = bytes === input.bytes ? input.address + at : scratch.address;
    const sent = sendSome(connection, leg, address, part);
    if (sent < 0) return;
    at += sent;
    if (sent < part) {
      queueBytes(connection, leg, bytes, at, end);
      return;
    }
  }
}

/** The leg has room again: write what is queued until it is full or nothing is left. */
export function flushQueue(connection: Connection, leg: Leg): void {
  const { plane } = connection;
  for (let block = leg.queue.first; block; block = leg.queue.first) {
    const length = block.end - block.start;
    const sent = sendSome(connection, leg, block.memory.address + block.start, length);
    if (sent <= 0) return;
    plane.pool.drop(leg.queue, sent);
    addPending(plane, -sent);
    connection.activeAt = connection.drainedAt = plane.monotonicMs;
    if (sent < length) return;
  }
}
