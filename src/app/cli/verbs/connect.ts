// No verb: the terminal (or `--no-ui` lines) on a cluster, or on an agent that is already running.
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import { createNoFeed } from '../../../io/feed/no-feed.ts';
import { visibleText } from '../../../tui/render/visible.ts';
import { terminalTarget, type TerminalTarget } from '../cluster/terminal-target.ts';
import type { CommandContext } from '../command-context.ts';
import { openFeed } from '../feed-client.ts';
import { outputOption } from '../option-values.ts';
import { openTerminal, requireTerminal } from '../open-terminal.ts';
import { printFeed } from '../print-feed.ts';
import { demoSocket } from '../session-paths.ts';
import type { OptionValues, RunVerb } from '../verbs.ts';

function demoAddress(env: NodeJS.ProcessEnv): string | undefined {
  const path = demoSocket(env);
  return existsSync(path) ? `unix:${path}` : undefined;
}

type Somewhere = Exclude<TerminalTarget, { type: 'nowhere' }>;

/** Lines instead of the terminal. */
async function print(target: Somewhere, options: OptionValues, context: CommandContext): Promise<number> {
  if (target.type === 'cluster')
    (await import('../cluster/say-where.ts')).sayWhere(target.target, context.say, target.scope.isAll);
  if (target.why !== undefined) context.say(visibleText(target.why));
  const where = target.type === 'cluster' ? { cluster: target.scope } : target.connect;
  const feed = openFeed(where, context.env, { ready: () => context.out.ready() });
  await printFeed(feed, context, { format: outputOption(options), forMs: undefined });
  return 0;
}

/** 0 when the person ended it. @throws AppError what the feed says when it is closed for good. */
export const connect: RunVerb = async (_words, options, context) => {
  const { env } = context;
  const target = await terminalTarget(options, { env, homeDirectory: homedir(), demo: demoAddress(env) });
  if (options['ui'] === false) {
    if (target.type === 'nowhere') throw target.error;
    return print(target, options, context);
  }
  await requireTerminal({ options, context });
  const open = { options, context };
  if (target.type === 'nowhere') return openTerminal(createNoFeed(target.error), open);
  if (target.type === 'feed')
    return openTerminal(openFeed(target.connect, env), { ...open, firstWords: target.why });
  const { openClusterFeed, placeOfTarget } = await import('../cluster/cluster-terminal.ts');
  return openTerminal(openClusterFeed(target, env), {
    ...{ ...open, firstWords: target.why },
    place: placeOfTarget(target.target, target.scope.isAll),
  });
};
