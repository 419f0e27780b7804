// One client on the server's side: its subscription, its requests one after the other, its strikes, its heartbeat.
// Knows the WebSocket; knows nothing of the other connections.
import type { WebSocket } from 'ws';
import { AppError } from '../../core/model/app-error.ts';
import type { ClientFrame, ServerFrame } from '../../core/model/feed-message.ts';
import { isNumbered, type Frame } from './batcher.ts';
import type { FeedServerLimits } from './feed-limits.ts';
import type { FeedServerOptions } from './feed-server.ts';
import { readClientFrame } from './read-client-frame.ts';
import type { Subscriber, SubscriberOptions } from './subscriber.ts';
import { createSubscriber } from './subscriber.ts';

/** One admitted client. */
export interface FeedConnection {
  readonly subscribed: () => boolean;
  readonly dropped: () => number;
  deliver(frame: Frame): void;
  /** Once a second: the encoded status frame, for subscribers that keep up. */
  tick(status: Buffer): void;
  /** Every `pingMs`: ends a connection whose other side has not moved for two of them. */
  readonly ping: () => void;
  close(): void;
  terminate(): void;
}

/** Takes a binary frame; answers that it did. */
export type TakeBinary = (bytes: Buffer) => true;

interface ConnectionOptions {
  readonly socket: WebSocket;
  readonly server: FeedServerOptions;
  readonly limits: FeedServerLimits;
  /** Called before history is taken: what waits in the shared batch is in history already. */
  readonly beforeSubscribe: () => void;
  readonly onClose: () => void;
  /** On a socket to a hub: a frame of identities. Anywhere else binary frames make no sense. */
  readonly onBinary?: TakeBinary;
}

/** Takes over an accepted socket and greets it. */
export function createFeedConnection(options: ConnectionOptions): FeedConnection {
  const { socket, limits } = options;
  let subscriber: Subscriber | undefined;
  const desk = createDesk(options);
  const pulse = createPulse(socket);
  const receive = (frame: ClientFrame): void => {
    // A client that asks for the status after subscribing learns from the answer that its history is complete.
    if (frame.type === 'request')
      desk.request(frame, frame.operation.op === 'status' ? subscriber?.caughtUp : undefined);
    else if (subscriber === undefined) subscriber = subscribe(options, frame);
    else desk.strike(0, 'This connection is subscribed already.');
  };
  socket.on('message', (data, isBinary) => {
    pulse.felt();
    if (isBinary && Buffer.isBuffer(data) && options.onBinary?.(data) !== undefined) return;
    const read = isBinary || !Buffer.isBuffer(data) ? notText : readClientFrame(data.toString());
    if (read.type === 'frame') receive(read.frame);
    else if (read.type === 'badOperation') desk.refuse(read.id, read.code, read.message);
    else desk.strike(read.id, read.message);
  });
  socket.on('error', () => socket.terminate());
  socket.on('close', options.onClose);
  const { hello, numbering } = options.server;
  socket.send(JSON.stringify({ ...hello(), ...(numbering && { epoch: numbering.epoch }) }));
  return {
    subscribed: () => subscriber !== undefined,
    dropped: () => subscriber?.dropped() ?? 0,
    deliver: (frame) => subscriber?.deliver(frame),
    tick(status) {
      if (subscriber === undefined) return;
      subscriber.tick();
      if (socket.bufferedAmount <= limits.bufferedBytes) socket.send(status, { binary: false });
    },
    ping: pulse.ping,
    close: () => socket.close(1001, 'the agent is stopping'),
    terminate: () => socket.terminate(),
  };
}

const notText = { type: 'nonsense', id: 0, message: 'Frames of the feed are text.' } as const;

/** What the client gets first: everything it asked for, less what it says it has of this start of ours. */
function historyFor(
  { history, numbering }: FeedServerOptions,
  { sinceMs, last, after }: Extract<ClientFrame, { type: 'subscribe' }>,
): Pick<SubscriberOptions, 'history' | 'numbers'> {
  if (numbering === undefined) return { history: history(sinceMs, last) };
  const { epoch } = numbering;
  const newest = numbering.sequence();
  const missing = after?.epoch === epoch ? Math.max(0, newest - after.sequence) : undefined;
  const events = history(sinceMs, missing === undefined ? last : Math.min(missing, last ?? missing));
  return { history: events, numbers: { epoch, first: newest - events.filter(isNumbered).length + 1 } };
}

