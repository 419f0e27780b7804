// `undo`: the newest policy change that still stands is reverted.
import { undoneSchema } from '../../../core/model/feed-message.ts';
import { addressOf, openFeed, startSession } from '../feed-client.ts';
import { exitCodes } from '../../../core/model/app-error.ts';
import { confirmed } from '../confirm.ts';
import { connectOptions, flagOption } from '../option-values.ts';
import type { RunVerb } from '../verbs.ts';

const question = {
  text: 'Revert the newest policy change that still stands?',
  hint: 'Add --yes to undo it all the same.',
} as const;

/** Takes the newest change of a policy back. */
export const undo: RunVerb = async (_words, options, context) => {
  const connect = connectOptions(options);
  const feed = openFeed(connect, context.env, { subscribe: false });
  const session = await startSession(feed, addressOf(connect, context.env), context);
  try {
    const asks = !flagOption(options, 'yes');
    if (asks && !(await confirmed(question, context))) {
      context.say('Nothing was changed.');
      return exitCodes.refused;
    }
    const undone = undoneSchema.parse(await feed.request({ op: 'policy.undo' }));
    context.out.line(`${undone.change} ${undone.name}`);
    return 0;
  } finally {
    await session.close();
  }
};
