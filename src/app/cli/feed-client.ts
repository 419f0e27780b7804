// `--connect`: from words on the command line to a feed that answers, for every verb that talks to an agent.
import { readFileSync } from 'node:fs';
import { AppError } from '../../core/model/app-error.ts';
import type { ApiEvent } from '../../core/model/event.ts';
import { statusSchema, type AgentStatus, type Hello } from '../../core/model/feed-message.ts';
import type { FeedMessage, FeedPort } from '../../core/model/feed-port.ts';
import { formatFeedAddress, parseFeedAddress, type FeedAddress } from '../../io/feed/feed-address.ts';
import { createLiveFeed, type LiveFeedOptions } from '../../io/feed/live-feed.ts';
import { addressOfScope, clusterDialer, scopeOf, type ClusterScope } from './cluster-dialer.ts';
import type { CommandContext } from './command-context.ts';
import { demoSocket, readToken } from './session-paths.ts';

/** Words of the command line that say which agent, or the hub of which cluster: only one of them can be meant. */
export interface ConnectOptions {
  readonly connect?: string;
  readonly tokenFile?: string;
  /** By kubectl's flags. */
  readonly cluster?: ClusterScope;
}

/** How long a verb waits for the first word of an agent, ms. */
const answerMs = 5_000;

/** The address asked for, or this user's demo. */
export function addressOf(options: ConnectOptions, env: NodeJS.ProcessEnv): FeedAddress {
  if (options.cluster !== undefined) return addressOfScope(options.cluster);
  const text = options.connect ?? env['API_DEFENSE_FEED'];
  return text === undefined ? { type: 'unix', path: demoSocket(env) } : parseFeedAddress(text);
}

/** `--token-file`, `API_DEFENSE_TOKEN`, or the file an agent on this machine left for its port. */
export function tokenOf(
  options: ConnectOptions,
  address: FeedAddress,
  env: NodeJS.ProcessEnv,
): string | undefined {
  if (options.tokenFile !== undefined) return readTokenFile(options.tokenFile);
  if (env['API_DEFENSE_TOKEN'] !== undefined) return env['API_DEFENSE_TOKEN'];
  return address.type === 'tcp' ? readToken(env, address.port) : undefined;
}

/** The same between two tries: a file that is being replaced has no token for a moment. */
function tokenNow(options: ConnectOptions, address: FeedAddress, env: NodeJS.ProcessEnv): string | undefined {
  try {
    return tokenOf(options, address, env);
  } catch {
    return undefined;
  }
}

/** First line of the file. @throws AppError when it cannot be read or is empty. */
export function readTokenFile(path: string): string {
  let text: string;
  try {
    text = readFileSync(path, 'utf8').split('\n', 1)[0]?.trim() ?? '';
  } catch (cause) {
    throw new AppError({
      code: 'TOKEN_FILE',
      family: 'notFound',
      message: `The token file ${path} cannot be read.`,
      hint: 'Name the file that the agent was given with --token-file.',
      cause,
    });
  }
  if (text !== '') return text;
  throw new AppError({
    code: 'TOKEN_FILE',
    family: 'data',
    message: `The token file ${path} is empty.`,
    hint: 'Its first line must be the token.',
  });
}

/** A feed that is not yet started; `how` says what it subscribes to and what paces it (see LiveFeedOptions). */
export function openFeed(
  options: ConnectOptions,
  env: NodeJS.ProcessEnv,
  how: Pick<LiveFeedOptions, 'ready' | 'subscribe'> = {},
): FeedPort {
  const address = addressOf(options, env);
  // Read once now, so that a file that is not there is told at once; then before each try.
  const token = tokenOf(options, address, env);
  const isRead = options.tokenFile !== undefined || env['API_DEFENSE_TOKEN'] === undefined;
  return createLiveFeed({
    address,
    ...(address.type === 'cluster'
      ? { dialer: clusterDialer(options.cluster ?? scopeOf(address), env) }
      : {}),
    ...(isRead && address.type === 'tcp'
      ? { token: () => tokenNow(options, address, env), awaitsToken: options.tokenFile === undefined }
      : token === undefined
        ? {}
        : { token }),
    ...how,
  });
}

/** A feed that has greeted us and told its history. */
export interface Session {
  readonly feed: FeedPort;
  readonly hello: Hello;
  /** Everything that came before the agent answered a first `status`: the history asked for. Empty where `onHistory` took it. */
  readonly history: readonly ApiEvent[];
  readonly status: AgentStatus;
  /** From now on messages go here; those since the history come first. */
  readonly listen: (listener: (message: FeedMessage) => void) => void;
  /** Closes the feed; nothing is told after the call. */
  readonly close: () => Promise<void>;
}

