// No verb: the terminal (or `--no-ui` lines) on a cluster, or on an agent that is already running.
import { existsSync } from 'node:fs';
import { homedir } from 'node:os';
import type { PlaceChoice } from '../../../core/model/cluster-place.ts';
import { createNoFeed } from '../../../io/feed/no-feed.ts';
import type { TerminalEnd } from '../../../tui/run-terminal.ts';
import { visibleText } from '../../../tui/render/visible.ts';
import {
  otherTarget,
  terminalTarget,
  type TerminalSurroundings,
  type TerminalTarget,
} from '../cluster/terminal-target.ts';
import type { CommandContext } from '../command-context.ts';
import { openFeed } from '../feed-client.ts';
import { outputOption } from '../option-values.ts';
import { requireTerminal, showTerminal, type OpenTerminal } from '../open-terminal.ts';
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

/** Everything that a place is opened with, loaded when it is a cluster's. */
async function show(target: TerminalTarget, open: OpenTerminal): Promise<TerminalEnd> {
  const { env } = open.context;
  if (target.type === 'feed') return showTerminal(openFeed(target.connect, env), open);
  const { offeredContexts, openClusterFeed, placeOfTarget } = await import('../cluster/cluster-terminal.ts');
  const contexts = offeredContexts(target.scope?.choice ?? {}, env);
  if (target.type === 'nowhere') return showTerminal(createNoFeed(target.error), { ...open, contexts });
  const place = placeOfTarget(target.target, target.scope.isAll);
  return showTerminal(openClusterFeed(target, env), { ...open, contexts, place });
}

/** One place after the other, until the person leaves. */
async function showFrom(
  first: TerminalTarget,
  open: OpenTerminal,
  again: (target: TerminalTarget, place: PlaceChoice | undefined) => Promise<TerminalTarget>,
): Promise<number> {
  let target = first;
  let opening: OpenTerminal = { ...open, firstWords: whyOf(first), restarts: true };
  for (;;) {
    const end = await show(target, opening);
    if (end.type === 'left') return end.status;
    const { place, words, locked, themeName } = end;
    target = await again(target, place);
    opening = { ...opening, firstWords: words, locked, themeName };
  }
}

const whyOf = (target: TerminalTarget): string | undefined =>
  target.type === 'nowhere' ? undefined : target.why;

/** 0 when the person ended it. @throws AppError what the feed says when it is closed for good. */
export const connect: RunVerb = async (_words, options, context) => {
  const { env } = context;
  const surroundings = (): TerminalSurroundings => ({
    ...{ env, homeDirectory: homedir(), demo: demoAddress(env) },
  });
  const target = await terminalTarget(options, surroundings());
  if (options['ui'] === false) {
    if (target.type === 'nowhere') throw target.error;
    return print(target, options, context);
  }
  await requireTerminal({ options, context });
  return showFrom(target, { options, context }, (before, place) => {
    if (place !== undefined) {
      const scope = before.type === 'feed' ? undefined : before.scope;
      return otherTarget(scope, place, surroundings());
    }
    // What was not there at first may be by now.
    return before.type === 'nowhere' && before.scope === undefined
      ? terminalTarget(options, surroundings())
      : Promise.resolve(before);
  });
};
