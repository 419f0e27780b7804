// The servers of the differential test: what each understood of every connection, as method, target, host and body length.
import { type ChildProcessByStdio, execFileSync, spawn } from 'node:child_process';
import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { Socket } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Readable, Writable } from 'node:stream';
import { z } from 'zod';
import { portOf } from '../helpers/listening.ts';
import { until } from '../helpers/until.ts';

/** A request as an upstream understood it; `body` is -1 when it did not end well. */
export interface Seen {
  readonly method: string;
  readonly target: string;
  readonly host: string;
  body: number;
}

export interface Upstream extends AsyncDisposable {
  /** One port per lane. */
  readonly ports: readonly number[];
  /** Requests of the lane's nth connection, in order. Complete once `settled`. */
  seen(lane: number, connection: number): readonly Seen[];
  /** Resolves when this many connections were accepted in all and every one has ended. */
  settled(connections: number): Promise<void>;
}

/** Where Go is looked for: the usual place, or the path. */
const goBinary = ['/usr/local/go/bin/go', '/usr/bin/go'].find((path) => existsSync(path));

/** Why the Go half cannot run; '' when it can. */
export const goMissing = goBinary === undefined ? 'no Go toolchain in /usr/local/go/bin or /usr/bin' : '';

const key = (lane: number, connection: number): string => `${lane}/${connection}`;

function handle(list: Seen[], request: IncomingMessage, answer: ServerResponse): void {
  const { method = '', url = '', headers } = request;
  const seen: Seen = { method, target: url, host: headers.host ?? '', body: -1 };
  list.push(seen);
  let length = 0;
  request.on('data', (chunk: Buffer) => (length += chunk.length));
  request.on('end', () => {
    seen.body = length;
    answer.setHeader('content-length', 2);
    answer.end('ok');
  });
  request.on('error', () => undefined);
  if (headers.upgrade === undefined) return;
  // node:http waits for ever for a body that was cut off when an upgrade was asked for: seen without us in between.
  request.socket.once('end', () => setImmediate(() => seen.body < 0 && request.socket.destroy()));
}

/** Servers of `node:http`, in this process. */
export async function startNodeUpstream(lanes: number): Promise<Upstream> {
  const lists = new Map<string, Seen[]>();
  let open = 0;
  let total = 0;
  const servers = Array.from({ length: lanes }, (_, lane) => {
    const bySocket = new Map<Socket, Seen[]>();
    let next = 0;
    const server = createServer();
    const serve = (request: IncomingMessage, answer: ServerResponse): void =>
      handle(bySocket.get(request.socket)!, request, answer);
    server.on('connection', (socket: Socket) => {
      const list: Seen[] = [];
      lists.set(key(lane, next++), list);
      bySocket.set(socket, list);
      open += 1;
      total += 1;
      socket.on('close', () => (open -= 1));
    });
    server.on('request', serve);
    server.on('checkContinue', (request, answer) => {
      answer.writeContinue();
      serve(request, answer);
    });
    server.on('connect', (request, socket) => {
      const { method = '', url = '', headers } = request;
      bySocket.get(request.socket)!.push({ method, target: url, host: headers.host ?? '', body: 0 });
      socket.end('HTTP/1.1 405 No\r\nContent-Length: 0\r\n\r\n');
    });
    // A request must not be lost because its client has already sent its FIN.
    Object.assign(server, { httpAllowHalfOpen: true });
    return server;
  });
  for (const server of servers) await new Promise<void>((done) => server.listen(0, '127.0.0.1', done));
  return {
    ports: servers.map(portOf),
    seen: (lane, connection) => lists.get(key(lane, connection)) ?? [],
    settled: async (connections) => {
      await until('node:http settled', () => total === connections && open === 0);
    },
    [Symbol.asyncDispose]: async () => {
      for (const server of servers) {
        server.closeAllConnections();
        await new Promise((done) => server.close(done));
      }
    },
  };
}

/** Where Python is looked for. */
const pythonBinary = ['/usr/bin/python3', '/usr/local/bin/python3'].find((path) => existsSync(path));

/** Why the Python part cannot run; '' when it can. */
export const pythonMissing = pythonBinary === undefined ? 'no python3 in /usr/bin or /usr/local/bin' : '';

/** What the upstreams that are programs print: its ports, how many connections have ended, or a request as it was understood. */
const programLine = z.union([
  z.object({ lane: z.number(), port: z.number() }),
  z.object({ settled: z.number() }),
  z.object({
    ...{ lane: z.number(), connection: z.number() },
    ...{ method: z.string(), target: z.string(), host: z.string(), body: z.number() },
  }),
]);

/** Servers of Go's net/http, built from the source beside this file and run as one process. */
export async function startGoUpstream(lanes: number): Promise<Upstream> {
  const folder = mkdtempSync(join(tmpdir(), 'differential-'));
  const program = join(folder, 'upstream');
  execFileSync(goBinary ?? 'go', [
    'build',
    '-o',
    program,
    join(import.meta.dirname, 'differential-upstream.go'),
  ]);
  const child = spawn(program, [String(lanes)], { stdio: ['pipe', 'pipe', 'inherit'] });
  return readProgram('Go', child, { lanes, cleanUp: () => rmSync(folder, { recursive: true }) });
}

/** Servers of Python's `http.server`, which `wsgiref` stands on. */
export function startPythonUpstream(lanes: number): Promise<Upstream> {
  const script = join(import.meta.dirname, 'differential-upstream.py');
  const child = spawn(pythonBinary ?? 'python3', [script, String(lanes)], {
    stdio: ['pipe', 'pipe', 'inherit'],
  });
  return readProgram('Python', child, { lanes, cleanUp: () => undefined });
}

interface ProgramOptions {
  readonly lanes: number;
  readonly cleanUp: () => void;
}

async function readProgram(
  name: string,
  child: ChildProcessByStdio<Writable, Readable, null>,
  { lanes, cleanUp }: ProgramOptions,
): Promise<Upstream> {
  const lists = new Map<string, Seen[]>();
  const ports: number[] = [];
  let settled = -1;
  createInterface({ input: child.stdout }).on('line', (line) => {
    const event = programLine.parse(JSON.parse(line));
    if ('port' in event) ports[event.lane] = event.port;
    else if ('settled' in event) settled = event.settled;
    else {
      const list = lists.get(key(event.lane, event.connection));
      if (list === undefined) lists.set(key(event.lane, event.connection), [event]);
      else list.push(event);
    }
  });
  await until(`${name} listens`, () => Object.keys(ports).length === lanes);
  return {
    ports,
    seen: (lane, connection) => lists.get(key(lane, connection)) ?? [],
    settled: async (connections) => {
      await until(`${name} settled`, () => {
        if (settled !== connections) child.stdin.write('settled?\n');
        return settled === connections;
      });
    },
    [Symbol.asyncDispose]: async () => {
      const ended = new Promise((done) => child.once('exit', done));
      child.kill();
      await ended;
      cleanUp();
    },
  };
}
