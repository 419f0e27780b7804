// One WebSocket to an agent, from dialling to its end: frames out as judged values, every end told once and in words.
// Knows nothing of reconnecting.
import type { IncomingMessage } from 'node:http';
import { connect } from 'node:net';
import { WebSocket } from 'ws';
import { AppError } from '../../core/model/app-error.ts';
import type { ClientFrame } from '../../core/model/feed-message.ts';
import type { FeedAddress, LocalAddress } from './feed-address.ts';
import { formatFeedAddress } from './feed-address.ts';
import { closedByHub, type FeedDialer } from './feed-dialer.ts';
import { feedPath } from './feed-door.ts';
import type { FeedClientLimits } from './feed-limits.ts';
import type { ServerFrameRead } from './read-server-frame.ts';
import { readServerFrame } from './read-server-frame.ts';
import { createTurnPace } from './turn-pace.ts';

/** An open WebSocket, whoever dialled it. */
export type FeedSocket = WebSocket;

/** Why a connection is over. `error` when trying again cannot help; `problem` where it may, as more than words. */
export interface ConnectionEnd {
  readonly detail: string;
  readonly error?: AppError;
  readonly problem?: AppError;
}

/** One dialled connection; what it receives goes to its handlers. */
export interface LiveConnection {
  send(frame: ClientFrame): void;
  /** Ends it for a reason of our own, reported as the end. */
  end(end: ConnectionEnd): void;
}

/** Who is told of frames and of the end. */
export interface Handlers {
  readonly onFrame: (frame: ServerFrameRead) => void;
  /** Called exactly once. */
  readonly onEnd: (end: ConnectionEnd) => void;
}

/** How a connection is read. */
interface ReadingOptions {
  readonly limits: FeedClientLimits;
  readonly ready?: (() => Promise<void> | undefined) | undefined;
}

/** A socket that is there. */
interface Attached extends ReadingOptions {
  readonly socket: WebSocket;
  /** Of the other side, for sentences. */
  readonly name: string;
  readonly dialer?: FeedDialer | undefined;
}

/** Whom to dial and how. */
interface ConnectionOptions extends ReadingOptions {
  readonly address: FeedAddress;
  readonly token: string | undefined;
  readonly dialer?: FeedDialer | undefined;
}

/** What a frame that is no text is read as: nothing. */
const noBytes = Buffer.alloc(0);

/** The other side's silence: ends the connection when it has lasted too long. */
interface Silence {
  /** Something was heard: the next word may take `waitMs`. */
  heard(waitMs: number): void;
  /** As long as it takes. */
  allow(): void;
}

function createSilence(name: string, finish: (end: ConnectionEnd) => void): Silence {
  let timer: NodeJS.Timeout | undefined;
  return {
    heard(waitMs) {
      clearTimeout(timer);
      const detail = `the agent at ${name} has not been heard for ${waitMs / 1000} s`;
      timer = setTimeout(() => finish({ detail }), waitMs);
    },
    allow: () => clearTimeout(timer),
  };
}

/** Refused, broken, ended: what a socket says of its end. */
function watchEnd(
  socket: WebSocket,
  { name, dialer }: { readonly name: string; readonly dialer?: FeedDialer | undefined },
  finish: (end: ConnectionEnd) => void,
): void {
  socket.on('unexpected-response', (_request, response) => {
    if (dialer === undefined) finish(refused(name, response));
    else void dialer.refused(response).then(finish);
  });
  socket.on('error', (error) => finish(dialer?.failed(error) ?? broken(name, error)));
  socket.on('close', (code, reason) =>
    finish(
      closedByHub(name, code, reason.toString()) ?? {
        detail: `the agent at ${name} ended the connection (${code})`,
      },
    ),
  );
}

/** Dials at once; nothing is thrown, all that goes wrong is an end. */
export function openConnection(options: ConnectionOptions, handlers: Handlers): LiveConnection {
  const { address, dialer } = options;
  const name = formatFeedAddress(address);
  if (address.type === 'cluster')
    return dialer === undefined
      ? noDialer(name, handlers)
      : openThrough(dialer, { ...options, name }, handlers);
  const socket = dial(address, options.token, options.limits);
  return attachConnection({ ...options, socket, name }, handlers);
}

/**
 * The client's side of the feed on a socket that is there: one that was dialled, or one that an agent dialled and we accepted. Call it in the
 * turn in which the socket came, so that no frame is missed.
 */
