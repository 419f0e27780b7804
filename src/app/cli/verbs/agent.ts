// `agent`: the agent in front of one service on this machine, or in the pods of a node, until a signal.
import { existsSync } from 'node:fs';
import { AppError, exitCodes } from '../../../core/model/app-error.ts';
import { standingText } from '../../../core/model/enforcement-words.ts';
import { peerFromName, type Peer } from '../../../core/model/identity.ts';
import type { NodeStatus } from '../../../core/model/node-status.ts';
import { formatFeedAddress } from '../../../io/feed/feed-address.ts';
import type { PageAddress } from '../../../io/metrics/page-server.ts';
import { emptyFolder } from '../../../io/empty-folder.ts';
import { startAgent, type Agent, type AgentOptions } from '../../agent/agent.ts';
import { yieldProcessor } from '../../agent/yield-processor.ts';
import { parseHostPort, type HostPort } from '../host-port.ts';
import { durationOption, flagOption, textOption } from '../option-values.ts';
import type { KubeSources } from './agent-kube.ts';
import { nodeOptions, nodeSentences, requireNamespaces } from './agent-node.ts';
import { feedOptions } from '../feed-options.ts';
import { removeToken, writeToken } from '../session-paths.ts';
import { sweepRuntime } from '../sweep-runtime.ts';
import type { OptionValues, RunVerb } from '../verbs.ts';
import type { CommandContext } from '../command-context.ts';

function hostPort(options: OptionValues, name: string): HostPort {
  const text = textOption(options, name) ?? '';
  const parsed = parseHostPort(text);
  if (parsed !== undefined) return parsed;
  throw new AppError({
    code: 'HOST_PORT',
    family: 'usage',
    message: text === '' ? `agent needs --${name} HOST:PORT.` : `--${name} "${text}" is not HOST:PORT.`,
    hint: `Write --${name} 127.0.0.1:9000, or [::1]:9000 for IPv6.`,
  });
}

/** `api` or `shop/api`. */
function peerOption(options: OptionValues, name: string): Peer {
  const text = textOption(options, name) ?? '';
  const [, namespace = 'default', workload = ''] =
    /^(?:([a-z0-9](?:[-a-z0-9]{0,61}[a-z0-9])?)\/)?([a-z0-9](?:[-a-z0-9.]{0,251}[a-z0-9])?)$/.exec(text) ??
    [];
  if (workload !== '') return peerFromName(workload, namespace);
  throw new AppError({
    code: 'WORKLOAD_NAME',
    family: 'usage',
    message: `--${name} "${text}" is not the name of a workload.`,
    hint: 'Write a lower-case DNS name, or namespace/name.',
  });
}

/** A port alone is one of this machine. */
function pageAddress(options: OptionValues, name: 'metrics' | 'health'): PageAddress | undefined {
  const text = textOption(options, name);
  if (text === undefined) return undefined;
  return hostPort(/^\d{1,5}$/.test(text) ? { [name]: `127.0.0.1:${text}` } : options, name);
}

function pageAddresses(options: OptionValues): Pick<AgentOptions, 'metrics' | 'health'> {
  const [metrics, health] = [pageAddress(options, 'metrics'), pageAddress(options, 'health')];
  return { ...(metrics === undefined ? {} : { metrics }), ...(health === undefined ? {} : { health }) };
}

const whereText = ({ host, port }: PageAddress): string =>
  `http://${host.includes(':') ? `[${host}]` : host}:${port}`;

function announce(agent: Agent, token: string | undefined, context: CommandContext): void {
  const where = formatFeedAddress(agent.feed);
  const { metrics, health } = agent;
  if (metrics !== undefined) context.say(`metrics at ${whereText(metrics)}/metrics, health at /healthz`);
  if (health !== undefined)
    context.say(`health at ${whereText(health)}/livez, and whether its pods are taken over at /readyz`);
  if (agent.feed.type === 'tcp' && token !== undefined) writeToken(context.env, agent.feed.port, token);
  context.say(`feed at ${where}; open the terminal with: kubectl api-defense --connect ${where}`);
}

/** On a node loaded is not yet enforced: what stands is counted. */
function nodePoliciesSentence(
  folder: string,
  { policies }: Pick<NodeStatus, 'policies'>,
  rejected: number,
): string {
  const count = policies.length === 1 ? '1 policy' : `${policies.length} policies`;
  return `${count} from ${folder}: ${standingText(policies)}; ${rejected} rejected`;
}

/** What of the folder is enforced: a mistyped name must not look like protection. */
export function policiesSentence(
  folder: string,
  isNew: boolean,
  { inForce, rejected, node }: Agent['policies'] & { readonly node?: Pick<NodeStatus, 'policies'> },
): string {
  if (isNew) return `created the empty folder ${folder}; no policy is in force`;
  if (node !== undefined && node.policies.length > 0) return nodePoliciesSentence(folder, node, rejected);
  const force = `${inForce === 0 ? 'no policy is' : inForce === 1 ? '1 policy is' : `${inForce} policies are`} in force`;
  return `${force} from ${folder}${rejected === 0 ? '' : `, ${rejected} rejected`}`;
}

/** Nobody can connect with it any more. */
function forget(agent: Agent, token: string | undefined, { env }: CommandContext): void {
  if (agent.feed.type === 'tcp' && token !== undefined) removeToken(env, agent.feed.port, token);
}

