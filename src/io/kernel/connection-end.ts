// How a connection ends: closed, reset, or by a deadline. After this nothing refers to it but the garbage collector.
import { phase, type Connection, type Leg } from './connection.ts';
import { count, type Plane } from './plane.ts';
import { callerOf } from './service.ts';
import { counter, serviceCounter, serviceSlot } from './shared-stats.ts';
import { stopWriting } from './connection-write.ts';

/** Close one socket and drop what was queued for it. */
export function releaseLeg(connection: Connection, leg: Leg, abort: boolean): void {
  const { plane } = connection;
  if (leg.fd < 0) return;
  stopWriting(connection, leg);
  plane.byFd[leg.fd] = undefined;
  // Closing takes the descriptor out of epoll: nobody else holds a duplicate.
  if (abort) plane.sockets.abort(leg.fd);
  else plane.sockets.close(leg.fd);
  leg.fd = -1;
  leg.registered = leg.readable = leg.connecting = false;
}

function forget(plane: Plane, connection: Connection): void {
  plane.wheel.cancel(connection);
  plane.claims.end(connection);
  plane.shares.leave(connection.service, callerOf(connection.service, connection.clientAddress));
  const last = plane.open.pop();
  if (last && last !== connection) {
    plane.open[connection.place] = last;
    last.place = connection.place;
  }
  connection.place = -1;
  count(plane, counter.open, -1);
  count(plane, serviceSlot(connection.service.place, serviceCounter.open), -1);
}

function end(connection: Connection, abort: boolean): void {
  if (connection.phase === phase.closed) return;
  connection.phase = phase.closed;
  releaseLeg(connection, connection.client, abort);
  releaseLeg(connection, connection.upstream, abort);
  forget(connection.plane, connection);
}

/** Close both sides with FIN. */
export function closeNow(connection: Connection): void {
  end(connection, false);
}

/** Close both sides with RST. */
export function resetNow(connection: Connection): void {
  end(connection, true);
}
