// Servers of tests on free loopback ports.
import type { Server } from 'node:net';

/**
 * The TCP port a server listens on.
 * @throws Error when it does not listen, or on a socket file.
 */
export function portOf(server: Pick<Server, 'address'>): number {
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('the server listens on no port');
  return address.port;
}

/** Listens on a free port of `host`; the port. */
export async function listening(server: Server, host = '127.0.0.1'): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(0, host, resolve);
  });
  return portOf(server);
}
