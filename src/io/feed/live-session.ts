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

/** What stays while connections come and go. */
interface Standing {
  /** The agent's address, for sentences. */
  readonly name: string;
  readonly pending: ReturnType<typeof createPendingRequests>;
  readonly inbox: Inbox;
  state: 'idle' | 'connecting' | 'connected';
  connection: LiveConnection | undefined;
  /** Asked for before the greeting. */
  unsent: ClientFrame[];
  fatal: AppError | undefined;
  everGreeted: boolean;
  token: string | undefined;
}

function ask(standing: Standing, operation: Operation): Promise<unknown> {
  return standing.pending.add(operation.op, (id) => {
    const frame: ClientFrame = { type: 'request', id, operation };
    if (standing.state === 'connected') standing.connection?.send(frame);
    else standing.unsent.push(frame);
  });
}

function greet(standing: Standing, emit: Emit): void {
  const { inbox, connection } = standing;
  standing.state = 'connected';
  standing.everGreeted = true;
  const subscription = inbox.subscription();
  if (subscription !== undefined) connection?.send(subscription.frame);
  for (const frame of standing.unsent) connection?.send(frame);
  standing.unsent = [];
  // The answer to a status comes after the history that was subscribed to.
  if (subscription?.again === true)
    void ask(standing, { op: 'status' }).then(
      () => inbox.finishCheck(emit),
      () => undefined,
    );
}

function receive(standing: Standing, read: ServerFrameRead, emit: Emit): void {
  const { name, pending, inbox } = standing;
  if (read.type === 'newer')
    standing.connection?.end({ detail: 'newer agent', error: newer(name, read.version) });
  else if (read.type === 'unreadable')
    inbox.take({ type: 'batch', events: [], texts: [], unreadable: 1 }, emit);
  else if (read.type === 'batch') {
    pending.heard();
    inbox.take(read, emit);
  } else if (read.frame.type === 'status') emit({ type: 'status', status: read.frame });
  // Only to a hub, which tells agents who is who and by which authority it is known.
  else if (read.frame.type === 'identity' || read.frame.type === 'trust') return;
  else if (read.frame.type !== 'hello') pending.settle(read.frame);
  else if (standing.state === 'connecting') {
    greet(standing, emit);
    emit({ type: 'connection', state: 'connected', detail: name });
    emit({ type: 'hello', hello: read.frame });
  }
}

/** The connection is over: what was asked through it fails. */
function settle(standing: Standing, end: ConnectionEnd): ConnectionEnd & { readonly greeted: boolean } {
  const greeted = standing.state === 'connected';
  standing.state = 'idle';
  standing.unsent = [];
  standing.pending.rejectAll(end.error ?? lost(end.detail));
  return { ...end, greeted };
}

function createStanding(options: LiveFeedOptions, limits: FeedClientLimits): Standing {
  return {
    name: formatFeedAddress(options.address),
    pending: createPendingRequests(limits),
    inbox: createInbox(options, limits),
    state: 'idle',
    connection: undefined,
    unsent: [],
    fatal: undefined,
    everGreeted: false,
    token: undefined,
  };
}

/** A session that has not connected yet. Requests reject with FEED_LOST until it does. */
export function createLiveSession(options: LiveFeedOptions, limits: FeedClientLimits): LiveSession {
  const standing = createStanding(options, limits);
  const abort = new AbortController();
  return {
    aborted: abort.signal,
    isClosed: () => abort.signal.aborted,
    request(operation) {
      if (standing.fatal !== undefined) return Promise.reject(standing.fatal);
      return standing.state === 'idle'
        ? Promise.reject(lost(`not connected to ${standing.name}`))
        : ask(standing, operation);
    },
    close() {
      standing.fatal ??= lost('the feed was closed');
      abort.abort();
      standing.connection?.end({ detail: 'closed' });
      standing.pending.rejectAll(standing.fatal);
    },
    connectOnce: (emit) =>
      new Promise((done) => {
        standing.state = 'connecting';
        const handlers = {
          onFrame: (read: ServerFrameRead) => receive(standing, read, emit),
          onEnd: (end: ConnectionEnd) => done(settle(standing, end)),
        };
        const { address, ready, dialer } = options;
        const token = typeof options.token === 'function' ? options.token() : options.token;
        standing.token = token;
        standing.connection = openConnection({ address, token, ready, limits, dialer }, handlers);
      }),
    wasGreeted: () => standing.everGreeted,
    tokenTried: () => standing.token,
    fail(error) {
      standing.fatal ??= error;
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
