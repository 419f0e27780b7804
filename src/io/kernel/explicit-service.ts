// An explicit listener: everybody is welcome, and all go to the one upstream of its configuration.
import type { Service, Welcome } from './service.ts';
import type { SocketAddress } from './socket-address.ts';
import type { Sockets } from './socket.ts';

const configured: Welcome = { ends: undefined };

/** The service of listener `index`, the first ones among the counters. */
export function createExplicitService(
  sockets: Pick<Sockets, 'connect'>,
  index: number,
  upstream: SocketAddress,
): Service {
  return {
    listener: index,
    place: index,
    // Beside the service: callers all come from loopback.
    callersDiffer: false,
    welcome: () => configured,
    dial: () => sockets.connect(upstream),
    redial: () => undefined,
    reached: () => undefined,
  };
}
