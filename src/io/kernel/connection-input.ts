// The way into a connection, in two steps: `takeInput` reads what an event promised, `handleInput` gives it to the conversation. Between
// the two the same is done for the other connections of the batch: the kernel's code and ours then evict each other from the
// processor's cache once a batch rather than once a read (worker 15.1 → 13.7 µs a request). Neither ends a connection; `settle` does.
import { phase, type Connection, type Leg } from './connection.ts';
import { connectFailure, fail, flushQueue, noteReached, stopWriting } from './connection-write.ts';
import { epollEvent, errno } from './linux.ts';
import { count, type Plane } from './plane.ts';
import { note, outcome } from './read-batch.ts';
import { counter } from './shared-stats.ts';

/** All that can mean "read on": data, end of stream, reset. */
const inputEvents = epollEvent.in | epollEvent.readHangUp | epollEvent.hangUp | epollEvent.error;
/** Of these, what a read that got bytes may have left unseen. */
const endEvents = epollEvent.readHangUp | epollEvent.hangUp | epollEvent.error;

const other = (connection: Connection, leg: Leg): Leg =>
  leg === connection.client ? connection.upstream : connection.client;

/** Reading stops while anything is queued the other way: the kernel's buffers, not ours, hold a slow peer's bytes. */
export function wantsInput(connection: Connection, leg: Leg): boolean {
  if (!leg.readable) return false;
  if (connection.phase !== phase.open) return leg === connection.client;
  return !leg.held && other(connection, leg).queue.bytes === 0;
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

/** One `recv`, never more in one pass: that is what keeps a noisy connection from starving others. */
function read({ plane }: Connection, leg: Leg, events: number): number {
  const { libc, input, limits, batch } = plane;
  const length = libc.recv(leg.fd, input.address + batch.used, limits.readBytes, 0);
  if (length > 0) {
    // A short read has emptied the socket, unless its end is queued behind.
    if (length === limits.readBytes || (events & endEvents) !== 0) leg.more = true;
    return length;
  }
  if (length === 0) return outcome.ended;
  const error = libc.errno();
  if (error === errno.again) return outcome.nothing;
  if (error !== errno.interrupted) return -error;
  leg.more = true;
  return outcome.nothing;
}

/** Errors of a leg whose handshake was complete: one that is turned down gives others. */
const isAfterHandshake = (error: number): boolean =>
  error === errno.connectionReset || error === errno.brokenPipe;

/**
 * The handshake of the upstream leg is over, well or badly; answers what was read of it. A server that accepts, speaks and resets before we
 * look is no server that cannot be reached: reading tells them apart, asking for the error would take it (and the words) away.
 */
function connected(connection: Connection, leg: Leg, events: number): number {
  const hasFailed = (events & (epollEvent.error | epollEvent.hangUp)) !== 0;
  const isRead = hasFailed && wantsInput(connection, leg);
  const length = isRead ? read(connection, leg, events) : outcome.nothing;
  let error = length === outcome.nothing ? 0 : -Math.min(length, 0);
  if (hasFailed && !isRead) error = connection.plane.sockets.takeError(leg.fd);
  if (error !== 0 && !isAfterHandshake(error)) {
    connection.connectError ??= connectFailure(error);
    return outcome.nothing;
  }
  noteReached(connection, leg);
  if (error !== 0 && !isRead) fail(connection, leg, 'reset');
  return length;
}

/** Epoll reported `events` for one leg: write what waits for room, read once, note the outcome. Calls no conversation. */
export function takeInput(connection: Connection, leg: Leg, events: number): void {
  const { batch } = connection.plane;
  let length: number = leg.connecting ? connected(connection, leg, events) : outcome.nothing;
  if (connection.connectError === undefined) {
    if ((events & epollEvent.out) !== 0) flushQueue(connection, leg);
    if ((events & inputEvents) !== 0 && length === outcome.nothing) {
      if (wantsInput(connection, leg)) length = read(connection, leg, events);
      else postpone(connection, leg, events);
    }
  }
  // The leg that was turned down may go another way: what the client has sent is read then.
  else if (leg.side === 'client') leg.more = true;
  note(batch, connection, leg, length);
}

/** Another read of the largest size, and another entry, fit. */
export function hasRoom({ batch, input, limits }: Plane): boolean {
  return batch.count < batch.lengths.length && batch.used + limits.readBytes <= input.bytes.length;
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

function received(connection: Connection, leg: Leg, start: number, length: number): void {
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
  connection.conversation.receive(leg.side, plane.input.bytes, start, start + length, plane.nowMs);
  watchHead(connection, isClient && connection.commands !== before);
}

function ended(connection: Connection, leg: Leg): void {
  leg.readable = false;
  leg.connecting = false;
  if (connection.phase === phase.open) connection.conversation.ended(leg.side, connection.plane.nowMs);
}

function failed(connection: Connection, leg: Leg, error: number): void {
  leg.readable = false;
  stopWriting(connection, leg);
  if (leg.connecting) connection.connectError ??= connectFailure(error);
  else fail(connection, leg, 'reset');
}

/** Give entry `index` of the batch to its conversation. */
export function handleInput({ batch }: Plane, index: number): void {
  const connection = batch.connections[index];
  const leg = batch.legs[index];
  const length = batch.lengths[index] ?? outcome.nothing;
  if (!connection || !leg || connection.phase === phase.closed || length === outcome.nothing) return;
  if (length > 0) received(connection, leg, batch.starts[index] ?? 0, length);
  else if (length === outcome.ended) ended(connection, leg);
  else failed(connection, leg, -length);
}
