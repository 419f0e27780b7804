// One service as a running process: its server on a free loopback port and its clients to the services behind it.
import type { Server } from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { clientsFor } from './callee-clients.ts';
import type { Client } from './http/json-client.ts';
import { createJsonServer } from './http/json-server.ts';
import { createTokenKit } from './http/token.ts';
import { createRandom } from './seeded-random.ts';
import type { ServiceContext } from './services/context.ts';
import { services } from './services/table.ts';
import type { CalleeUrls, ServiceName } from './topology.ts';

/** A service that listens. */
export interface RunningService {
  readonly port: number;
  /** Tells where the callees are; before that every call to them answers status 0. */
  wire(urls: CalleeUrls): void;
  close(): Promise<void>;
}

const ownTokenTtlSeconds = 600;
/** Connections to one callee; more only queue in the callee. */
const maxSocketsPerCallee = 16;

/** What a service is started with. */
export interface ServiceOptions {
  readonly seed: number;
  /** Signs and checks the shop's tokens. */
  readonly secret: string;
  /** Port; 0 for any free one. */
  readonly port?: number;
  /** Address to listen on; loopback when absent. */
  readonly host?: string;
}

/** Opens the service's database and listens. */
export async function runService(
  name: ServiceName,
  { seed, secret, port: wanted = 0, host = '127.0.0.1' }: ServiceOptions,
): Promise<RunningService> {
  const clients = new Map<ServiceName, Client>();
  const service = await services[name]();
  const server = createJsonServer(
    service(contextOf(name, { seed, secret, clients })),
    createTokenKit(secret, Date.now),
  );
  const port = await listen(server, wanted, host);
  return {
    port,
    wire: (urls) => {
      for (const [callee, client] of clientsFor(urls, { userAgent: `${name}/1.8.2`, maxSocketsPerCallee })) {
        clients.get(callee)?.close();
        clients.set(callee, client);
      }
    },
    close: async () => {
      for (const client of clients.values()) client.close();
      await new Promise((resolve) => {
        server.close(resolve);
        server.closeAllConnections();
      });
    },
  };
}

function contextOf(
  name: ServiceName,
  parts: {
    readonly seed: number;
    readonly secret: string;
    readonly clients: ReadonlyMap<ServiceName, Client>;
  },
): ServiceContext {
  const tokens = createTokenKit(parts.secret, Date.now);
  let own = { token: '', renewAtMs: 0 };
  return {
    random: createRandom(parts.seed),
    tokens,
    now: Date.now,
    sleep: (ms) => sleep(ms),
    call: (callee, ask) =>
      parts.clients.get(callee)?.call(ask) ??
      Promise.resolve({ status: 0, body: undefined, failure: `${callee} is not wired yet` }),
    ownToken: () => {
      if (Date.now() >= own.renewAtMs) {
        const token = tokens.sign({ sub: `svc:${name}`, role: 'service', ttlSeconds: ownTokenTtlSeconds });
        own = { token, renewAtMs: Date.now() + (ownTokenTtlSeconds / 2) * 1000 };
      }
      return own.token;
    },
  };
}

async function listen(server: Server, wanted: number, host: string): Promise<number> {
  await new Promise<void>((resolve, reject) => {
    server.once('error', reject);
    server.listen(wanted, host, 1024, resolve);
  });
  const address = server.address();
  if (address === null || typeof address === 'string') throw new Error('listening without a port');
  return address.port;
}
