// What `observe`, `findings` and `explain` read: an agent's feed, or by kubectl's flags what a cluster's hub tells. One way for all of them.
import type { ApiEvent } from '../../core/model/event.ts';
import type { FeedPort } from '../../core/model/feed-port.ts';
import { isOf } from '../../core/view/event-namespaces.ts';
import type { LiveFeedOptions } from '../../io/feed/live-feed.ts';
import { orCluster } from './cluster/or-cluster.ts';
import type { CommandContext } from './command-context.ts';
import { connectOptions } from './connect-options.ts';
import { addressOf, openFeed, startSession, type Session, type SessionOptions } from './feed-client.ts';
import { flagOption, textOption } from './option-values.ts';
import type { OptionValues } from './verbs.ts';

/** A feed that is not yet started. */
export interface ReadFeed {
  readonly feed: FeedPort;
  /** As `startSession`; without an agent the refusal says which words mean a cluster. */
  readonly start: (options?: Omit<SessionOptions, 'interrupted'>) => Promise<Session>;
  /** Whether it is of the namespace that was asked for: a cluster's hub tells no others, an agent tells all. */
  readonly isWanted: (event: ApiEvent) => boolean;
}

const everything = (): boolean => true;

/** `-n` of an agent's feed. */
function wantedOf(options: OptionValues): ReadFeed['isWanted'] {
  const namespace = flagOption(options, 'allNamespaces') ? undefined : textOption(options, 'namespace');
  return namespace === undefined ? everything : (event) => isOf(namespace, event);
}

/** Says first which cluster it is. @throws AppError when words make no sense, or there is no such cluster. */
export async function openReadFeed(
  options: OptionValues,
  context: CommandContext,
  how: Pick<LiveFeedOptions, 'ready' | 'subscribe'> = {},
): Promise<ReadFeed> {
  const connect = connectOptions(options);
  const { cluster } = connect;
  if (cluster !== undefined) (await import('./cluster/say-where.ts')).sayScope(cluster, context);
  const feed = openFeed(connect, context.env, how);
  const { interrupted } = context;
  return {
    feed,
    start(more = {}) {
      const started = startSession(feed, addressOf(connect, context.env), { interrupted, ...more });
      return cluster === undefined ? orCluster(started) : started;
    },
    isWanted: cluster === undefined ? wantedOf(options) : everything,
  };
}
