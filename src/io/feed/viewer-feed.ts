// The feed of a hub for one person: the events that they may see, as they may see them, on a socket that was admitted. Knows rights as
// answers; whom to ask, and how, is the door's business.
import { WebSocketServer, type WebSocket } from 'ws';
import type { IncomingMessage } from 'node:http';
import type { Duplex } from 'node:stream';
import { AppError } from '../../core/model/app-error.ts';
import type { ApiEvent, PolicyEvent } from '../../core/model/event.ts';
import type { AgentStatus, Hello, Operation } from '../../core/model/feed-message.ts';
import type { NodeWord } from '../../core/model/node-summary.ts';
import { isOf, namespacesIn } from '../../core/view/event-namespaces.ts';
import { viewEvent } from '../../core/view/view-event.ts';
import { viewStatus } from '../../core/view/view-status.ts';
import type { ViewerAccess } from '../../core/view/viewer-access.ts';
import type { ViewerRights } from '../../core/view/viewer-rights.ts';
import { createBatcher, type Batcher } from './batcher.ts';
import { createFeedConnection, type FeedConnection } from './feed-connection.ts';
import { viewerEnd } from './viewer-end.ts';
import { feedServerLimits, type FeedServerLimits } from './feed-limits.ts';

/** What a hub tells, whole: who may see what of it is decided here. */
export interface HubFeed {
  readonly hello: () => Hello;
  /** As `FeedServerOptions.history`. */
  readonly history: (sinceMs: number | undefined, last: number | undefined) => readonly ApiEvent[];
  readonly status: () => AgentStatus;
  /** How each node stands. */
  readonly nodes: () => readonly NodeWord[];
  /** Told each event after it is in the history; the answer ends it. */
  subscribe(listener: (event: ApiEvent) => void): () => void;
}

/** Bounds of a viewer's stream, beside those of every feed. */
export const viewerLimits = {
  ...feedServerLimits,
  /** A viewer asks for its status and subscribes; it writes nothing here. */
  clientFrameBytes: 64 * 1024,
  requests: 8,
  /** Events that wait for an answer of the API server; beyond that they are lost, and counted. */
  waitingEvents: 10_000,
  /** Rights are looked at again, ms. */
  refreshMs: 60_000,
  /** For so long old answers hold while the API server cannot be asked, ms. */
  staleMs: 300_000,
  /** Until a question that failed is asked again, ms. */
  askAgainMs: 1_000,
} as const;

/** The same names with other numbers. */
export type ViewerLimits = FeedServerLimits &
  Readonly<Record<'waitingEvents' | 'refreshMs' | 'staleMs' | 'askAgainMs', number>>;

/** Whom a stream is for. */
export interface ViewerOptions {
  readonly feed: HubFeed;
  /** What it knows already decides about the history: learn before. */
  readonly access: ViewerAccess;
  /** Only events of this namespace; of all when absent. */
  readonly namespace?: string;
  readonly limits: ViewerLimits;
  readonly onClose: () => void;
}

/** A stream that runs. */
export interface Viewer {
  /** Ends it; the sentence is told. */
  end(code: number, reason: string): void;
  /** Looks at the rights now. */
  refresh(): Promise<void>;
}

interface Stream extends ViewerOptions {
  readonly socket: WebSocket;
  readonly batcher: Batcher;
  waiting: ApiEvent[];
  isAsking: boolean;
  /** Not taken in, and not told yet. */
  lost: number;
  flows: number;
  readonly policies: Map<string, PolicyEvent['state']>;
  ended: boolean;
}

/** Of one namespace: sums over the cluster are not told in it, whoever asks. */
const scopedRights = ({ access, namespace }: ViewerOptions): ViewerRights =>
  namespace === undefined
    ? access.rights
    : { ...access.rights, flows: (one) => one !== '' && access.rights.flows(one) };

const isWanted = ({ namespace }: ViewerOptions, event: ApiEvent): boolean =>
  namespace === undefined || isOf(namespace, event);