function subscribe(
  { socket, server, limits, beforeSubscribe }: ConnectionOptions,
  frame: Extract<ClientFrame, { type: 'subscribe' }>,
): Subscriber {
  beforeSubscribe();
  return createSubscriber({
    outlet: {
      get bufferedAmount() {
        return socket.bufferedAmount;
      },
      isOpen: () => socket.readyState === socket.OPEN,
      send: (bytes, done) => socket.send(bytes, { binary: false }, () => done?.()),
    },
    limits,
    ...historyFor(server, frame),
    time: () => new Date().toISOString(),
  });
}

/** Ends a connection whose other side has given no sign of life for two pings. */
function createPulse(socket: WebSocket): { readonly felt: () => void; readonly ping: () => void } {
  let unanswered = 0;
  const felt = (): void => {
    unanswered = 0;
  };
  socket.on('pong', felt);
  return {
    felt,
    ping() {
      if (unanswered >= 2) socket.terminate();
      else {
        unanswered += 1;
        socket.ping();
      }
    },
  };
}

interface Desk {
  /** Answered after the earlier ones, and after `ready` where given. */
  request(frame: Extract<ClientFrame, { type: 'request' }>, ready?: Promise<void>): void;
  refuse(id: number, code: string, message: string): void;
  /** Refuses, and closes the connection when it happens too often. */
  strike(id: number, message: string): void;
}

/** Answers requests in order, one at a time: a client that does not read its answers gets no further one made. */
function createDesk({ socket, server, limits }: ConnectionOptions): Desk {
  let waiting = 0;
  let strikes = 0;
  let queue = Promise.resolve();
  const answer = async (frame: Extract<ClientFrame, { type: 'request' }>): Promise<void> => {
    const text = await answerText(server, limits, frame);
    await new Promise<void>((done) => socket.send(text, () => done()));
    waiting -= 1;
  };
  const desk: Desk = {
    request(frame, ready) {
      if (waiting >= limits.requests) {
        desk.strike(frame.id, `No more than ${limits.requests} requests may wait on one connection.`);
        return;
      }
      waiting += 1;
      queue = queue.then(() => ready).then(() => answer(frame));
    },
    refuse(id, code, message) {
      const hint = 'Check the versions of both sides, and the object that was sent.';
      const frame: ServerFrame = { type: 'refusal', id, error: { code, message, hint, family: 'data' } };
      // Refusals are not paced by the reader: one who collects them without reading is cut off.
      if (socket.bufferedAmount > 2 * limits.bufferedBytes) socket.terminate();
      else socket.send(JSON.stringify(frame));
    },
    strike(id, message) {
      strikes += 1;
      desk.refuse(id, 'FRAME_INVALID', message);
      if (strikes >= limits.invalidFrames) socket.close(1008, 'too many frames that make no sense');
    },
  };
  return desk;
}

async function answerText(
  server: FeedServerOptions,
  limits: FeedServerLimits,
  { id, operation }: Extract<ClientFrame, { type: 'request' }>,
): Promise<string> {
  try {
    const result = await server.handle(operation);
    const text = JSON.stringify({ type: 'reply', id, ok: true, result: result ?? null });
    if (text.length <= limits.replyBytes) return text;
    throw new AppError({
      code: 'REPLY_TOO_LARGE',
      family: 'refused',
      message: `The answer to ${operation.op} is larger than the feed carries (${limits.replyBytes} bytes).`,
      hint: 'Ask for less.',
    });
  } catch (error) {
    const { code, message, hint, family } = error instanceof AppError ? error : internal(error);
    return JSON.stringify({
      type: 'refusal',
      id,
      error: { code, message, hint, family },
    } satisfies ServerFrame);
  }
}

const internal = (cause: unknown): AppError =>
  new AppError({
    code: 'INTERNAL',
    family: 'internal',
    message: 'The agent failed to carry that out.',
    hint: 'Its own log says why.',
    cause,
  });
