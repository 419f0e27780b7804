// The hub's listening side for agents: TLS, one path, a token that somebody else judges; what is admitted becomes a WebSocket and is handed on.
// No unauthenticated byte goes further than the upgrade request. Knows no feed.
import { createServer, type Server, type ServerOptions } from 'node:https';
import type { IncomingMessage, ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { AppError } from '../../core/model/app-error.ts';
import { feedClientLimits } from '../feed/feed-limits.ts';
import { agentPath, hubDoorLimits, type HubDoorLimits } from './hub-limits.ts';

/** An agent whose token was believed. */
export interface AdmittedAgent {
  readonly node: string;
  readonly podUid: string;
  /** When its pod started, epoch ms: of two of one node the later one counts. */
  readonly startMs: number;
}

/** HTTP statuses of refusals. */
export type RefusalStatus = 401 | 403 | 404 | 409 | 503;

/** Whether a token lets somebody in, and as whom. */
export type AgentAdmission =
  | { readonly type: 'agent'; readonly agent: AdmittedAgent }
  | { readonly type: 'refused'; readonly status: RefusalStatus; readonly reason: string };

/** Who listens where, and who judges. */
export interface AgentDoorOptions {
  readonly host: string;
  /** 0 takes a free one. */
  readonly port: number;
  /** PEM. */
  readonly tls: Pick<ServerOptions, 'key' | 'cert'>;
  /** For /readyz; /livez answers as long as the program does. */
  readonly isReady: () => boolean;
  /** May not reject. */
  readonly admit: (token: string) => Promise<AgentAdmission>;
  /** Called in the turn in which the socket opened. */
  readonly onAgent: (socket: WebSocket, agent: AdmittedAgent) => void;
  readonly limits?: Partial<HubDoorLimits>;
}

/** A door that is open. */
export interface AgentDoor {
  readonly port: number;
  /** For new connections; open ones stay. */
  setCertificate(tls: AgentDoorOptions['tls']): void;
  close(): Promise<void>;
}

interface Hall {
  readonly options: AgentDoorOptions;
  readonly limits: HubDoorLimits;
  readonly sockets: WebSocketServer;
  readonly inside: Set<WebSocket>;
  checking: number;
}

const phrases = {
  401: 'Unauthorized',
  403: 'Forbidden',
  404: 'Not Found',
  409: 'Conflict',
  503: 'Service Unavailable',
} as const satisfies Record<RefusalStatus, string>;

const refusal = (status: RefusalStatus, reason: string): AgentAdmission => ({
  type: 'refused',
  status,
  reason,
});

function refuse(socket: Duplex, { status, reason }: Extract<AgentAdmission, { type: 'refused' }>): void {
  const body = `${reason}\n`;
  const head = [
    'connection: close',
    'content-type: text/plain; charset=utf-8',
    `content-length: ${Buffer.byteLength(body)}`,
  ];
  socket.end([`HTTP/1.1 ${status} ${phrases[status]}`, ...head, '', body].join('\r\n'));
}

function tokenOf({ headers }: IncomingMessage, { tokenChars }: HubDoorLimits): string | undefined {
  const [, token] = /^Bearer ([\x21-\x7e]+)$/.exec(headers.authorization ?? '') ?? [];
  return token !== undefined && token.length <= tokenChars ? token : undefined;
}

/** Everything that can be said without asking anybody; the token otherwise. */
function look({ limits, inside, ...hall }: Hall, request: IncomingMessage): AgentAdmission | string {
  if (request.headers.origin !== undefined)
    return refusal(403, 'The hub is not for web pages: a request with an Origin is refused.');
  if (request.url !== agentPath) return refusal(404, `Agents are taken at ${agentPath}.`);
  if (inside.size >= limits.agents) return refusal(503, 'The hub has as many agents as it takes.');
  if (hall.checking >= limits.checks) return refusal(503, 'The hub is checking as many tokens as it takes.');
  return tokenOf(request, limits) ?? refusal(401, 'A token is missing.');
}

async function upgrade(
  hall: Hall,
  request: IncomingMessage,
  { socket, head }: { socket: Duplex; head: Buffer },
): Promise<void> {
  const { options, sockets, limits } = hall;
  socket.on('error', () => socket.destroy());
  const late = setTimeout(() => socket.destroy(), limits.handshakeMs);
  const seen = look(hall, request);
  hall.checking += 1;
  const admission = typeof seen === 'string' ? await options.admit(seen) : seen;
  hall.checking -= 1;
  clearTimeout(late);
  if (socket.destroyed) return;
  if (admission.type === 'refused') refuse(socket, admission);
  else sockets.handleUpgrade(request, socket, head, (client) => enter(hall, client, admission.agent));
}

/** Two pings without an answer end a connection, as on every feed. */
function enter({ inside, limits, options }: Hall, socket: WebSocket, agent: AdmittedAgent): void {
  let unanswered = 0;
  const felt = (): void => void (unanswered = 0);
  const pulse = setInterval(() => {
    if (unanswered >= 2) socket.terminate();
    else {
      unanswered += 1;
      socket.ping();
    }
  }, limits.pingMs);
  inside.add(socket);
  socket.on('pong', felt).on('message', felt);
  socket.on('close', () => {
    clearInterval(pulse);
    inside.delete(socket);
  });
  options.onAgent(socket, agent);
}

/** What is no agent: kubelet's probes, and whoever took the wrong door. */
function answer({ isReady }: AgentDoorOptions, url: string | undefined, response: ServerResponse): void {
  const closing = { connection: 'close' };
  if (url === '/livez') response.writeHead(200, closing).end();
  else if (url === '/readyz') response.writeHead(isReady() ? 200 : 503, closing).end();
  else
    response.writeHead(426, { ...closing, upgrade: 'websocket' }).end('Agents connect here by WebSocket.\n');
}

function createHttps(hall: Hall): Server {
  const { options, limits } = hall;
  const https = createServer({
    ...{ ...options.tls, minVersion: 'TLSv1.3', handshakeTimeout: limits.handshakeMs },
    ...{ headersTimeout: limits.handshakeMs, requestTimeout: limits.handshakeMs, keepAliveTimeout: 1_000 },
    ...{ connectionsCheckingInterval: 1_000, maxHeaderSize: 32 * 1024 },
  });
  // Strangers who never finish their handshake may hold as many sockets again, not more.
  https.maxConnections = limits.agents * 2;
  https.on('request', ({ url }, response) => answer(options, url, response));
  https.on(
    'upgrade',
    (request: IncomingMessage, socket: Duplex, head: Buffer) => void upgrade(hall, request, { socket, head }),
  );
  return https;
}

function listen(https: Server, { host, port }: AgentDoorOptions): Promise<number> {
  return new Promise((done, fail) => {
    const failed = (cause: Error): void =>
      fail(
        new AppError({
          ...{ code: 'HUB_CANNOT_LISTEN', family: 'cannotCreate', cause },
          message: `The hub cannot listen at ${host}:${port}: ${cause.message}.`,
          hint: 'Choose another address with --listen.',
        }),
      );
    https.once('error', failed);
    https.listen(port, host, () => {
      https.off('error', failed);
      done((https.address() as AddressInfo).port);
    });
  });
}

/** @throws AppError when the address cannot be had. */
export async function openAgentDoor(options: AgentDoorOptions): Promise<AgentDoor> {
  const limits = { ...hubDoorLimits, ...options.limits };
  const sockets = new WebSocketServer({
    ...{ noServer: true, clientTracking: false, perMessageDeflate: false },
    maxPayload: feedClientLimits.serverFrameBytes,
  });
  const hall: Hall = { options, limits, sockets, inside: new Set(), checking: 0 };
  const https = createHttps(hall);
  const port = await listen(https, options);
  return {
    port,
    setCertificate: (tls) => https.setSecureContext({ ...tls, minVersion: 'TLSv1.3' }),
    async close() {
      for (const socket of hall.inside) socket.close(1001, 'the hub is stopping');
      const cut = setTimeout(() => {
        for (const socket of hall.inside) socket.terminate();
        https.closeAllConnections();
      }, 1_000);
      await new Promise<void>((done) => https.close(() => done()));
      clearTimeout(cut);
    },
  };
}
