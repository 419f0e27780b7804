// The feed of a running agent as a FeedPort: connects, subscribes, reconnects, asks. Knows the frames, not what shows them.
import { setTimeout as pause } from 'node:timers/promises';
import { errorWords } from '../../core/model/app-error.ts';
import type { FeedMessage, FeedPort } from '../../core/model/feed-port.ts';
import type { FeedAddress } from './feed-address.ts';
import { addressUnknown, formatFeedAddress } from './feed-address.ts';
import type { FeedDialer } from './feed-dialer.ts';
import type { FeedClientLimits } from './feed-limits.ts';
import { feedClientLimits } from './feed-limits.ts';
import type { ConnectionEnd } from './live-connection.ts';
import type { LiveSession } from './live-session.ts';
import { createLiveSession } from './live-session.ts';

/** Which agent, what of its events, and what tests put in place of clock and chance. */
export interface LiveFeedOptions {
  readonly address: FeedAddress;
  /** How the address is reached where that takes more than a socket: of a cluster. */
  readonly dialer?: FeedDialer;
  /**
   * The token, or how to read the one that holds now: an agent that restarts leaves a new one. Read before each try; it may
   * not throw.
   */
  readonly token?: string | (() => string | undefined);
  /** A refused token is tried again once an agent has admitted us, even while it stays the same. Default: false. */
  readonly awaitsToken?: boolean;
  /** What to subscribe to at first: history from `sinceMs` (epoch ms), at most `last` events; `false` for requests only. Default: the whole window. */
  readonly subscribe?: false | { readonly sinceMs?: number; readonly last?: number };
  readonly limits?: Partial<FeedClientLimits>;
  /**
   * Asked after each turn with messages: nothing is read until what it returns has resolved, so that a slow consumer costs no memory
   * here. The agent counts as lost what it cannot deliver meanwhile.
   */
  readonly ready?: () => Promise<void> | undefined;
  /** Pause before another try; injected by tests. Must settle early when `signal` aborts. */
  readonly sleep?: (ms: number, signal: AbortSignal) => Promise<void>;
  /** [0, 1), for jitter. */
  readonly random?: () => number;
  /** Epoch ms. */
  readonly now?: () => number;
}

/**
 * A feed over a socket. Requests made while it is connecting wait for the outcome; made between two tries they reject
 * with FEED_LOST. A newer agent is final, and so is a refused token that cannot be read anew: `connection closed`, and every request rejects.
 * @throws AppError when the address cannot be dialled at all.
 */
export function createLiveFeed(options: LiveFeedOptions): FeedPort {
  const { address } = options;
  if (address.type === 'tcp' && !URL.canParse(`ws://${formatFeedAddress(address)}`))
    throw addressUnknown(formatFeedAddress(address));
  const limits = { ...feedClientLimits, ...options.limits };
  const session = createLiveSession(options, limits);
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

/** Connects again and again until closed or refused for good; pauses double from try to try, with jitter. */
async function keepConnected(
  session: LiveSession,
  emit: (message: FeedMessage) => void,
  options: LiveFeedOptions & { readonly limits: FeedClientLimits },
): Promise<void> {
  const { limits, random = Math.random, sleep = defaultSleep } = options;
  let failures = 0;
  let denials = 0;
  while (!session.isClosed()) {
    const end = await session.connectOnce(emit);
    if (session.isClosed()) break;
    denials = end.error === undefined ? 0 : denials + 1;
    if (end.error !== undefined && !(denials <= limits.deniedTries && mayBeAdmitted(session, end, options))) {
      session.fail(end.error);
      const { error } = end;
      const words = errorWords(error);
      emit({ type: 'connection', state: 'closed', detail: `${error.message} ${error.hint}`, error: words });
      return;
    }
    failures = end.greeted ? 1 : failures + 1;
    const { problem } = end;
    emit({
      ...{ type: 'connection', state: 'reconnecting', detail: end.detail },
      ...(problem === undefined ? {} : { error: errorWords(problem) }),
    });
    const ceiling = Math.min(limits.backoffMaxMs, limits.backoffFirstMs * 2 ** Math.min(failures - 1, 20));
    await sleep(ceiling / 2 + (random() * ceiling) / 2, session.aborted);
  }
  emit({ type: 'connection', state: 'closed', detail: 'the feed was closed' });
}

/** Whether another try after a refused token can end better: another one stands in its file by now, or may at any moment. */
const mayBeAdmitted = (
  session: LiveSession,
  { error }: ConnectionEnd,
  { token, awaitsToken = false }: LiveFeedOptions,
): boolean =>
  error?.code === 'FEED_DENIED' &&
  typeof token === 'function' &&
  ((awaitsToken && session.wasGreeted()) || token() !== session.tokenTried());

const defaultSleep = (ms: number, signal: AbortSignal): Promise<void> =>
  pause(ms, undefined, { signal }).catch(() => undefined);
