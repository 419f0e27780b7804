// `agent --node --kube`: pods and policies from the API server in place of files. Loaded only then; the agent itself sees two ports.
import { homedir, hostname } from 'node:os';
import { setTimeout as pause } from 'node:timers/promises';
import { AppError } from '../../../core/model/app-error.ts';
import type { InventorySource } from '../../../core/plan/inventory-source.ts';
import type { PolicyStore } from '../../../core/policy/store.ts';
import { createKubeApi, type KubeApi } from '../../../io/kube/api/kube-api.ts';
import { resolveTarget } from '../../../io/kube/config/kube-target.ts';
import { openNodePods, type NodePodsOptions } from '../../../io/kube/pods/node-pods.ts';
import { isDaemonSetGone } from '../../../io/kube/pods/own-daemon-set.ts';
import { openKubePolicyStore } from '../../../io/kube/policies/kube-policy-store.ts';
import { lastGoodFolder, openLastGood } from '../../../io/policies/last-good.ts';
import type { ReflectorState } from '../../../io/kube/watch/reflector.ts';
import { optOutOption } from '../opt-out-option.ts';
import { textOption } from '../option-values.ts';
import type { CommandContext } from '../command-context.ts';
import type { OptionValues } from '../verbs.ts';
import { agentHub, type AgentHub } from './agent-hub.ts';

/** Where an agent of a cluster has its pods and policies from. */
export interface KubeSources {
  /** `context in-cluster`, for sentences. */
  readonly title: string;
  readonly openInventory: (onNotice: (sentence: string) => void) => Promise<InventorySource>;
  readonly openPolicies: (onNotice: (sentence: string) => void) => Promise<PolicyStore>;
  /** What the agent does for its hub; nothing without `--hub`. */
  readonly hub: Partial<AgentHub['options']>;
  /** At the end: true when api-defense is uninstalled, so that nothing is to be kept on the node. Takes seconds at most. */
  readonly isLeaving: () => Promise<boolean>;
}

function refuseFiles(options: OptionValues): void {
  const given = ['pods', 'policies'].filter((name) => textOption(options, name) !== undefined);
  if (given.length === 0) return;
  throw new AppError({
    code: 'KUBE_AND_FILES',
    family: 'usage',
    message: `--kube takes pods and policies from the cluster, and ${given.map((name) => `--${name}`).join(' and ')} from a file: only one of them can be meant.`,
    hint: 'Leave one of them out.',
  });
}

/** Says once that the API server is away and once that it is back. */
function outages(what: string, onNotice: (sentence: string) => void): (state: ReflectorState) => void {
  let isAway = false;
  return ({ since, problem, synced }) => {
    if (problem !== undefined && !isAway) {
      const kept = synced ? ` What was known of ${what} at ${new Date(since ?? 0).toISOString()} stays.` : '';
      onNotice(`${problem.message}${kept} ${problem.hint}`);
    }
    if (problem === undefined && isAway) onNotice(`The ${what} of the cluster are followed again.`);
    isAway = problem !== undefined;
  };
}

/** Whichever comes first. @throws AppError when whoever started the agent ends it before. */
async function readOnce(what: string, synced: Promise<void>, interrupted: Promise<void>): Promise<void> {
  const isRead = await Promise.race([synced.then(() => true), interrupted.then(() => false)]);
  if (isRead) return;
  throw new AppError({
    code: 'AGENT_NOT_STARTED',
    family: 'unavailable',
    message: `The agent was stopped before the ${what} of the cluster could be read; nothing was changed.`,
    hint: 'Look at why the API server did not answer.',
  });
}

/** A stop must not wait for an API server that is away, ms. */
const askLeavingMs = 2_000;

/** Whether the agent's own DaemonSet, where it was named, is gone. */
async function isUninstalled(api: KubeApi, name: string | undefined, namespace: string): Promise<boolean> {
  if (name === undefined) return false;
  const late = pause(askLeavingMs, false, { ref: false });
  return Promise.race([isDaemonSetGone(api, { namespace, name }), late]);
}

const clocks = { now: Date.now, random: Math.random };

interface Opening extends Pick<NodePodsOptions, 'api' | 'node' | 'optOut'> {
  readonly hub: AgentHub | undefined;
  /** Directory for what the next start is to know. */
  readonly state: string | undefined;
}

/** An agent must not start as if there were no pods or no policies: it waits for the API server, and says so. */
function opening(
  { hub, state, ...where }: Opening,
  interrupted: Promise<void>,
): Pick<KubeSources, 'openInventory' | 'openPolicies'> {
  return {
    async openInventory(onNotice) {
      const pods = openNodePods({ ...where, ...clocks, onNotice, onState: outages('pods', onNotice) });
      await readOnce('pods', pods.synced(), interrupted);
      return hub === undefined ? pods : hub.join(pods, onNotice);
    },
    async openPolicies(onNotice) {
      const { api } = where;
      const onState = outages('policies', onNotice);
      const lastGood =
        state === undefined ? undefined : await openLastGood({ folder: lastGoodFolder(state) });
      const kept = lastGood === undefined ? {} : { lastGood };
      const store = openKubePolicyStore({ api, ...clocks, onState, ...kept });
      await readOnce('policies', store.synced(), interrupted);
      return { ...store, close: () => store.close().finally(() => api.close()) };
    },
  };
}

/** Asks nothing yet. @throws AppError when files are named as well, or there is no cluster. */
export function kubeSources(
  options: OptionValues,
  { env, interrupted, say }: Pick<CommandContext, 'env' | 'interrupted' | 'say'>,
): KubeSources {
  refuseFiles(options);
  const target = resolveTarget({}, { env, homeDirectory: homedir() });
  const api = createKubeApi({ target, env, now: Date.now, sleep: (ms) => pause(ms) });
  const node = textOption(options, 'nodeName') ?? env['NODE_NAME'] ?? hostname();
  const hub = agentHub(options, node, say);
  const state = textOption(options, 'state');
  const title = `context ${target.context}`;
  const where = { api, node, optOut: optOutOption(options) };
  return {
    ...{ title, hub: hub?.options ?? {}, ...opening({ ...where, hub, state }, interrupted) },
    async isLeaving() {
      const isLeaving = await isUninstalled(api, textOption(options, 'daemonset'), target.namespace);
      if (isLeaving) hub?.forget();
      return isLeaving;
    },
  };
}