function push(stream: Stream, event: ApiEvent): void {
  const seen = viewEvent(stream.access.rights, event);
  if (seen === undefined) return;
  if (seen.type === 'flow' && seen.opening !== true) stream.flows += 1;
  if (seen.type === 'policy') {
    if (seen.state === 'removed') stream.policies.delete(seen.name);
    else stream.policies.set(seen.name, seen.state);
  }
  stream.batcher.push(seen);
}

const isKnown = ({ access }: Stream, event: ApiEvent): boolean => access.knows(namespacesIn(event));

/** What waited, in order, as far as the rights are known. */
function drain(stream: Stream): void {
  while (stream.waiting[0] !== undefined && isKnown(stream, stream.waiting[0]))
    push(stream, stream.waiting.shift() ?? stream.waiting[0]);
}

async function askForWaiting(stream: Stream): Promise<void> {
  stream.isAsking = true;
  try {
    while (stream.waiting.length > 0 && !stream.ended) {
      await stream.access.learn([...new Set(stream.waiting.flatMap(namespacesIn))]);
      drain(stream);
    }
  } catch {
    setTimeout(() => void askForWaiting(stream), stream.limits.askAgainMs);
    return;
  }
  stream.isAsking = false;
  tellLost(stream);
}

function tellLost(stream: Stream): void {
  const { lost } = stream;
  if (lost === 0) return;
  stream.lost = 0;
  stream.batcher.push({ type: 'lost', time: new Date().toISOString(), where: 'feed', count: lost });
}

function take(stream: Stream, event: ApiEvent): void {
  if (stream.ended || !isWanted(stream, event)) return;
  if (stream.waiting.length === 0 && isKnown(stream, event)) push(stream, event);
  else if (stream.waiting.length >= stream.limits.waitingEvents) stream.lost += 1;
  else {
    stream.waiting.push(event);
    if (!stream.isAsking) void askForWaiting(stream);
  }
}

/** What came while the rights were asked about the history: in the same turn as the subscription, so that nothing falls between. */
function waitForUnknown(stream: Stream): void {
  const events = stream.feed.history(undefined, undefined);
  const unknown = events.filter((event) => isWanted(stream, event) && !isKnown(stream, event));
  for (const event of unknown) take(stream, event);
}

/** What waits and can be judged is part of the history that is told now; what cannot be judged yet comes later, once. */
function history(stream: Stream, sinceMs: number | undefined, last: number | undefined): readonly ApiEvent[] {
  stream.waiting = stream.waiting.filter((event) => !isKnown(stream, event));
  const mine = stream.feed
    .history(sinceMs, undefined)
    .filter((event) => isWanted(stream, event) && isKnown(stream, event))
    .flatMap((event) => viewEvent(stream.access.rights, event) ?? []);
  if (last === undefined) return mine;
  // As many of the newest flows; what is no flow stands whatever its age.
  let over = mine.filter(({ type }) => type === 'flow').length - last;
  return mine.filter(({ type }) => type !== 'flow' || over-- <= 0);
}

function statusFor(stream: Stream): AgentStatus {
  const states = [...stream.policies.values()];
  const count = (wanted: PolicyEvent['state']): number => states.filter((state) => state === wanted).length;
  return viewStatus(scopedRights(stream), stream.feed.status(), {
    requests: stream.flows,
    policies: { active: count('active'), shadow: count('shadow'), rejected: count('rejected') },
  });
}

/** Nodes hold pods of every namespace. */
function nodesFor(stream: Stream): readonly NodeWord[] {
  if (scopedRights(stream).flows('')) return stream.feed.nodes();
  throw new AppError({
    code: 'NODES_OF_CLUSTER',
    family: 'denied',
    message: 'How the nodes stand is told to who may watch flows in all namespaces.',
    hint: 'Ask for the ClusterRole apidefense-viewer with a ClusterRoleBinding.',
  });
}

/** Nothing is written through a hub: it has no right to, and people have their own. */
function handle(stream: Stream, { op }: Operation): Promise<unknown> {
  if (op === 'status') return Promise.resolve(statusFor(stream));
  if (op === 'nodes') return Promise.resolve({ nodes: nodesFor(stream) });
  throw new AppError({
    code: 'HUB_READ_ONLY',
    family: 'denied',
    message: `The hub does not do "${op}": in a cluster policies are objects that you read and write with your own rights.`,
    hint: 'Use "kubectl api-defense" with your kubeconfig, or kubectl itself.',
  });
}

