// No proxy at all: what client, upstream and loopback alone can do.
import type { Peer } from './peer.ts';

export const direct: Peer = {
  name: 'direct',
  start: ({ upstreamPort }) =>
    Promise.resolve({ port: upstreamPort, pids: () => [], stop: () => Promise.resolve() }),
};
