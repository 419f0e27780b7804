// Somebody's stream of flows through the API server, as the terminal has it.
import { onTestFinished } from 'vitest';
import type { ApiEvent } from '../../src/core/model/event.ts';
import type { FeedMessage } from '../../src/core/model/feed-port.ts';
import { createLiveFeed } from '../../src/io/feed/live-feed.ts';
import type { KubeTarget } from '../../src/io/kube/config/kube-target.ts';
import { createHubDialer } from '../../src/io/kube/live/hub-dialer.ts';

/** What came, so far. */
export interface Watching {
  readonly messages: readonly FeedMessage[];
  events(): readonly ApiEvent[];
  /** `state detail` of each change of the connection. */
  states(): readonly string[];
}

/** Connects, and again when the connection is lost, until the test is over. @param namespace `*` for all. */
export function watchAs(target: KubeTarget, namespace: string): Watching {
  const dialer = createHubDialer({ target, namespace, env: {}, now: Date.now });
  const feed = createLiveFeed({ address: { type: 'cluster', namespace, context: target.context }, dialer });
  const messages: FeedMessage[] = [];
  feed.start((message) => messages.push(message));
  onTestFinished(() => feed.close());
  return {
    messages,
    events: () => messages.flatMap((message) => (message.type === 'batch' ? message.events : [])),
    states: () =>
      messages.flatMap((one) => (one.type === 'connection' ? [`${one.state} ${one.detail}`] : [])),
  };
}
