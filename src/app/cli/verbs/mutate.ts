// `block` and `throttle`: filter -> exact policy -> what it would have done -> question -> written through the feed, into a folder or a cluster.
import { randomBytes } from 'node:crypto';
import { exitCodes, type AppError } from '../../../core/model/app-error.ts';
import { millis } from '../../../core/model/brand.ts';
import { visibleText } from '../../../tui/render/visible.ts';
import { draftFromFilter } from '../../../core/policy/draft-from-filter.ts';
import type { Policy } from '../../../core/policy/schema.ts';
import { evidenceAnnotation, withNotes } from '../../../core/policy/with-notes.ts';
import { policyToYaml } from '../../../core/policy/to-yaml.ts';
import { clusterChoice } from '../cluster/cluster-choice.ts';
import { orCluster } from '../cluster/or-cluster.ts';
import { confirmed } from '../confirm.ts';
import { dryRunOption, type DryRun } from '../dry-run.ts';
import { feedTarget, folderTarget, type MutationTarget } from '../mutation-target.ts';
import { durationOption, filterWords, flagOption, textOption } from '../option-values.ts';
import { neverSeen } from '../never-seen.ts';
import { previewLines } from '../preview-lines.ts';
import { qualifyFilter } from '../qualify-filter.ts';
import { throttleOptions } from '../throttle-options.ts';
import type { CommandContext } from '../command-context.ts';
import type { OptionValues, RunVerb } from '../verbs.ts';

interface Draft {
  readonly policy: Policy;
  /** Names in the filter that nobody answers to; undefined when all were seen, or nobody could be asked. */
  readonly unseen: AppError | undefined;
}

/** What the person typed. */
interface Asked {
  readonly action: 'Block' | 'Throttle';
  /** Of the filter. */
  readonly words: readonly string[];
  readonly options: OptionValues;
}

/** With the mode and the name that were asked for. */
function asAsked<Kind extends Policy>(policy: Kind, options: OptionValues): Kind {
  const name = textOption(options, 'name') ?? policy.metadata.name;
  return {
    ...policy,
    metadata: { ...policy.metadata, name },
    ...(flagOption(options, 'shadow') ? { spec: { ...policy.spec, mode: 'Shadow' } } : {}),
  };
}

function draft({ action, words, options }: Asked, target: MutationTarget): Draft {
  const { node, namespace, unseen, known } = qualifyFilter(filterWords(words), {
    ...{ events: target.history ?? [], ends: target.ends, otherwise: target.namespace },
  });
  const ttlMs = durationOption(options, 'for');
  const reason = textOption(options, 'reason');
  const given = textOption(options, 'namespace');
  const policy = draftFromFilter({
    node,
    action,
    nowMs: millis(Date.now()),
    suffix: randomBytes(2).toString('hex'),
    namespace: given ?? namespace,
    namespaceMeant: given !== undefined,
    author: target.author,
    cluster: flagOption(options, 'clusterWide'),
    ...(ttlMs === undefined ? {} : { ttlMs }),
    ...(reason === undefined ? {} : { reason }),
    ...(action === 'Block' ? {} : throttleOptions(options)),
  });
  return {
    policy: asAsked(policy, options),
    unseen: target.history === undefined || unseen.length === 0 ? undefined : neverSeen(unseen, known),
  };
}

/** What led here: in the person's words, else what those who were asked have seen. */
function withEvidence(
  policy: Policy,
  { given, headline, seenBy }: Readonly<Record<'given' | 'headline' | 'seenBy', string | undefined>>,
): Policy {
  const evidence =
    given ?? (headline === undefined || seenBy === undefined ? undefined : `${headline} (${seenBy})`);
  if (evidence === undefined) return policy;
  const annotations = { ...policy.metadata.annotations, [evidenceAnnotation]: evidence.slice(0, 1024) };
  return withNotes(policy, { annotations });
}

async function targetOf(options: OptionValues, context: CommandContext): Promise<MutationTarget> {
  const choice = clusterChoice(options);
  if (choice !== undefined)
    return (await import('../cluster/cluster-mutation.ts')).clusterTarget(choice, options, context);
  const directory = textOption(options, 'policies');
  return directory === undefined
    ? orCluster(feedTarget(options, context))
    : folderTarget(directory, options, context);
}

const printed = (policy: Policy, format: string | undefined): string =>
  format === 'json' ? JSON.stringify(policy, undefined, 2) : policyToYaml(policy).trimEnd();

/** Nothing is written for somebody who only wants to see, and neither where it is to go elsewhere (-o). */
const isOnlyShown = (options: OptionValues, how: DryRun): boolean =>
  how !== undefined || textOption(options, 'output') !== undefined;

function mutate(action: 'Block' | 'Throttle'): RunVerb {
  return async (words, options, context) => {
    if (action === 'Throttle') throttleOptions(options);
    const target = await targetOf(options, context);
    try {
      return await run({ action, words, options }, target, context);
    } finally {
      await target.close();
    }
  };
}

async function run(asked: Asked, target: MutationTarget, context: CommandContext): Promise<number> {
  const { options } = asked;
  const { policy: drafted, unseen } = draft(asked, target);
  if (unseen !== undefined) allowUnseen(unseen, options, context);
  const allRoutes = flagOption(options, 'all') || !process.stderr.isTTY;
  const lines = previewLines(drafted, target, allRoutes);
  const policy = withEvidence(drafted, {
    ...{ given: textOption(options, 'evidence'), headline: lines[0], seenBy: target.seenBy },
  });
  await target.check?.(policy);
  const format = textOption(options, 'output');
  context.out.line(printed(policy, format));
  if (format === undefined) for (const line of lines) context.say(visibleText(line));
  if (isOnlyShown(options, dryRunOption(options, 'client'))) return 0;
  if (!flagOption(options, 'yes') && !(await confirmed(target.question, context))) {
    context.say('Nothing was changed.');
    return exitCodes.refused;
  }
  context.say(visibleText(await target.apply(policy)));
  return 0;
}

/** @throws the error, unless nothing is to be written or the person knows. */
function allowUnseen(unseen: AppError, options: OptionValues, context: CommandContext): void {
  if (!flagOption(options, 'unseen')) throw unseen;
  context.say(`warning: ${visibleText(unseen.message)}`);
}

/** Writes a policy that refuses what the filter says. */
export const block = mutate('Block');
/** Writes a policy that limits what the filter says. */
export const throttle = mutate('Throttle');
