// A feed server on a unix socket in a private folder, with a window like an agent's, and messages of a client collected.
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { onTestFinished } from 'vitest';
import type { ApiEvent, FlowEvent } from '../../../src/core/model/event.ts';
import type { AgentStatus, Hello } from '../../../src/core/model/feed-message.ts';
import type { FeedMessage, FeedPort } from '../../../src/core/model/feed-port.ts';
import type { FeedServer, FeedServerOptions } from '../../../src/io/feed/feed-server.ts';
import { startFeedServer } from '../../../src/io/feed/feed-server.ts';
import type { LiveFeedOptions } from '../../../src/io/feed/live-feed.ts';
import { createLiveFeed } from '../../../src/io/feed/live-feed.ts';

export const startMs = Date.parse('2026-11-23T10:00:00.000Z');

export function flow(number: number): FlowEvent {
  const endpoint = { workload: 'web', namespace: 'shop', principal: 'sa:shop/web', assurance: 'ip' as const };
  return {
    type: 'flow',
    time: new Date(startMs + number).toISOString(),
    id: `f${number}`,
    source: endpoint,
    destination: { ...endpoint, workload: 'api' },
    protocol: 'http/1.1',
    verdict: { action: 'allow', mode: 'enforce' },
  };
}

export const hello: Hello = {
  type: 'hello',
  version: 1,
  name: 'web → api',
  time: new Date(startMs).toISOString(),
  writable: true,
  listeners: [],
  windowMs: 600_000,
  defaultTtlMs: 1_800_000,
};

export const status: AgentStatus = {
  type: 'status',
  time: new Date(startMs).toISOString(),
  uptimeMs: 1,
  openConnections: 0,
  openByPair: {},
  requests: 0,
  lost: 0,
  heartbeatAgeMs: 0,
  policies: { active: 0, shadow: 0, rejected: 0 },
};

export function privateFolder(): string {
  const folder = mkdtempSync(join(tmpdir(), 'apidefense-feed-'));
  onTestFinished(() => rmSync(folder, { recursive: true, force: true }));
  return folder;
}

export interface TestAgent {
  readonly server: FeedServer;
  /** Into the window and out to subscribers. */
  say(...events: readonly ApiEvent[]): void;
  /** What `history` was asked. */
  readonly asked: { sinceMs: number | undefined; last: number | undefined }[];
}

/** Keeps everything said; `window` may be shared by two agents in a row. */
export async function startAgent(
  options: Partial<FeedServerOptions> & { readonly window?: ApiEvent[] } = {},
): Promise<TestAgent> {
  const window = options.window ?? [];
  const asked: TestAgent['asked'] = [];
  const server = await startFeedServer({
    address: { type: 'unix', path: join(privateFolder(), 'feed.sock') },
    hello: () => hello,
    history(sinceMs = 0, last = Infinity) {
      asked.push({ sinceMs, last });
      const since = window.filter((event) => Date.parse(event.time) >= sinceMs);
      return since.slice(Math.max(0, since.length - last));
    },
    status: () => status,
    handle: (operation) => Promise.resolve({ op: operation.op }),
    ...options,
  });
  onTestFinished(() => server.close());
  return {
    server,
    asked,
    say(...events) {
      window.push(...events);
      for (const event of events) server.publish(event);
    },
  };
}

export interface TestClient {
  readonly feed: FeedPort;
  readonly messages: FeedMessage[];
  events(): ApiEvent[];
  /** Ids of the flows, and `lost N` for losses. */
  seen(): string[];
  states(): string[];
}

/** Reconnects without pause unless told otherwise. */
export function startClient(options: LiveFeedOptions): TestClient {
  const feed = createLiveFeed({ sleep: () => new Promise((done) => setImmediate(done)), ...options });
  const messages: FeedMessage[] = [];
  feed.start((message) => messages.push(message));
  onTestFinished(() => feed.close());
  const events = (): ApiEvent[] =>
    messages.flatMap((message) => (message.type === 'batch' ? message.events : []));
  return {
    feed,
    messages,
    events,
    seen: () =>
      events().map((event) =>
        event.type === 'flow' ? event.id : event.type === 'lost' ? `lost ${event.count}` : event.type,
      ),
    states: () => messages.flatMap((message) => (message.type === 'connection' ? [message.state] : [])),
  };
}

export const ids = (from: number, to: number): string[] =>
  Array.from({ length: to - from }, (_, number) => `f${from + number}`);
export const flows = (from: number, to: number): FlowEvent[] =>
  Array.from({ length: to - from }, (_, number) => flow(from + number));

/** A pause that only closing ends: one try and no other. */
export const untilClosed = (_ms: number, signal: AbortSignal): Promise<void> =>
  new Promise((done) => signal.addEventListener('abort', () => done()));
