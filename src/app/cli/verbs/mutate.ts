// `block` and `throttle`: filter -> exact policy -> what it would have done -> question -> written through the feed or into a folder.
import { randomBytes } from 'node:crypto';
import { userInfo } from 'node:os';
import { exitCodes, type AppError } from '../../../core/model/app-error.ts';
import { millis } from '../../../core/model/brand.ts';
import { enforcementWord } from '../../../core/model/enforcement-words.ts';
import type { ApiEvent, PolicyEvent, Endpoint } from '../../../core/model/event.ts';
import { appliedSchema } from '../../../core/model/feed-message.ts';
import type { FeedPort } from '../../../core/model/feed-port.ts';
import { visibleText } from '../../../tui/render/visible.ts';
import { draftFromFilter } from '../../../core/policy/draft-from-filter.ts';
import type { FlowPolicy } from '../../../core/policy/schema.ts';
import { policyToYaml } from '../../../core/policy/to-yaml.ts';
import { openFolderStore } from '../../../io/policies/folder-store.ts';
import { confirmed } from '../confirm.ts';
import { addressOf, openFeed, startSession } from '../feed-client.ts';
import { connectOptions, durationOption, filterWords, flagOption, textOption } from '../option-values.ts';
import { neverSeen } from '../never-seen.ts';
import { policiesOf } from '../policies-of.ts';
import { previewLines } from '../preview-lines.ts';
import { qualifyFilter } from '../qualify-filter.ts';
import { throttleOptions } from '../throttle-options.ts';
import type { CommandContext } from '../command-context.ts';
import type { OptionValues, RunVerb } from '../verbs.ts';

interface Target {
  /** What the agent remembers; undefined when no agent could be asked. */
  readonly history: readonly ApiEvent[] | undefined;
  /** Both ends of the agent's listeners: known before anything was seen. */
  readonly ends: readonly Endpoint[];
  readonly openByPair: Readonly<Record<string, number>>;
  /** The agent works in the pods of a node. */
  readonly node: boolean | undefined;
  /** Where a folder is written directly, its policies; else those of the history. */
  readonly current: readonly FlowPolicy[];
  apply(policy: FlowPolicy): Promise<string>;
  close(): Promise<void>;
}

/** How long to wait for the agent's word that a policy is in force, ms. */
const inForceMs = 5_000;

/** What the agent says; on a node also where it stands. */
function reportedWords(event: PolicyEvent): string {
  const state = enforcementWord(event)?.word ?? event.state;
  const { enforcement } = event;
  return `${state}, reported by the agent${enforcement === undefined ? '' : `. ${enforcement.sentence}`}`;
}

/** Waits until the agent itself reports the policy in force: written is not yet enforced. */
async function appliedThroughFeed(
  feed: FeedPort,
  listen: (listener: (event: ApiEvent) => void) => void,
  policy: FlowPolicy,
): Promise<string> {
  const name = `${policy.metadata.namespace}/${policy.metadata.name}`;
  let timer: NodeJS.Timeout | undefined;
  const reported = new Promise<string>((resolve) => {
    let soFar = 'stored; the agent has not reported it in force yet';
    timer = setTimeout(() => resolve(soFar), inForceMs);
    listen((event) => {
      if (event.type !== 'policy' || event.name !== name) return;
      if (event.enforcement?.state === 'pending') soFar = reportedWords(event);
      else if (event.state === 'active' || event.state === 'shadow') resolve(reportedWords(event));
      if (event.state === 'rejected')
        resolve(`rejected by the agent: ${event.error?.message ?? 'no reason given'}`);
    });
  });
  try {
    const applied = appliedSchema.parse(await feed.request({ op: 'policy.apply', object: policy }));
    return `${applied.change} ${applied.name}: ${await reported}`;
  } finally {
    clearTimeout(timer);
  }
}

async function feedTarget(options: OptionValues, context: CommandContext): Promise<Target> {
  const connect = connectOptions(options);
  const feed = openFeed(connect, context.env);
  const session = await startSession(feed, addressOf(connect, context.env), context);
  const listeners: ((event: ApiEvent) => void)[] = [];
  session.listen((message) => {
    if (message.type === 'batch')
      for (const event of message.events) listeners.forEach((listener) => listener(event));
  });
  return {
    history: session.history,
    ends: session.hello.listeners.flatMap(({ source, destination }) => [source, destination]),
    openByPair: session.status.openByPair,
    node: session.hello.node,
    current: policiesOf(session.history),
    apply: (policy) => appliedThroughFeed(feed, (listener) => listeners.push(listener), policy),
    close: () => session.close(),
  };
}

async function folderTarget(
  directory: string,
  options: OptionValues,
  context: CommandContext,
): Promise<Target> {
  const store = await openFolderStore({ directory, now: Date.now });
  const seen = await feedTarget(options, context).catch(() => undefined);
  await seen?.close();
  return {
    history: seen?.history,
    ends: seen?.ends ?? [],
    openByPair: seen?.openByPair ?? {},
    node: seen?.node,
    current: store.entries().flatMap((entry) => (entry.type === 'valid' ? [entry.policy] : [])),
    async apply(policy) {
      const applied = await store.apply(policy);
      return `${applied.change} ${applied.name} in ${directory}; the agent that watches this folder enforces it`;
    },
    close: () => store.close(),
  };
}

const question = { text: 'Apply?', hint: 'Add --yes to apply it, or --dry-run to only look.' } as const;

interface Draft {
  readonly policy: FlowPolicy;
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

function draft({ action, words, options }: Asked, target: Target): Draft {
  const { node, namespace, unseen, known } = qualifyFilter(
    filterWords(words),
    target.history ?? [],
    target.ends,
  );
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
    author: userInfo().username,
    ...(ttlMs === undefined ? {} : { ttlMs }),
    ...(reason === undefined ? {} : { reason }),
    ...(action === 'Block' ? {} : throttleOptions(options)),
  });
  return {
    policy: flagOption(options, 'shadow') ? { ...policy, spec: { ...policy.spec, mode: 'Shadow' } } : policy,
    unseen: target.history === undefined || unseen.length === 0 ? undefined : neverSeen(unseen, known),
  };
}

function mutate(action: 'Block' | 'Throttle'): RunVerb {
  return async (words, options, context) => {
    if (action === 'Throttle') throttleOptions(options);
    const directory = textOption(options, 'policies');
    const target =
      directory === undefined
        ? await feedTarget(options, context)
        : await folderTarget(directory, options, context);
    try {
      const { policy, unseen } = draft({ action, words, options }, target);
      if (unseen !== undefined) allowUnseen(unseen, options, context);
      context.out.line(policyToYaml(policy).trimEnd());
      const allRoutes = flagOption(options, 'all') || !process.stderr.isTTY;
      for (const line of previewLines(policy, target, allRoutes)) context.say(visibleText(line));
      if (flagOption(options, 'dryRun')) return 0;
      if (!flagOption(options, 'yes') && !(await confirmed(question, context))) {
        context.say('Nothing was changed.');
        return exitCodes.refused;
      }
      context.say(await target.apply(policy));
      return 0;
    } finally {
      await target.close();
    }
  };
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
