// `undo`: what the newest policy change that still stands was, what reverting it would do, and after a question it is reverted.
import { stat } from 'node:fs/promises';
import { exitCodes } from '../../../core/model/app-error.ts';
import { undoneSchema, type Operation, type Undone } from '../../../core/model/feed-message.ts';
import { policyToYaml } from '../../../core/policy/to-yaml.ts';
import { undoChange, undoSentence } from '../../../core/policy/undo-words.ts';
import { openFolderStore } from '../../../io/policies/folder-store.ts';
import { storeErrors } from '../../../io/policies/store-errors.ts';
import { visibleText } from '../../../tui/render/visible.ts';
import type { CommandContext } from '../command-context.ts';
import { confirmed } from '../confirm.ts';
import { addressOf, openFeed, startSession } from '../feed-client.ts';
import { connectOptions, flagOption, textOption } from '../option-values.ts';
import { undoLines, type SeenWindow } from '../undo-lines.ts';
import type { OptionValues, RunVerb } from '../verbs.ts';

const question = { text: 'Undo it?', hint: 'Add --yes to undo it, or --dry-run to only look.' } as const;

type Undo = Omit<Extract<Operation, { op: 'policy.undo' }>, 'op'>;

interface Target {
  readonly seen: SeenWindow | undefined;
  /** Where the policies lie, as the end of a sentence. */
  readonly where: string;
  undo(how: Undo): Promise<Undone>;
  close(): Promise<void>;
}

async function feedTarget(options: OptionValues, context: CommandContext): Promise<Target> {
  const connect = connectOptions(options);
  const feed = openFeed(connect, context.env);
  const seen = await startSession(feed, addressOf(connect, context.env), context);
  return {
    seen,
    where: '',
    undo: async (how) => undoneSchema.parse(await feed.request({ op: 'policy.undo', ...how })),
    close: () => seen.close(),
  };
}

/** Only looked at, a folder is not made: a name typed wrong would look like one in which nothing was ever changed. */
async function existing(directory: string): Promise<string> {
  const found = await stat(directory).catch((cause: unknown) => {
    throw storeErrors.noFolder(directory, cause);
  });
  if (!found.isDirectory()) throw storeErrors.noFolder(directory, 'it is not a folder');
  return directory;
}

async function folderTarget(
  directory: string,
  options: OptionValues,
  context: CommandContext,
): Promise<Target> {
  const store = await openFolderStore({ directory: await existing(directory), now: Date.now });
  const agent = await feedTarget(options, context).catch(() => undefined);
  await agent?.close();
  return {
    seen: agent?.seen,
    where: ` in ${directory}; the agent that watches this folder enforces it`,
    undo: ({ dryRun, change }) =>
      store.undo({ dryRun: dryRun ?? false, ...(change === undefined ? {} : { change }) }),
    close: () => store.close(),
  };
}

/** What comes back on standard output, what it would have done as messages. */
function show(planned: Undone, { seen }: Target, context: CommandContext): void {
  const { plan } = planned;
  if (plan?.after !== undefined) context.out.line(policyToYaml(plan.after).trimEnd());
  const file = plan === undefined ? '' : ` File: ${plan.file}.`;
  context.say(visibleText(undoSentence(planned, plan?.time ?? 'an unknown time') + file));
  const change = undoChange(planned);
  if (change !== undefined) for (const line of undoLines(change, seen)) context.say(visibleText(line));
}

/** Takes the newest change of a policy back. */
export const undo: RunVerb = async (_words, options, context) => {
  const directory = textOption(options, 'policies');
  const target = await (directory === undefined
    ? feedTarget(options, context)
    : folderTarget(directory, options, context));
  try {
    const planned = await target.undo({ dryRun: true });
    if (planned.plan === undefined) {
      context.out.line(`${planned.change} ${planned.name}${target.where}`);
      context.say(
        'warning: This agent is of an older version that knows no dry run: it has undone that at once.',
      );
      return 0;
    }
    show(planned, target, context);
    if (flagOption(options, 'dryRun')) return 0;
    if (!flagOption(options, 'yes') && !(await confirmed(question, context))) {
      context.say('Nothing was changed.');
      return exitCodes.refused;
    }
    // What was shown, and no other change that somebody made meanwhile.
    const undone = await target.undo({ change: planned.plan.change });
    context.out.line(`${undone.change} ${undone.name}${target.where}`);
    return 0;
  } finally {
    await target.close();
  }
};
