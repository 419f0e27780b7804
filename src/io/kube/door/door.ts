// The hub's front door: one HTTPS port for the API server (discovery, people's streams and bodies) and, as the fallback, for people with a
// certificate of the cluster. Nobody else is answered, but for health, which says nothing of anybody.
import { createServer, type Server } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { Duplex } from 'node:stream';
import { AppError } from '../../../core/model/app-error.ts';
import { answerJson, refuse, refuseUpgrade, type Refused } from './answers.ts';
import { callerOf, isStranger, type Caller } from './caller.ts';
import type { Believed } from './client-certificate.ts';
import { discoveryAt } from './discovery.ts';
import { doorLimits, type DoorAddress, type DoorLimits, type DoorOptions } from './door-options.ts';
import { carryRequest, carryUpgrade, type Carrying } from './replicas.ts';
import { reveal } from './reveal.ts';
import { isWatch, routeOf } from './routes.ts';
import { createStreamRoom, type StreamRoom } from './stream-room.ts';

/** A door that is open. */
export interface Door {
  /** Where it listens; 0 of a unix socket. */
  readonly port: number;
  /** The certificate or the authorities are others now: new connections meet them. */
  renew(): void;
  readonly streams: () => number;
  /** This replica no longer leads: its streams end, so that clients come again and meet the one that does. */
  endStreams(reason: string): void;
  close(): Promise<void>;
}

const refusals = {
  notLeading: {
    code: 503,
    message: 'No replica of the hub leads at the moment, or not this one; try again in a moment.',
  },
  notFound: { code: 404, message: 'The hub serves nothing at this path.' },
  onlyGet: { code: 405, message: 'The hub is read with GET alone.' },
  noStream: {
    code: 400,
    message:
      'Flows are a stream: ask with watch=true and an upgrade to WebSocket, as "kubectl api-defense" does.',
  },
  webPage: { code: 403, message: 'The hub is not for web pages: a request with an Origin is refused.' },
  unasked: {
    code: 503,
    message: 'The hub cannot ask the API server what you may see; try again in a moment.',
  },
} as const satisfies Record<string, Refused>;

/** Service going away, as WebSocket has it. */
const goingAway = 1001;

const believedBy = ({ authentication, replicas }: DoorOptions): Believed => ({
  ...{ config: authentication(), replicas: replicas?.bundle() ?? '' },
});

/** To the replica that leads, when that is another one and the request has not been carried already. */
function carryingOf({ replicas, leaf }: DoorOptions, caller: Caller): Carrying | undefined {
  const leader = replicas?.leader();
  if (replicas === undefined || leader === undefined || caller.isCarried === true) return undefined;
  return { leader, bundle: replicas.bundle(), leaf: leaf(), caller, timeoutMs: doorLimits.handshakeMs };
}

function tlsOf({ leaf, authentication, replicas }: DoorOptions): { cert: string; key: string; ca: string[] } {
  const { certificate: cert, key } = leaf();
  const { requestHeaderAuthorities, clientAuthorities } = authentication();
  const bundles = [requestHeaderAuthorities, clientAuthorities, replicas?.bundle() ?? ''];
  return { cert, key, ca: bundles.filter((pem) => pem !== '') };
}

/** Everything that is connected, streams that are carried among it: a server's own `close` would wait for these for ever. */
function socketsOf(server: Server): ReadonlySet<Duplex> {
  const sockets = new Set<Duplex>();
  server.on('connection', (socket) => {
    sockets.add(socket);
    socket.once('close', () => sockets.delete(socket));
  });
  return sockets;
}

async function answerKnown(
  options: DoorOptions,
  request: IncomingMessage,
  response: ServerResponse,
): Promise<void> {
  const route = routeOf(request.url ?? '');
  const caller = callerOf(request, believedBy(options), options.now());
  if (isStranger(caller)) refuse(response, caller);
  else if (route.type === 'discovery') {
    const document = discoveryAt(route.path);
    if (document === undefined) refuse(response, refusals.notFound);
    else answerJson(response, document);
  } else if (route.type === 'stream') refuse(response, refusals.noStream);
  else if (route.type !== 'body') refuse(response, refusals.notFound);
  else {
    const feed = options.feed();
    if (feed === undefined) {
      const carrying = carryingOf(options, caller);
      if (carrying === undefined) refuse(response, refusals.notLeading);
      else carryRequest(request, response, carrying);
      return;
    }
    const answer = await reveal(options, caller, { ...route, feed });
    if ('body' in answer) answerJson(response, answer.body);
    else refuse(response, answer.refused);
  }
}

