// Where `block` and `throttle` write: through an agent's feed, or into a folder; what is known of the traffic there, and what is said afterwards.
// A cluster is cluster/cluster-mutation.ts'.
import { userInfo } from 'node:os';
import { enforcementWord } from '../../core/model/enforcement-words.ts';
import type { ApiEvent, PolicyEvent, Endpoint } from '../../core/model/event.ts';
import { appliedSchema } from '../../core/model/feed-message.ts';
import type { FeedPort } from '../../core/model/feed-port.ts';
import { nameOf } from '../../core/policy/policy-name.ts';
import type { Policy } from '../../core/policy/schema.ts';
import { openFolderStore } from '../../io/policies/folder-store.ts';
import type { CommandContext } from './command-context.ts';
import type { Question } from './confirm.ts';
import { addressOf, openFeed, startSession } from './feed-client.ts';
import { connectOptions } from './connect-options.ts';
import { policiesOf } from './policies-of.ts';
import type { OptionValues } from './verbs.ts';

/** One place to write to. */
export interface MutationTarget {
  /** What the agent remembers; undefined when no agent could be asked. */
  readonly history: readonly ApiEvent[] | undefined;
  /** Both ends of the agent's listeners: known before anything was seen. */
  readonly ends: readonly Endpoint[];
  readonly openByPair: Readonly<Record<string, number>>;
  /** The agent works in the pods of a node. */
  readonly node: boolean | undefined;
  /** Where a folder is written directly, its policies; else those of the history. */
  readonly current: readonly Policy[];
  /** Of policies whose filter says none; undefined: `default`. */
  readonly namespace?: string;
  /** Who is to be named as the author. */
  readonly author: string;
  /** Whose flows `history` is, for the policy's evidence; undefined where nothing is noted. */
  readonly seenBy?: string;
  /** Said where there is no history, instead of that nobody answered. */
  readonly unknown?: string;
  readonly question: Question;
  /** Asks whether it would be accepted, and writes nothing; undefined where nobody can be asked. */
  readonly check?: (policy: Policy) => Promise<void>;
  /** What came of it, in a sentence. */
  apply(policy: Policy): Promise<string>;
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
  policy: Policy,
): Promise<string> {
  const name = nameOf(policy);
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

const question: Question = { text: 'Apply?', hint: 'Add --yes to apply it, or --dry-run to only look.' };

/** The agent of --connect, or this user's demo. */
export async function feedTarget(options: OptionValues, context: CommandContext): Promise<MutationTarget> {
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
    author: userInfo().username,
    question,
    apply: (policy) => appliedThroughFeed(feed, (listener) => listeners.push(listener), policy),
    close: () => session.close(),
  };
}

/** The folder of --policies; the agent is asked for what it has seen, if there is one. */
export async function folderTarget(
  directory: string,
  options: OptionValues,
  context: CommandContext,
): Promise<MutationTarget> {
  const store = await openFolderStore({ directory, now: Date.now });
  const seen = await feedTarget(options, context).catch(() => undefined);
  await seen?.close();
  return {
    history: seen?.history,
    ends: seen?.ends ?? [],
    openByPair: seen?.openByPair ?? {},
    node: seen?.node,
    current: store.entries().flatMap((entry) => (entry.type === 'valid' ? [entry.policy] : [])),
    author: userInfo().username,
    question,
    async apply(policy) {
      const applied = await store.apply(policy);
      return `${applied.change} ${applied.name} in ${directory}; the agent that watches this folder enforces it`;
    },
    close: () => store.close(),
  };
}
