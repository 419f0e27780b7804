// `demo`: shop, agent and terminal on one machine, no cluster, no root. Everything it starts ends with it.
import { randomInt } from 'node:crypto';
import { rmSync } from 'node:fs';
import { exitCodes } from '../../../core/model/app-error.ts';
import { createLiveFeed } from '../../../io/feed/live-feed.ts';
import type { LocalAddress } from '../../../io/feed/feed-address.ts';
import { startAgent, type Agent } from '../../agent/agent.ts';
import type { ChildExit } from '../../demo/child.ts';
import { defaultRate, maxRate } from '../../demo/rates.ts';
import { startServices, type Shop } from '../../demo/shop.ts';
import type { CommandContext } from '../command-context.ts';
import { openTerminal, requireTerminal } from '../open-terminal.ts';
import { durationOption, flagOption, numberOption, outputOption, textOption } from '../option-values.ts';
import { printFeed } from '../print-feed.ts';
import { demoSocket, ensureRuntimeDirectory, makePoliciesDirectory } from '../session-paths.ts';
import { sweepRuntime } from '../sweep-runtime.ts';
import type { OptionValues, RunVerb } from '../verbs.ts';

/** The demo has nobody to be polite to: its callers are ended first. */
const drainMs = 500;

/** Everybody in the shop has shown what they do by then; a real agent takes the detections' own, longer time. */
const learningMs = 20_000;

interface Running {
  readonly shop: Shop;
  readonly agent: Agent;
  stop(): Promise<void>;
}

/** The well-known socket, so that verbs find the demo; one of its own when another demo holds it. */
async function agentWithFreeSocket(
  start: (feed: LocalAddress) => Promise<Agent>,
  env: NodeJS.ProcessEnv,
): Promise<Agent> {
  const path = demoSocket(env);
  try {
    return await start({ type: 'unix', path });
  } catch (error) {
    if (!(error instanceof Error && 'code' in error && error.code === 'FEED_IN_USE')) throw error;
    return start({ type: 'unix', path: path.replace(/\.sock$/, `-${process.pid}.sock`) });
  }
}

/** What a person should hear while the demo runs. */
interface Reports {
  /** Nothing will mend it: the exit status will say so too. */
  failed(what: string): void;
  /** Something went away or came back. */
  told(sentence: string): void;
  /** The newest sentence told. */
  readonly newest: string | undefined;
}

/** `say` is for standard error, where no terminal is drawn. */
function createReports(
  say: ((sentence: string) => void) | undefined,
): Reports & { readonly failure: string } {
  const reports = {
    failure: '',
    newest: undefined as string | undefined,
    failed: (what: string): void => {
      reports.failure ||= what;
      reports.newest = what;
    },
    told: (sentence: string): void => {
      reports.newest = sentence;
      say?.(sentence);
    },
  };
  return reports;
}

/** A process of the shop ended: it comes back, or the demo says in the end that it did not. */
function reportExit(
  reports: Reports,
  { role, code, signal }: ChildExit,
  againInMs: number | undefined,
): void {
  const what = `${role} ended by itself (${signal ?? `exit code ${code ?? 'unknown'}`})`;
  if (againInMs === undefined) reports.failed(what);
  else reports.told(`${what}; it is started again in ${againInMs / 1000} s.`);
}

/** The folder that was named; else one of this demo's own, which goes with the process. */
function policiesFolder(
  options: OptionValues,
  env: NodeJS.ProcessEnv,
): { readonly directory: string; readonly remove: () => void } {
  const given = textOption(options, 'policies');
  const directory = given ?? makePoliciesDirectory(env);
  const remove = (): void => {
    if (given === undefined) rmSync(directory, { recursive: true, force: true });
  };
  process.once('exit', remove);
  return { directory, remove };
}

const seedOf = (options: OptionValues): number =>
  numberOption(options, 'seed', { min: 0, max: 2 ** 32 - 1 }) ?? randomInt(2 ** 32);

/** Requests a second of everybody together, and whether an attacker is among them. */
const trafficOf = (options: OptionValues): { readonly rate: number; readonly attacker: boolean } => ({
  rate: numberOption(options, 'rate', { min: 1, max: maxRate }) ?? defaultRate,
  attacker: options['attacker'] !== false,
});

async function startDemo(options: OptionValues, context: CommandContext, reports: Reports): Promise<Running> {
  const seed = seedOf(options);
  const traffic = trafficOf(options);
  ensureRuntimeDirectory(context.env);
  sweepRuntime(context.env);
  const policies = policiesFolder(options, context.env);
  const shop = await startServices({
    seed,
    onExit: (exit, againInMs) => reportExit(reports, exit, againInMs),
    onBack: (role) => reports.told(`${role} is back.`),
  });
  try {
    const agent = await agentWithFreeSocket(
      (feed) =>
        startAgent({
          name: `demo shop, seed ${seed}`,
          listeners: shop.listeners,
          policiesDirectory: policies.directory,
          feed,
          learningMs,
          notice: () => reports.newest,
          onFault: (error) => reports.failed(error.message),
        }),
      context.env,
    );
    const stop = async (): Promise<void> => {
      await shop.stop();
      await agent.stop(drainMs);
      policies.remove();
    };
    await shop.startTraffic(agent.ports, traffic).catch(async (error: unknown) => {
      await stop();
      throw error;
    });
    return { shop, agent, stop };
  } catch (error) {
    await shop.stop();
    throw error;
  }
}

/** Runs the shop, an agent before each service, and the terminal on it. Nothing stays behind, whatever ends it. */
export const demo: RunVerb = async (words, options, context) => {
  if (flagOption(options, 'inCluster')) {
    const { demoInCluster } = await import('../demo/demo-in-cluster.ts');
    return demoInCluster(words, options, context);
  }
  const forMs = durationOption(options, 'for');
  const format = outputOption(options);
  let status = 0;
  const noUi = options['ui'] === false || !context.stdout.isTTY;
  if (!noUi) {
    await requireTerminal({ options, context });
    context.say('starting the shop: eight services, their users and an attacker …');
  }
  const reports = createReports(noUi ? (sentence) => context.say(sentence) : undefined);
  const running = await startDemo(options, context, reports);
  try {
    const feed = createLiveFeed({ address: running.agent.feed });
    if (noUi) await printFeed(feed, context, { format, forMs });
    else status = await openTerminal(feed, { options, context, forMs });
  } finally {
    await running.stop();
  }
  if (reports.failure === '') return status;
  context.say(`error: ${reports.failure}`);
  return exitCodes.internal;
};