function answer(options: DoorOptions, request: IncomingMessage, response: ServerResponse): void {
  const { type } = routeOf(request.url ?? '');
  if (request.method !== 'GET') refuse(response, refusals.onlyGet);
  else if (type === 'health' || (type === 'ready' && options.isReady())) response.end('ok\n');
  else if (type === 'ready') response.writeHead(503).end('not ready\n');
  else
    answerKnown(options, request, response).catch(() => {
      if (!response.headersSent) refuse(response, refusals.unasked);
    });
}

/** The feed and the namespace that an upgrade is for, or why it is refused. */
function streamAsked(options: DoorOptions, request: IncomingMessage) {
  const url = request.url ?? '';
  const route = routeOf(url);
  const caller = callerOf(request, believedBy(options), options.now());
  if (isStranger(caller)) return caller;
  if (request.headers.origin !== undefined) return refusals.webPage;
  if (route.type !== 'stream') return refusals.notFound;
  if (request.method !== 'GET' || !isWatch(url)) return refusals.noStream;
  const feed = options.feed();
  if (feed === undefined) return carryingOf(options, caller) ?? refusals.notLeading;
  const { namespace } = route;
  return { caller, feed, ...(namespace === undefined ? {} : { namespace }) };
}

function upgrade(
  options: DoorOptions,
  room: StreamRoom,
  asked: { readonly request: IncomingMessage; readonly socket: Duplex; readonly head: Buffer },
): void {
  const { request, socket, head } = asked;
  socket.on('error', () => socket.destroy());
  if (options.takeUpgrade?.(request, socket, head) === true) return;
  const stream = streamAsked(options, request);
  if ('code' in stream) refuseUpgrade(socket, stream);
  else if ('leader' in stream) carryUpgrade(asked, stream);
  else void room.enter({ ...asked, ...stream });
}

function listen(server: Server, address: DoorAddress): Promise<number> {
  return new Promise((resolve, reject) => {
    server.once('error', (cause) =>
      reject(
        new AppError({
          code: 'DOOR_CANNOT_LISTEN',
          family: 'cannotCreate',
          message: `The hub cannot listen at ${'path' in address ? address.path : `${address.host}:${address.port}`}: ${cause.message}.`,
          hint: 'Choose another port, or end what listens there.',
          cause,
        }),
      ),
    );
    server.listen(address, () => {
      const bound = server.address();
      resolve(bound === null || typeof bound === 'string' ? 0 : bound.port);
    });
  });
}

function createHttps(options: DoorOptions, limits: DoorLimits): Server {
  const server = createServer({
    ...tlsOf(options),
    // Who shows none, or one that leads nowhere, is answered by a sentence; TLS would only cut the connection.
    ...{ requestCert: true, rejectUnauthorized: false, minVersion: 'TLSv1.2' },
    ...{ handshakeTimeout: limits.handshakeMs, headersTimeout: limits.handshakeMs },
    ...{ requestTimeout: limits.handshakeMs, keepAliveTimeout: limits.keepAliveMs },
    ...{
      connectionsCheckingInterval: Math.min(1_000, limits.handshakeMs),
      maxHeaderSize: limits.headerBytes,
    },
  });
  server.maxConnections = limits.sockets;
  server.maxHeadersCount = limits.headers;
  server.on('tlsClientError', (_error, socket) => socket.destroy());
  return server;
}

/** Opens it. @throws AppError DOOR_CANNOT_LISTEN. */
export async function openDoor(options: DoorOptions): Promise<Door> {
  const limits: DoorLimits = { ...doorLimits, ...options.limits };
  const room = createStreamRoom(options, limits);
  const server = createHttps(options, limits);
  const sockets = socketsOf(server);
  server.on('request', (request, response) => answer(options, request, response));
  server.on('upgrade', (request: IncomingMessage, socket: Duplex, head: Buffer) =>
    upgrade(options, room, { request, socket, head }),
  );
  const port = await listen(server, options.address);
  return {
    port,
    renew: () => server.setSecureContext(tlsOf(options)),
    streams: room.count,
    endStreams: (reason) => room.endAll(goingAway, reason),
    async close() {
      room.endAll(goingAway, 'This replica of the hub is stopping.');
      const closed = new Promise<void>((done) => server.close(() => done()));
      server.closeIdleConnections();
      const cut = setTimeout(() => sockets.forEach((socket) => socket.destroy()), 1_000);
      await closed;
      clearTimeout(cut);
    },
  };
}
