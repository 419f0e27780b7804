// The feed of a running agent as a FeedPort: connects, subscribes, reconnects, asks. Knows the frames, not what shows them.
import { setTimeout as pause } from 'node:timers/promises';
import { AppError } from '../../core/model/app-error.ts';
import type { ApiEvent } from '../../core/model/event.ts';
import { feedVersion } from '../../core/model/feed-message.ts';
import type { ClientFrame, Operation } from '../../core/model/feed-message.ts';
import type { FeedMessage, FeedPort } from '../../core/model/feed-port.ts';
import type { FeedAddress } from './feed-address.ts';
import { addressUnknown, formatFeedAddress } from './feed-address.ts';
import type { FeedClientLimits } from './feed-limits.ts';
import { feedClientLimits } from './feed-limits.ts';
import type { ConnectionEnd, LiveConnection } from './live-connection.ts';
import { openConnection } from './live-connection.ts';
import { createPendingRequests } from './pending-requests.ts';
import type { ServerFrameRead } from './read-server-frame.ts';
import { createSeenEvents } from './seen-events.ts';

export interface LiveFeedOptions {
  readonly address: FeedAddress;
  readonly token?: string;
  /** What to subscribe to at first: history from `sinceMs` (epoch ms), at most `last` events; `false` for requests only. Default: the whole window. */
  readonly subscribe?: false | { readonly sinceMs?: number; readonly last?: number };
  readonly limits?: Partial<FeedClientLimits>;
  /** Pause before another try; injected by tests. Must settle early when `signal` aborts. */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
  /** [0, 1), for jitter. */
  readonly random?: () => number;
  /** Epoch ms. */
  readonly now?: () => number;
}

/**
 * A feed over a socket. Requests made while it is connecting wait for the outcome; made between two tries they reject
 * with FEED_LOST. A refusal of the token and a newer agent are final: `connection closed`, and every request rejects.
 * @throws AppError when the address cannot be dialled at all.
 */
export function createLiveFeed(options: LiveFeedOptions): FeedPort {
  const { address } = options;
  if (address.type === 'tcp' && !URL.canParse(`ws://${formatFeedAddress(address)}`))
    throw addressUnknown(formatFeedAddress(address));
  const limits = { ...feedClientLimits, ...options.limits };
  const session = createSession(options, limits);
  let started: Promise<void> | undefined;
  return {
    kind: 'live',
    start(listener) {
      if (started !== undefined) throw new Error('a feed is started once');
      started = keepConnected(session, listener, { ...options, limits });
    },
    request: (operation) => session.request(operation),
    async close() {
      session.close();
      await started;
    },
  };
}

interface Session {
  request(operation: Operation): Promise<unknown>;
  close(): void;
  readonly aborted: AbortSignal;
  readonly isClosed: () => boolean;
  /** Lives through one connection; resolves with how it ended and whether a greeting was received. */
  connectOnce(emit: (message: FeedMessage) => void): Promise<ConnectionEnd & { readonly greeted: boolean }>;
  /** No request can succeed from now on. */
  fail(error: AppError): void;
}

