// Stands in front of the demo's services where the data plane would: one counting pass-through per edge. For tests only.
import { connect, createServer, type Server, type Socket } from 'node:net';
import type { ListenerConfig } from '../../src/core/model/identity.ts';
import { portOf } from '../helpers/listening.ts';

export interface Seen {
  readonly caller: string;
  readonly callee: string;
  /** Request lines in order, `METHOD target`. */
  readonly requests: string[];
  /** Request heads in order. */
  readonly heads: string[];
  /** Answer statuses in order. */
  readonly statuses: number[];
}

export interface CountingListeners {
  readonly ports: readonly number[];
  /** What passed, in the order of the listeners. */
  readonly seen: readonly Seen[];
  of(caller: string, callee: string): Seen;
  close(): Promise<void>;
}

/** Opens one listener per config. Looks at chunk beginnings only: the demo's requests fit into one. */
export async function openCountingListeners(configs: readonly ListenerConfig[]): Promise<CountingListeners> {
  const seen = configs.map(({ source, destination }): Seen => ({
    caller: source.workload.name,
    callee: destination.workload.name,
    requests: [],
    heads: [],
    statuses: [],
  }));
  const sockets = new Set<Socket>();
  const servers = await Promise.all(
    configs.map((config, index) => listen((client) => pipe(client, config, seen[index]!, sockets))),
  );
  return {
    seen,
    ports: servers.map(portOf),
    of: (caller, callee) => seen.find((each) => each.caller === caller && each.callee === callee)!,
    close: async () => {
      for (const socket of sockets) socket.destroy();
      await Promise.all(
        servers.map(
          (server) =>
            new Promise((resolve) => {
              server.close(resolve);
            }),
        ),
      );
    },
  };
}

async function listen(accept: (client: Socket) => void): Promise<Server> {
  const server = createServer({ noDelay: true }, accept);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return server;
}

function pipe(client: Socket, { upstream }: ListenerConfig, seen: Seen, sockets: Set<Socket>): void {
  const server = connect({ ...upstream, noDelay: true });
  for (const [one, other] of [
    [client, server],
    [server, client],
  ] as const) {
    sockets.add(one);
    one.on('error', () => other.destroy());
    one.on('close', () => {
      sockets.delete(one);
      other.destroy();
    });
  }
  client.on('data', (chunk: Buffer) => {
    const line = /^([A-Z]+ \S+) HTTP\/1\.1\r?\n/.exec(chunk.toString('latin1'))?.[1];
    if (line !== undefined) {
      seen.requests.push(line);
      seen.heads.push(chunk.toString('latin1').split('\r\n\r\n')[0]!);
    }
    server.write(chunk);
  });
  server.on('data', (chunk: Buffer) => {
    const status = /^HTTP\/1\.1 (\d{3})/.exec(chunk.toString('latin1'))?.[1];
    if (status !== undefined) seen.statuses.push(Number(status));
    client.write(chunk);
  });
}