export function attachConnection(options: Attached, handlers: Handlers): LiveConnection {
  const { limits, socket, name } = options;
  let over = false;
  const finish = (end: ConnectionEnd): void => {
    if (over) return;
    over = true;
    silence.allow();
    pace.end();
    socket.terminate();
    handlers.onEnd(end);
  };
  const silence = createSilence(name, finish);
  const heard = (): void => {
    if (!over) silence.heard(limits.silenceMs);
  };
  // While we do not read, the other side's silence says nothing.
  const ready = (): Promise<void> | undefined => {
    const wait = options.ready?.();
    if (wait !== undefined) silence.allow();
    return wait?.then(heard);
  };
  const clock = (): number => performance.now();
  const pace = createTurnPace(socket, { turnMs: limits.turnMs, clock, ready });
  silence.heard(limits.handshakeMs);
  socket.on('message', (data, isBinary) => {
    if (over) return;
    heard();
    const bytes = isBinary || !Buffer.isBuffer(data) ? noBytes : data;
    pace.spend(() => handlers.onFrame(readServerFrame(bytes)));
  });
  socket.on('ping', heard);
  watchEnd(socket, options, finish);
  return {
    send: (frame) => socket.send(JSON.stringify(frame), () => undefined),
    end: finish,
  };
}

function dial(address: LocalAddress, token: string | undefined, limits: FeedClientLimits): WebSocket {
  const authority = address.type === 'tcp' ? formatFeedAddress(address) : 'localhost';
  return new WebSocket(`ws://${authority}${feedPath}`, {
    ...dialOptions(limits),
    headers: token === undefined ? {} : { authorization: `Bearer ${token}` },
    ...(address.type === 'unix' ? { createConnection: () => connect({ path: address.path }) } : {}),
  });
}

/** Nobody has said how: a fault of ours, told as an end like any other. */
function noDialer(name: string, handlers: Handlers): LiveConnection {
  setImmediate(() => handlers.onEnd({ detail: `nothing here knows how to reach ${name}` }));
  return { send: () => undefined, end: () => undefined };
}

/** Dials what takes credentials and trust, which are read anew for each try. */
function openThrough(
  dialer: FeedDialer,
  options: ReadingOptions & { readonly name: string },
  handlers: Handlers,
): LiveConnection {
  const { limits } = options;
  let [inner, over]: [LiveConnection | undefined, boolean] = [undefined, false];
  const finish = (end: ConnectionEnd): void => {
    if (over) return;
    over = true;
    handlers.onEnd(end);
  };
  const begin = async (): Promise<void> => {
    const { url, options: how } = await dialer.dial();
    if (over) return;
    const socket = new WebSocket(url, { ...how, ...dialOptions(limits) });
    inner = attachConnection({ ...options, socket, dialer }, { ...handlers, onEnd: finish });
  };
  begin().catch((error: unknown) => finish(dialer.failed(error)));
  return {
    send: (frame) => inner?.send(frame),
    end: (end) => (inner === undefined ? finish(end) : inner.end(end)),
  };
}

const dialOptions = (limits: FeedClientLimits) => ({
  ...{ perMessageDeflate: false, followRedirects: false },
  ...{ maxPayload: limits.serverFrameBytes, handshakeTimeout: limits.handshakeMs },
});

function refused(name: string, response: IncomingMessage): ConnectionEnd {
  const status = response.statusCode ?? 0;
  response.resume();
  if (status === 401 || status === 403)
    return { detail: 'not admitted', error: denied(name, `HTTP ${status}`) };
  return { detail: `${name} answered HTTP ${status} instead of a feed` };
}

function broken(name: string, error: Error): ConnectionEnd {
  const code = 'code' in error ? error.code : undefined;
  if (code === 'EACCES' || code === 'EPERM')
    return { detail: 'not admitted', error: denied(name, 'the socket belongs to someone else') };
  if (code === 'ECONNREFUSED' || code === 'ENOENT') return { detail: `no agent answers at ${name}` };
  return { detail: `the connection to ${name} broke: ${error.message}` };
}

const denied = (name: string, why: string): AppError =>
  new AppError({
    code: 'FEED_DENIED',
    family: 'denied',
    message: `The agent at ${name} does not admit us (${why}).`,
    hint: 'Run as the user who runs the agent, or name its token file with --token-file.',
  });
