// The hub's entrance for agents, one path of its door: a token that somebody else judges; what is admitted becomes a WebSocket and is handed on.
// No unauthenticated byte goes further than the upgrade request. Knows no TLS, no port and no feed.
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { WebSocketServer, type WebSocket } from 'ws';
import { feedClientLimits } from '../feed/feed-limits.ts';
import { agentEntranceLimits, agentPath, type AgentEntranceLimits } from './hub-limits.ts';

/** An agent whose token was believed. */
export interface AdmittedAgent {
  readonly node: string;
  readonly podUid: string;
  /** When its pod started, epoch ms: of two of one node the later one counts. */
  readonly startMs: number;
}

/** HTTP statuses of refusals. */
export type RefusalStatus = 401 | 403 | 409 | 503;

/** Whether a token lets somebody in, and as whom. */
export type AgentAdmission =
  | { readonly type: 'agent'; readonly agent: AdmittedAgent }
  | { readonly type: 'refused'; readonly status: RefusalStatus; readonly reason: string };

/** Who judges, and who is told. */
export interface AgentEntranceOptions {
  /** May not reject. */
  readonly admit: (token: string) => Promise<AgentAdmission>;
  /** Called in the turn in which the socket opened. */
  readonly onAgent: (socket: WebSocket, agent: AdmittedAgent) => void;
  readonly limits?: Partial<AgentEntranceLimits>;
}

/** Agents come in here. */
export interface AgentEntrance {
  /** Takes the socket of an upgrade that is for agents, whatever becomes of it; false when it is for somebody else. */
  take(request: IncomingMessage, socket: Duplex, head: Buffer): boolean;
  /** Says goodbye to all; who does not answer is cut. Nobody else is taken. */
  close(): void;
}

interface Hall {
  readonly options: AgentEntranceOptions;
  readonly limits: AgentEntranceLimits;
  readonly sockets: WebSocketServer;
  readonly inside: Set<WebSocket>;
  checking: number;
  isClosed: boolean;
}

const phrases = {
  401: 'Unauthorized',
  403: 'Forbidden',
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

function tokenOf({ headers }: IncomingMessage, { tokenChars }: AgentEntranceLimits): string | undefined {
  const [, token] = /^Bearer ([\x21-\x7e]+)$/.exec(headers.authorization ?? '') ?? [];
  return token !== undefined && token.length <= tokenChars ? token : undefined;
}

/** Everything that can be said without asking anybody; the token otherwise. */
function look({ limits, inside, ...hall }: Hall, request: IncomingMessage): AgentAdmission | string {
  if (request.headers.origin !== undefined)
    return refusal(403, 'The hub is not for web pages: a request with an Origin is refused.');
  if (hall.isClosed) return refusal(503, 'This replica of the hub is stopping.');
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
  const late = setTimeout(() => socket.destroy(), limits.checkMs);
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

/** Who does not answer our close is cut after this, ms. */
const goodbyeMs = 1_000;

/** Nobody has come yet. */
export function createAgentEntrance(options: AgentEntranceOptions): AgentEntrance {
  const limits = { ...agentEntranceLimits, ...options.limits };
  const sockets = new WebSocketServer({
    ...{ noServer: true, clientTracking: false, perMessageDeflate: false },
    maxPayload: feedClientLimits.serverFrameBytes,
  });
  const hall: Hall = { options, limits, sockets, inside: new Set(), checking: 0, isClosed: false };
  return {
    take(request, socket, head) {
      if (request.url !== agentPath) return false;
      void upgrade(hall, request, { socket, head });
      return true;
    },
    close() {
      hall.isClosed = true;
      for (const socket of hall.inside) socket.close(1001, 'the hub is stopping');
      setTimeout(() => {
        for (const socket of hall.inside) socket.terminate();
      }, goodbyeMs).unref();
    },
  };
}
