// The agent's side of the feed: accepts terminals and verbs over WebSocket and ships events to them. Knows no store and no window.
import { createServer } from 'node:http';
import type { Server } from 'node:http';
import { WebSocketServer, type WebSocket } from 'ws';
import { AppError } from '../../core/model/app-error.ts';
import type { ApiEvent } from '../../core/model/event.ts';
import type { AgentStatus, Hello, Operation } from '../../core/model/feed-message.ts';
import type { Frame, Numbering } from './batcher.ts';
import { createBatcher } from './batcher.ts';
import type { LocalAddress } from './feed-address.ts';
import type { FeedConnection, TakeBinary } from './feed-connection.ts';
import { createFeedConnection } from './feed-connection.ts';
import { admit, refusalText } from './feed-door.ts';
import type { FeedServerLimits } from './feed-limits.ts';
import { feedServerLimits } from './feed-limits.ts';
import { listenForFeed } from './feed-listen.ts';

/** Where the feed is served, to whom, and what of. */
export interface FeedServerOptions {
  /** `port: 0` takes a free port; the server's `address` tells which. */
  readonly address: LocalAddress;
  /** Required on TCP: what a client must send as `Authorization: Bearer`. */
  readonly token?: string;
  readonly hello: () => Hello;
  /**
   * Everything published before the call, in order: flows at or after `sinceMs` (epoch ms), at most the newest `last`, and every
   * policy that still stands (a client that was away takes one not mentioned as removed).
   */
  readonly history: (sinceMs: number | undefined, last: number | undefined) => readonly ApiEvent[];
  readonly status: () => AgentStatus;
  /** Numbers flows and losses, so that a client goes on exactly where it was: the history ends with `sequence()`. */
  readonly numbering?: Numbering;
  /** Carries out an operation; an AppError becomes a refusal with its code, message and hint. */
  readonly handle: (operation: Operation) => Promise<unknown>;
  readonly limits?: Partial<FeedServerLimits>;
}

/** A feed that is being served. */
export interface FeedServer {
  readonly address: LocalAddress;
  /** Queue one event for every subscriber; serialised once. */
  publish(event: ApiEvent): void;
  /** False: what is published now is read by nobody, and need not be made. */
  hasSubscribers(): boolean;
  /** How many connections there are now, and how many events slow ones missed so far. */
  stats(): { readonly connections: number; readonly subscribers: number; readonly dropped: number };
  /**
   * Serves one more client on an open socket that is there already: one that we dialled to a hub, or one that somebody else's server accepted and
   * admitted. Call it in the turn in which the socket opened. It counts as a connection; `onBinary` takes frames of identities.
   */
  attach(socket: WebSocket, onBinary?: TakeBinary): void;
  /** Tells the last words. A client that has not answered after `graceMs` (at most and by default 1,000) is cut. */
  close(graceMs?: number): Promise<void>;
}

/** How long a client has to answer our close before it is cut, ms. */
const closeGraceMs = 1_000;

/**
 * Serves the feed until `close`.
 * @throws AppError when the address cannot be had, or is TCP without a token.
 */
export async function startFeedServer(options: FeedServerOptions): Promise<FeedServer> {
  const limits = { ...feedServerLimits, ...options.limits };
  if (options.address.type === 'tcp' && (options.token ?? '') === '') throw tokenMissing();
  const room = createRoom(options, limits);
  const http = createDoor(options, limits, room);
  const address = await listenForFeed(http, options.address);
  const timers = [setInterval(room.tick, limits.statusMs), setInterval(room.ping, limits.pingMs)];
  let closed = false;
  return {
    address,
    publish(event) {
      if (!closed && room.hasSubscribers()) room.batcher.push(event);
    },
    attach(socket, onBinary) {
      if (closed) socket.close(1001, 'the agent is stopping');
      else room.enter(socket, onBinary);
    },
    hasSubscribers: () => !closed && room.hasSubscribers(),
    stats: () => ({
      connections: room.connections.size,
      subscribers: room.subscribers(),
      dropped: room.dropped(),
    }),
    async close(graceMs = closeGraceMs) {
      if (closed) return;
      closed = true;
      timers.forEach(clearInterval);
      room.batcher.flush();
      await shut(http, room.connections, Math.min(graceMs, closeGraceMs));
    },
  };
}