function createSession(options: LiveFeedOptions, limits: FeedClientLimits): Session {
  const name = formatFeedAddress(options.address);
  const pending = createPendingRequests(limits);
  const seen = createSeenEvents({ capacity: limits.seenEvents, overlapMs: limits.overlapMs });
  const abort = new AbortController();
  const now = options.now ?? Date.now;
  let state: 'idle' | 'connecting' | 'connected' = 'idle';
  let connection: LiveConnection | undefined;
  let unsent: ClientFrame[] = [];
  let fatal: AppError | undefined;

  const greet = (): void => {
    state = 'connected';
    const subscribe = options.subscribe ?? {};
    const sinceMs = seen.resumeFromMs();
    if (subscribe !== false)
      connection?.send({ type: 'subscribe', ...(sinceMs === undefined ? subscribe : { sinceMs }) });
    for (const frame of unsent) connection?.send(frame);
    unsent = [];
  };
  const batch = (read: Extract<ServerFrameRead, { type: 'batch' }>): FeedMessage | undefined => {
    const fresh: ApiEvent[] = read.events.filter((event) => seen.add(event));
    if (read.unreadable > 0) {
      const time = new Date(now()).toISOString();
      fresh.push({ type: 'lost', time, where: 'feed-unreadable', count: read.unreadable });
    }
    return fresh.length === 0 ? undefined : { type: 'batch', events: fresh };
  };
  const receive = (read: ServerFrameRead, emit: (message: FeedMessage) => void): void => {
    if (read.type === 'newer') connection?.end({ detail: 'newer agent', error: newer(name, read.version) });
    else if (read.type === 'unreadable') emitIf(emit, batch({ type: 'batch', events: [], unreadable: 1 }));
    else if (read.type === 'batch') emitIf(emit, batch(read));
    else if (read.frame.type === 'status') emit({ type: 'status', status: read.frame });
    else if (read.frame.type !== 'hello') pending.settle(read.frame);
    else if (state === 'connecting') {
      greet();
      emit({ type: 'connection', state: 'connected', detail: name });
      emit({ type: 'hello', hello: read.frame });
    }
  };

  return {
    aborted: abort.signal,
    isClosed: () => abort.signal.aborted,
    request(operation) {
      if (fatal !== undefined) return Promise.reject(fatal);
      if (state === 'idle') return Promise.reject(lost(`not connected to ${name}`));
      return pending.add((id) => {
        const frame: ClientFrame = { type: 'request', id, operation };
        if (state === 'connected') connection?.send(frame);
        else unsent.push(frame);
      });
    },
    close() {
      fatal ??= lost('the feed was closed');
      abort.abort();
      connection?.end({ detail: 'closed' });
      pending.rejectAll(fatal);
    },
    connectOnce: (emit) =>
      new Promise((done) => {
        state = 'connecting';
        connection = openConnection(
          { ...options, limits },
          {
            onFrame: (read) => receive(read, emit),
            onEnd(end) {
              const greeted = state === 'connected';
              state = 'idle';
              unsent = [];
              pending.rejectAll(end.error ?? lost(end.detail));
              done({ ...end, greeted });
            },
          },
        );
      }),
    fail(error) {
      fatal ??= error;
    },
  };
}

function emitIf(emit: (message: FeedMessage) => void, message: FeedMessage | undefined): void {
  if (message !== undefined) emit(message);
}

/** Connects again and again until closed or refused for good; pauses double from try to try, with jitter. */
async function keepConnected(
  session: Session,
  emit: (message: FeedMessage) => void,
  options: LiveFeedOptions & { readonly limits: FeedClientLimits },
): Promise<void> {
  const { limits, random = Math.random, sleep = defaultSleep } = options;
  let failures = 0;
  while (!session.isClosed()) {
    const end = await session.connectOnce(emit);
    if (session.isClosed()) break;
    if (end.error !== undefined) {
      session.fail(end.error);
      emit({ type: 'connection', state: 'closed', detail: `${end.error.message} ${end.error.hint}` });
      return;
    }
    failures = end.greeted ? 1 : failures + 1;
    emit({ type: 'connection', state: 'reconnecting', detail: end.detail });
    const ceiling = Math.min(limits.backoffMaxMs, limits.backoffFirstMs * 2 ** Math.min(failures - 1, 20));
    await sleep(ceiling / 2 + (random() * ceiling) / 2, session.aborted);
  }
  emit({ type: 'connection', state: 'closed', detail: 'the feed was closed' });
}

const defaultSleep = (ms: number, signal: AbortSignal): Promise<void> =>
  pause(ms, undefined, { signal }).catch(() => undefined);

const lost = (detail: string): AppError =>
  new AppError({
    code: 'FEED_LOST',
    family: 'unavailable',
    message: `The agent cannot be asked: ${detail}.`,
    hint: 'Check that the agent runs; the feed reconnects by itself.',
  });

const newer = (name: string, version: number): AppError =>
  new AppError({
    code: 'FEED_TOO_NEW',
    family: 'unavailable',
    message: `The agent at ${name} speaks feed version ${version}, and this program reads up to version ${feedVersion}.`,
    hint: 'Update this program to the version of the agent.',
  });
