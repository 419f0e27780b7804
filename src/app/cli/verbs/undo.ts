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
import { clusterChoice } from '../cluster/cluster-choice.ts';
import { orCluster } from '../cluster/or-cluster.ts';
import { confirmed, type Question } from '../confirm.ts';
import { dryRunOption } from '../dry-run.ts';
import { addressOf, openFeed, startSession } from '../feed-client.ts';
import { connectOptions } from '../connect-options.ts';
import { flagOption, textOption } from '../option-values.ts';
import { undoLines, type SeenWindow } from '../undo-lines.ts';
import type { OptionValues, RunVerb } from '../verbs.ts';

const question: Question = { text: 'Undo it?', hint: 'Add --yes to undo it, or --dry-run to only look.' };

/** What of it. */
export type Undo = Omit<Extract<Operation, { op: 'policy.undo' }>, 'op'>;

/** Where the newest change is undone. */
export interface UndoTarget {
  readonly seen: SeenWindow | undefined;
  /** Said where nothing was seen, instead of that nobody answered. */
  readonly unknown?: string;
  readonly question: Question;
  /** What a policy lies in, as a listing calls it: `File`. */
  readonly what: string;
  /** Where the policies lie, as the end of a sentence. */
  readonly where: string;
  undo(how: Undo): Promise<Undone>;
  close(): Promise<void>;
}

async function feedTarget(options: OptionValues, context: CommandContext): Promise<UndoTarget> {
  const connect = connectOptions(options);
  const feed = openFeed(connect, context.env);
  const seen = await startSession(feed, addressOf(connect, context.env), context);
  return {
    ...{ seen, question },
    where: '',
    what: 'File',
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
): Promise<UndoTarget> {
  const store = await openFolderStore({ directory: await existing(directory), now: Date.now });
  const agent = await feedTarget(options, context).catch(() => undefined);
  await agent?.close();
  return {
    ...{ seen: agent?.seen, question },
    where: ` in ${directory}; the agent that watches this folder enforces it`,
    what: 'File',
    undo: ({ dryRun, change }) =>
      store.undo({ dryRun: dryRun ?? false, ...(change === undefined ? {} : { change }) }),
    close: () => store.close(),
  };
}

/** What comes back on standard output, what it would have done as messages. */
function show(planned: Undone, { seen, unknown, what }: UndoTarget, context: CommandContext): void {
  const { plan } = planned;
  if (plan?.after !== undefined) context.out.line(policyToYaml(plan.after).trimEnd());
  const file = plan === undefined ? '' : ` ${what}: ${plan.file}.`;
  context.say(visibleText(undoSentence(planned, plan?.time ?? 'an unknown time') + file));
  const change = undoChange(planned);
  if (change !== undefined)
    for (const line of undoLines(change, seen, unknown)) context.say(visibleText(line));
}

async function targetOf(options: OptionValues, context: CommandContext): Promise<UndoTarget> {
  const choice = clusterChoice(options);
  if (choice !== undefined)
    return (await import('../cluster/cluster-undo.ts')).clusterTarget(choice, options, context);
  const directory = textOption(options, 'policies');
  return directory === undefined
    ? orCluster(feedTarget(options, context))
    : folderTarget(directory, options, context);
}

/** Takes the newest change of a policy back. */
export const undo: RunVerb = async (_words, options, context) => {
  const target = await targetOf(options, context);
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
    if (dryRunOption(options, 'client') !== undefined) return 0;
    if (!flagOption(options, 'yes') && !(await confirmed(target.question, context))) {
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