/** What ends the wait for a session, and who hears what comes before it is there. */
export interface SessionOptions extends Pick<CommandContext, 'interrupted'> {
  /** Takes the history as it arrives, instead of having it gathered. */
  readonly onHistory?: (events: readonly ApiEvent[]) => void;
  /** Told once, before any history. */
  readonly onHello?: (hello: Hello) => void;
}

/**
 * Starts the feed and waits for the agent's hello and for the history to have arrived. The feed is closed where this fails.
 * @throws AppError FEED_UNREACHABLE when nobody answers, FEED_LOST when the history breaks off, INTERRUPTED, or the feed's own
 * refusal.
 */
export async function startSession(
  feed: FeedPort,
  address: FeedAddress,
  options: SessionOptions,
): Promise<Session> {
  const inbox = createInbox(options);
  try {
    const cancelled = options.interrupted.then(() => Promise.reject(cancellation()));
    const hello = await Promise.race([greeted(feed, address, inbox.take), cancelled]);
    // The agent answers in order, so its reply marks the end of the history.
    const reply = await Promise.race([feed.request({ op: 'status' }), cancelled]);
    const status = statusSchema.parse(reply);
    inbox.complete();
    return {
      feed,
      hello,
      history: inbox.history,
      status,
      listen: inbox.listen,
      close() {
        inbox.end();
        return feed.close();
      },
    };
  } catch (error) {
    // An open feed connects again for ever, and the program would not end.
    inbox.end();
    await feed.close();
    throw error;
  }
}

/** Starts the feed; resolves with the first word of the agent. */
function greeted(feed: FeedPort, address: FeedAddress, take: (message: FeedMessage) => void): Promise<Hello> {
  let timer: NodeJS.Timeout | undefined;
  return new Promise<Hello>((resolve, reject) => {
    timer = setTimeout(() => reject(unreachable(address, 'nothing answered')), answerMs);
    feed.start((message) => {
      take(message);
      if (message.type === 'hello') resolve(message.hello);
      if (message.type === 'connection' && message.state === 'reconnecting')
        reject(unreachable(address, message.detail));
      // Closed for good: the feed's own error says why (a wrong token, a newer agent), and every request gets it.
      if (message.type === 'connection' && message.state === 'closed')
        feed.request({ op: 'status' }).catch(reject);
    });
  }).finally(() => clearTimeout(timer));
}

interface Inbox {
  readonly history: readonly ApiEvent[];
  readonly take: (message: FeedMessage) => void;
  /** The history has arrived. */
  readonly complete: () => void;
  readonly listen: Session['listen'];
  /** Nothing is told from now on. */
  readonly end: () => void;
}

function createInbox({ onHistory, onHello }: Omit<SessionOptions, 'interrupted'>): Inbox {
  const history: ApiEvent[] = [];
  const early: FeedMessage[] = [];
  let listener: ((message: FeedMessage) => void) | undefined;
  let state: 'history' | 'live' | 'over' = 'history';
  const takeHistory = (message: FeedMessage): void => {
    if (message.type === 'hello') onHello?.(message.hello);
    if (message.type !== 'batch') return;
    if (onHistory) onHistory(message.events);
    else for (const event of message.events) history.push(event);
  };
  return {
    history,
    take(message) {
      if (state === 'over') return;
      if (state === 'history') takeHistory(message);
      else if (listener) listener(message);
      else early.push(message);
    },
    complete() {
      state = 'live';
    },
    listen(next) {
      early.splice(0).forEach(next);
      listener = next;
    },
    end() {
      state = 'over';
    },
  };
}

const cancellation = (): AppError =>
  new AppError({
    code: 'INTERRUPTED',
    family: 'unavailable',
    message: 'Interrupted before the agent had told everything.',
    hint: 'Nothing was changed.',
  });

const sentenceOf = (text: string): string =>
  `${text.charAt(0).toUpperCase()}${text.slice(1).replace(/\.$/, '')}.`;

function unreachable(address: FeedAddress, detail: string): AppError {
  const where = formatFeedAddress(address);
  return new AppError({
    code: 'FEED_UNREACHABLE',
    family: 'unavailable',
    // What the feed says names the address already.
    message: detail.includes(where) ? sentenceOf(detail) : `No agent answers at ${where}: ${detail}.`,
    hint:
      address.type === 'cluster'
        ? 'Look at the hub: "kubectl get pods -A -l app.kubernetes.io/component=hub"; "doctor" says more.'
        : 'Start one (`npm start` runs the demo, `agent` protects a service), or name its address with --connect.',
  });
}
