// `undo`: the newest policy change that still stands is reverted.
import { undoneSchema } from '../../../core/model/feed-message.ts';
import { addressOf, openFeed, startSession } from '../feed-client.ts';
import { connectOptions } from '../option-values.ts';
import type { RunVerb } from '../verbs.ts';

/** Takes the newest change of a policy back. */
export const undo: RunVerb = async (_words, options, context) => {
  const connect = connectOptions(options);
  const feed = openFeed(connect, context.env, false);
  const session = await startSession(feed, addressOf(connect, context.env), context);
  try {
    const undone = undoneSchema.parse(await feed.request({ op: 'policy.undo' }));
    context.out.line(`${undone.change} ${undone.name}`);
    return 0;
  } finally {
    await session.close();
  }
};
