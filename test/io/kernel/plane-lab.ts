// A data plane in front of a server of the test's own, with what it observed and lost collected; everything is closed by `using`.
import { spawn } from 'node:child_process';
import { createServer, connect, type Server, type Socket } from 'node:net';
import type { Exchange } from '../../../src/core/model/exchange.ts';
import { peerFromName } from '../../../src/core/model/identity.ts';
import { startDataPlane, type DataPlane, type DataPlaneOptions } from '../../../src/io/kernel/data-plane.ts';
import { listening } from '../../helpers/listening.ts';
import { until } from '../../helpers/until.ts';

export interface Lab extends AsyncDisposable {
  readonly plane: DataPlane;
  readonly port: number;
  /** Sockets the upstream accepted, oldest first. */
  readonly accepted: readonly Socket[];
  /** `opaque` and `status` of each observed exchange, in order. */
  readonly observed: readonly {
    readonly opaque: string;
    readonly status: number;
    readonly clientAddress: string;
  }[];
  readonly lost: () => number;
  readonly faults: readonly string[];
  dial(): Promise<Socket>;
}

export const passThroughWorker = new URL('./fixtures/pass-through-worker.ts', import.meta.url);

export async function dial(port: number, host = '127.0.0.1'): Promise<Socket> {
  const socket = connect({ port, host, allowHalfOpen: true });
  await new Promise<void>((resolve, reject) => {
    socket.once('connect', resolve);
    socket.once('error', reject);
  });
  return socket;
}

export interface LabOptions extends Partial<DataPlaneOptions> {
  /** Called for each connection the upstream accepts. */
  readonly upstream?: (socket: Socket) => void;
  /** Use this upstream port instead of an own server. */
  readonly upstreamPort?: number;
  readonly upstreamHost?: string;
  readonly host?: string;
  readonly onSeen?: (exchange: Exchange) => void;
}

/** What a lab collects. */
function createNotes(): {
  readonly accepted: Socket[];
  readonly observed: { opaque: string; status: number; clientAddress: string }[];
  readonly faults: string[];
  readonly dialled: Socket[];
  lost: number;
} {
  return { accepted: [], observed: [], faults: [], dialled: [], lost: 0 };
}

type Notes = ReturnType<typeof createNotes>;

const serverOf = (notes: Notes, options: LabOptions): Server =>
  createServer({ allowHalfOpen: true }, (socket) => {
    notes.accepted.push(socket);
    socket.on('error', () => undefined);
    options.upstream?.(socket);
  });

/** One listener on a free port; whatever `options` says goes before the lab's own. */
async function planeOf(notes: Notes, options: LabOptions, server: Server): Promise<DataPlane> {
  const host = options.upstreamHost ?? '127.0.0.1';
  const port = options.upstreamPort ?? (await listening(server, host));
  return startDataPlane({
    listeners: [
      {
        listen: { host: options.host ?? '127.0.0.1', port: 0 },
        upstream: { host, port },
        source: peerFromName('web', 'lab'),
        destination: peerFromName('api', 'lab'),
      },
    ],
    snapshot: new SharedArrayBuffer(8),
    worker: passThroughWorker,
    onExchange(exchange) {
      const { opaque, status, clientAddress } = exchange;
      notes.observed.push({ opaque, status, clientAddress });
      options.onSeen?.(exchange);
    },
    onLost: (_where, count) => (notes.lost += count),
    onFault: (error) => notes.faults.push(error.message),
    ...options,
  });
}

/** A plane on a free port in front of an own TCP server. */
export async function startLab(options: LabOptions = {}): Promise<Lab> {
  const notes = createNotes();
  const server = serverOf(notes, options);
  const plane = await planeOf(notes, options, server);
  const port = plane.ports[0] ?? 0;
  const { accepted, observed, faults, dialled } = notes;
  return {
    plane,
    port,
    accepted,
    observed,
    faults,
    lost: () => notes.lost,
    async dial() {
      const socket = await dial(port, options.host);
      dialled.push(socket);
      socket.on('error', () => undefined);
      return socket;
    },
    async [Symbol.asyncDispose]() {
      for (const socket of [...dialled, ...accepted]) socket.destroy();
      await plane.stop(0);
      server.close();
    },
  };
}

/** Everything a socket receives until its end. */
export async function textOf(socket: Socket): Promise<string> {
  let text = '';
  socket.on('data', (chunk: Buffer) => (text += chunk.toString('latin1')));
  await new Promise<void>((resolve, reject) => {
    socket.once('end', resolve);
    socket.once('error', reject);
  });
  return text;
}

/** A port whose accept queue is full, so that a further handshake is never answered: the connect timeout of loopback. */
export async function fullBacklog(): Promise<AsyncDisposable & { readonly port: number }> {
  const child = spawn('python3', [
    '-c',
    'import socket,sys\ns=socket.socket();s.bind(("127.0.0.1",0));s.listen(0);print(s.getsockname()[1],flush=True)\n' +
      'c=[socket.socket() for _ in range(8)]\n[(x.setblocking(False),x.connect_ex(s.getsockname())) for x in c]\nprint("full",flush=True);sys.stdin.read()',
  ]);
  let output = '';
  child.stdout.on('data', (chunk: Buffer) => (output += chunk.toString()));
  await until('the backlog is full', () => output.includes('full'));
  return {
    port: Number.parseInt(output, 10),
    async [Symbol.asyncDispose]() {
      child.stdin.end();
      await new Promise((resolve) => child.once('exit', resolve));
    },
  };
}
