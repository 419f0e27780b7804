// What outlives a connection to an agent: what was received, what was asked, what still stands - and how one connection is lived
// through. Knows nothing of when to connect again.
import { AppError } from '../../core/model/app-error.ts';
import type { ApiEvent } from '../../core/model/event.ts';
import { feedVersion } from '../../core/model/feed-message.ts';
import type { ClientFrame, Operation } from '../../core/model/feed-message.ts';
import type { FeedMessage } from '../../core/model/feed-port.ts';
import { formatFeedAddress } from './feed-address.ts';
import type { FeedClientLimits } from './feed-limits.ts';
import type { ConnectionEnd, LiveConnection } from './live-connection.ts';
import { openConnection } from './live-connection.ts';
import type { LiveFeedOptions } from './live-feed.ts';
import { createPendingRequests } from './pending-requests.ts';
import type { BatchRead, ServerFrameRead } from './read-server-frame.ts';
import { createSeenEvents } from './seen-events.ts';
import { createStandingPolicies } from './standing-policies.ts';

type Emit = (message: FeedMessage) => void;

/** All connections to one agent over time, as one conversation. */
export interface LiveSession {
  request(operation: Operation): Promise<unknown>;
  close(): void;
  readonly aborted: AbortSignal;
  readonly isClosed: () => boolean;
  /** Lives through one connection; resolves with how it ended and whether a greeting was received. */
  connectOnce(emit: Emit): Promise<ConnectionEnd & { readonly greeted: boolean }>;
  /** An agent has admitted us before. */
  readonly wasGreeted: () => boolean;
  /** The token of the last try. */
  readonly tokenTried: () => string | undefined;
  /** No request can succeed from now on. */
  fail(error: AppError): void;
}

/** A session that has not connected yet. Requests reject with FEED_LOST until it does. */
export function createLiveSession(options: LiveFeedOptions, limits: FeedClientLimits): LiveSession {
  const name = formatFeedAddress(options.address);
  const pending = createPendingRequests(limits);
  const inbox = createInbox(options, limits);
  const abort = new AbortController();
  let state: 'idle' | 'connecting' | 'connected' = 'idle';
  let connection: LiveConnection | undefined;
  let unsent: ClientFrame[] = [];
  let fatal: AppError | undefined;
  let everGreeted = false;
  let token: string | undefined;

  const ask = (operation: Operation): Promise<unknown> =>
    pending.add(operation.op, (id) => {
      const frame: ClientFrame = { type: 'request', id, operation };
      if (state === 'connected') connection?.send(frame);
      else unsent.push(frame);
    });
  const greet = (emit: Emit): void => {
    state = 'connected';
    everGreeted = true;
    const subscription = inbox.subscription();
    if (subscription !== undefined) connection?.send(subscription.frame);
    for (const frame of unsent) connection?.send(frame);
    unsent = [];
    // The answer to a status comes after the history that was subscribed to.
    if (subscription?.again === true)
      void ask({ op: 'status' }).then(
        () => inbox.finishCheck(emit),
        () => undefined,
      );
  };
  const receive = (read: ServerFrameRead, emit: Emit): void => {
    if (read.type === 'newer') connection?.end({ detail: 'newer agent', error: newer(name, read.version) });
    else if (read.type === 'unreadable')
      inbox.take({ type: 'batch', events: [], texts: [], unreadable: 1 }, emit);
    else if (read.type === 'batch') {
      pending.heard();
      inbox.take(read, emit);
    } else if (read.frame.type === 'status') emit({ type: 'status', status: read.frame });
    else if (read.frame.type !== 'hello') pending.settle(read.frame);
    else if (state === 'connecting') {
      greet(emit);
      emit({ type: 'connection', state: 'connected', detail: name });
      emit({ type: 'hello', hello: read.frame });
    }
  };
  const endOf = (end: ConnectionEnd): ConnectionEnd & { readonly greeted: boolean } => {
    const greeted = state === 'connected';
    state = 'idle';
    unsent = [];
    pending.rejectAll(end.error ?? lost(end.detail));
    return { ...end, greeted };
  };

  return {
    aborted: abort.signal,
    isClosed: () => abort.signal.aborted,
    request(operation) {
      if (fatal !== undefined) return Promise.reject(fatal);
      return state === 'idle' ? Promise.reject(lost(`not connected to ${name}`)) : ask(operation);
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
        const handlers = {
          onFrame: (read: ServerFrameRead) => receive(read, emit),
          onEnd: (end: ConnectionEnd) => done(endOf(end)),
        };
        token = typeof options.token === 'function' ? options.token() : options.token;
        const { address, ready } = options;
        connection = openConnection({ address, token, ready, limits }, handlers);
      }),
    wasGreeted: () => everGreeted,
    tokenTried: () => token,
    fail(error) {
      fatal ??= error;
    },
  };
}

interface Inbox {
  /** What to subscribe to now; `again` when something was received before. */
  subscription(): { readonly frame: ClientFrame; readonly again: boolean } | undefined;
  /** Emits what is new of a batch, and a `lost` for what of it could not be read. */
  take(read: BatchRead, emit: Emit): void;
  /** After a reconnect's history: emits the policies that went meanwhile as removed. */
  finishCheck(emit: Emit): void;
}

function createInbox(options: LiveFeedOptions, limits: FeedClientLimits): Inbox {
  const seen = createSeenEvents({ capacity: limits.seenEvents, overlapMs: limits.overlapMs });
  const policies = createStandingPolicies();
  const time = (): string => new Date((options.now ?? Date.now)()).toISOString();
  return {
    subscription() {
      const wanted = options.subscribe ?? {};
      if (wanted === false) return undefined;
      const sinceMs = seen.resumeFromMs();
      policies.beginCheck();
      return sinceMs === undefined
        ? { frame: { type: 'subscribe', ...wanted }, again: false }
        : { frame: { type: 'subscribe', sinceMs }, again: true };
    },
    take(read, emit) {
      policies.note(read.events);
      const events: ApiEvent[] = [];
      const texts: (string | undefined)[] = [];
      for (const [index, event] of read.events.entries()) {
        if (!seen.add(event)) continue;
        events.push(event);
        texts.push(read.texts[index]);
      }
      if (read.unreadable > 0)
        events.push({ type: 'lost', time: time(), where: 'feed-unreadable', count: read.unreadable });
      if (events.length > 0) emit({ type: 'batch', events, texts });
    },
    finishCheck(emit) {
      const events = policies.endCheck(time());
      if (events.length > 0) emit({ type: 'batch', events });
    },
  };
}

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