interface Room {
  readonly connections: Set<FeedConnection>;
  readonly batcher: ReturnType<typeof createBatcher>;
  enter(socket: WebSocket, onBinary?: TakeBinary): void;
  readonly subscribers: () => number;
  readonly hasSubscribers: () => boolean;
  readonly dropped: () => number;
  readonly tick: () => void;
  readonly ping: () => void;
}

/** Asked for with every event: no list is made for the answer. */
function someSubscribed(connections: ReadonlySet<FeedConnection>): boolean {
  for (const one of connections) if (one.subscribed()) return true;
  return false;
}

/** Everyone who is connected, and what is told to all of them. */
function createRoom(options: FeedServerOptions, limits: FeedServerLimits): Room {
  const connections = new Set<FeedConnection>();
  let droppedBefore = 0;
  const deliver = (frame: Frame): void => {
    for (const connection of connections) connection.deliver(frame);
  };
  const batcher = createBatcher(limits, deliver, options.numbering);
  return {
    connections,
    batcher,
    subscribers: () => [...connections].filter((one) => one.subscribed()).length,
    hasSubscribers: () => someSubscribed(connections),
    dropped: () => [...connections].reduce((sum, one) => sum + one.dropped(), droppedBefore),
    enter(socket, onBinary) {
      const connection = createFeedConnection({
        socket,
        server: options,
        limits,
        beforeSubscribe: batcher.flush,
        ...(onBinary === undefined ? {} : { onBinary }),
        onClose: () => {
          droppedBefore += connection.dropped();
          connections.delete(connection);
        },
      });
      connections.add(connection);
    },
    tick() {
      if (!someSubscribed(connections)) return;
      const status = Buffer.from(JSON.stringify(options.status()));
      for (const connection of connections) connection.tick(status);
    },
    ping() {
      for (const connection of connections) connection.ping();
    },
  };
}

/** The HTTP server in front: only an admitted upgrade becomes a WebSocket. */
function createDoor(options: FeedServerOptions, limits: FeedServerLimits, room: Room): Server {
  const sockets = new WebSocketServer({
    noServer: true,
    clientTracking: false,
    perMessageDeflate: false,
    maxPayload: limits.clientFrameBytes,
  });
  const http = createServer({
    headersTimeout: limits.handshakeMs,
    requestTimeout: limits.handshakeMs,
    keepAliveTimeout: 1_000,
    connectionsCheckingInterval: Math.min(1_000, limits.handshakeMs),
    maxHeaderSize: 8 * 1024,
  });
  // Strangers who never finish the handshake may hold as many sockets again, not more.
  http.maxConnections = limits.connections * 2;
  http.on('request', (_request, response) => {
    response.writeHead(426, { connection: 'close', upgrade: 'websocket' }).end('This is a WebSocket feed.\n');
  });
  http.on('upgrade', (request, socket, head) => {
    socket.on('error', () => socket.destroy());
    const admission = admit(request, options.token, room.connections.size >= limits.connections);
    if (admission.type === 'refused') socket.end(refusalText(admission));
    else sockets.handleUpgrade(request, socket, head, (client) => room.enter(client));
  });
  return http;
}

async function shut(http: Server, connections: ReadonlySet<FeedConnection>, graceMs: number): Promise<void> {
  for (const connection of connections) connection.close();
  const cut = setTimeout(() => {
    for (const connection of connections) connection.terminate();
    http.closeAllConnections();
  }, graceMs);
  await new Promise<void>((done) => http.close(() => done()));
  clearTimeout(cut);
}

const tokenMissing = (): AppError =>
  new AppError({
    code: 'FEED_TOKEN_MISSING',
    family: 'usage',
    message: 'A feed on a port needs a token: every user of this machine can reach a port.',
    hint: 'Set a token, or use a unix socket, which only its owner can open.',
  });