/** What differs between an agent in front of a service and one in the pods of a node. */
interface Sources extends Pick<
  AgentOptions,
  'name' | 'listeners' | 'node' | 'openPolicies' | 'onFeed' | 'notice'
> {
  /** Where policies come from when not from a folder. */
  readonly title?: string;
  /** What is being done now, for whoever started it. */
  readonly started: (running: Agent) => readonly string[];
  /** As `KubeSources.isLeaving`. */
  readonly isLeaving?: KubeSources['isLeaving'];
}

/** In front of one service. */
function serviceSources(options: OptionValues): Sources {
  const listen = hostPort(options, 'listen');
  const upstream = hostPort(options, 'upstream');
  const source = peerOption(options, 'source');
  const destination = peerOption(options, 'destination');
  return {
    name: `${source.workload.name} → ${destination.workload.name}`,
    listeners: [{ listen, upstream, source, destination }],
    started: ({ ports }) => [
      `listening on ${listen.host}:${ports[0] ?? listen.port}, forwarding to ${upstream.host}:${upstream.port}`,
    ],
  };
}

const kubeParts = ({ openPolicies, title, hub, isLeaving }: KubeSources) => ({
  ...{ openPolicies, title, isLeaving },
  ...hub,
});

/** In the pods of this node. */
function nodeSources(options: OptionValues, kube: KubeSources | undefined): Sources {
  const node = nodeOptions(options, kube?.openInventory);
  requireNamespaces(node);
  return {
    name: `node ${node.owner.owner}`,
    listeners: [],
    node,
    ...(kube === undefined ? {} : kubeParts(kube)),
    started: (running) => (running.node === undefined ? [] : nodeSentences(running.node())),
  };
}

/** What talks to the API server is loaded where it is asked for alone. */
async function sourcesOf(options: OptionValues, context: CommandContext): Promise<Sources> {
  const [isNode, isKube] = [flagOption(options, 'node'), flagOption(options, 'kube')];
  if (isKube && !isNode)
    throw new AppError({
      code: 'KUBE_WITHOUT_NODE',
      family: 'usage',
      message: '--kube is for an agent of a node.',
      hint: 'Write agent --node --kube.',
    });
  if (!isNode) return serviceSources(options);
  return nodeSources(
    options,
    isKube ? (await import('./agent-kube.ts')).kubeSources(options, context) : undefined,
  );
}

function stateDirectory(options: OptionValues): Pick<AgentOptions, 'stateDirectory'> {
  const directory = textOption(options, 'state');
  return directory === undefined ? {} : { stateDirectory: directory };
}

/** api-defense is uninstalled: what was kept for the next start goes too. */
async function leaveNode(options: OptionValues, { say }: CommandContext): Promise<void> {
  const directory = textOption(options, 'state');
  if (directory === undefined) return;
  const stayed = await emptyFolder(directory);
  say(
    stayed.length === 0
      ? `api-defense is uninstalled: what was kept in ${directory} is removed.`
      : `api-defense is uninstalled, and ${stayed.join(', ')} cannot be removed: remove it by hand.`,
  );
}

/** Told to stop; an agent that fails is started again, and keeps what it has. */
async function stopInOrder(
  running: Agent,
  { isLeaving }: Sources,
  { options, context }: { readonly options: OptionValues; readonly context: CommandContext },
): Promise<void> {
  context.say('draining');
  const leaves = (await isLeaving?.()) ?? false;
  await running.stop(durationOption(options, 'drain'));
  if (leaves) await leaveNode(options, context);
}

/** Runs an agent until it is told to stop. 0 after an ordered stop. */
export const agent: RunVerb = async (_words, options, context) => {
  const sources = await sourcesOf(options, context);
  const drainMs = durationOption(options, 'drain');
  const { address, token } = feedOptions(options);
  sweepRuntime(context.env);
  const folder = textOption(options, 'policies');
  const isNew = folder !== undefined && !existsSync(folder);
  let failure: Error | undefined;
  let fail = (): void => undefined;
  const failed = new Promise<void>((resolve) => (fail = resolve));
  const { name, listeners, node, openPolicies, onFeed, notice, title = folder } = sources;
  const running = await startAgent({
    ...{ name, listeners, policiesDirectory: folder, feed: address },
    ...stateDirectory(options),
    ...(node === undefined ? {} : { node }),
    ...(openPolicies === undefined ? {} : { openPolicies }),
    ...(onFeed === undefined ? {} : { onFeed }),
    ...(notice === undefined ? {} : { notice }),
    ...pageAddresses(options),
    ...(token === undefined ? {} : { feedToken: token }),
    ...(context.supervised === undefined ? {} : { supervised: context.supervised }),
    onNotice: (sentence) => context.say(sentence),
    onFault: (error, fatal) => {
      context.say(`error: ${error.message}`);
      if (!fatal) return;
      failure = error;
      fail();
    },
  });
  yieldProcessor();
  for (const sentence of sources.started(running)) context.say(sentence);
  const stands = running.node === undefined ? {} : { node: running.node() };
  if (title !== undefined) context.say(policiesSentence(title, isNew, { ...running.policies, ...stands }));
  announce(running, token, context);
  await Promise.race([failed, context.interrupted]);
  if (failure === undefined) await stopInOrder(running, sources, { options, context });
  else await running.stop(drainMs);
  forget(running, token, context);
  return failure === undefined ? 0 : exitCodes.internal;
};
