// The command line of the agent in its pod.
import { agentPaths, caFile, names, ports } from './names.ts';
import type { BuildOptions } from './with-labels.ts';

/** How long a stop waits for requests under way, seconds. */
export const agentDrainSeconds = 25;

/**
 * From SIGTERM to SIGKILL, seconds: the drain, then the watchdog's patience for taking everything back (20 s, `supervisor-limits.ts`), then
 * its own end. A kubelet that kills earlier leaves rules behind.
 */
export const agentGraceSeconds = agentDrainSeconds + 20 + 5;

/** Arguments, in which kubelet replaces $(NAME) by the environment. An address in brackets may be of either family. */
export function agentArguments({ namespace, agent, optOutLabel }: BuildOptions): readonly string[] {
  return [
    'agent',
    '--node',
    '--kube',
    '--node-name=$(NODE_NAME)',
    `--name=${namespace}`,
    `--netns=${agentPaths.netns}`,
    `--sysctl=${agentPaths.sysctl}`,
    `--tap-budget=${agent.tapBudgetMiB}`,
    `--opt-out=${optOutLabel.key}=${optOutLabel.value}`,
    `--drain=${agentDrainSeconds}s`,
    `--feed=unix:${agentPaths.feed}`,
    `--health=[$(POD_IP)]:${ports.agentHealth}`,
    `--metrics=127.0.0.1:${ports.agentMetrics}`,
    `--hub=https://${names.hub}.${namespace}.svc:${ports.hubService}`,
    `--hub-ca=${agentPaths.ca}/${caFile}`,
    `--hub-token-file=${agentPaths.hubToken}/token`,
    `--state=${agentPaths.snapshot}`,
    `--daemonset=${names.agent}`,
  ];
}