/** Whom a service stands for is told where the cluster may be seen. */
function helloFor({ feed, access, namespace }: ViewerOptions): Hello {
  const hello = feed.hello();
  const isWhole = namespace === undefined && access.rights.flows('');
  return { ...hello, writable: false, listeners: isWhole ? hello.listeners : [] };
}

/** Not longer than a WebSocket's close may be, at a whole character. */
function closeReason(sentence: string): string {
  let text = sentence;
  while (Buffer.byteLength(text) > 123) text = text.slice(0, -1);
  return text;
}

const where = ({ namespace }: ViewerOptions): string =>
  namespace === undefined ? 'in all namespaces' : `in namespace ${namespace}`;

/** Looks at the rights at each tick, and ends the stream of who lost the one that it rests on. */
function createRefresh(stream: Stream, end: Viewer['end']): () => Promise<void> {
  let answeredMs = performance.now();
  return async () => {
    try {
      await stream.access.refresh();
      answeredMs = performance.now();
    } catch {
      if (performance.now() - answeredMs > stream.limits.staleMs)
        end(viewerEnd.rightsUnknown, 'The API server cannot be asked what you may see.');
      return;
    }
    if (!stream.access.rights.flows(stream.namespace ?? ''))
      end(viewerEnd.rightLost, `You may no longer watch flows ${where(stream)}.`);
  };
}

function connectionOf(stream: Stream, onClose: () => void): FeedConnection {
  const { socket, limits, batcher } = stream;
  const numbered = {
    hello: () => helloFor(stream),
    history: (sinceMs: number | undefined, last: number | undefined) => history(stream, sinceMs, last),
    status: () => statusFor(stream),
    // An exception must become a refusal, not end the process.
    handle: async (operation: Operation) => handle(stream, operation),
  };
  const server = { address: { type: 'tcp' as const, host: '', port: 0 }, ...numbered };
  return createFeedConnection({ socket, server, limits, beforeSubscribe: batcher.flush, onClose });
}

/** Serves one admitted socket until it ends. */
export function serveViewer(socket: WebSocket, options: ViewerOptions): Viewer {
  const { limits, feed } = options;
  const made: { connection?: FeedConnection } = {};
  const batcher = createBatcher(limits, (frame) => made.connection?.deliver(frame));
  const stream: Stream = {
    ...{ ...options, socket, batcher, waiting: [], isAsking: false, lost: 0, flows: 0, ended: false },
    policies: new Map(),
  };
  const end: Viewer['end'] = (code, reason) => {
    if (stream.ended) return;
    socket.close(code, closeReason(reason));
    // Who does not answer our close is cut.
    setTimeout(() => socket.terminate(), 1_000).unref();
    stop();
  };
  const refresh = createRefresh(stream, end);
  const timers = [
    setInterval(() => made.connection?.tick(Buffer.from(JSON.stringify(statusFor(stream)))), limits.statusMs),
    setInterval(() => made.connection?.ping(), limits.pingMs),
    setInterval(() => void refresh(), limits.refreshMs),
  ];
  const leave = feed.subscribe((event) => take(stream, event));
  waitForUnknown(stream);
  const stop = (): void => {
    stream.ended = true;
    timers.forEach(clearInterval);
    leave();
  };
  made.connection = connectionOf(stream, () => {
    stop();
    options.onClose();
  });
  return { end, refresh };
}

/** Makes a WebSocket of an upgrade that was admitted. */
export function createUpgrader(limits: Pick<FeedServerLimits, 'clientFrameBytes'>) {
  const sockets = new WebSocketServer({
    ...{ noServer: true, clientTracking: false, perMessageDeflate: false },
    maxPayload: limits.clientFrameBytes,
  });
  return (
    request: IncomingMessage,
    socket: Duplex,
    how: { readonly head: Buffer; readonly enter: (client: WebSocket) => void },
  ): void => sockets.handleUpgrade(request, socket, how.head, how.enter);
}
